"""Payloads as nobody should send them: fixtures with fields removed, types changed, values swapped, or cut short.

Whatever comes, an adapter returns, and what it returns can be taken: ``python -m tests.producers.adapters.fuzz`` tries
that with as many cases a vendor as it is told, from a seed that it prints, and exits with 1 if one fails.
"""

from __future__ import annotations

import argparse
import copy
import csv
import json
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from journeys import agents, touchpoint
from journeys.touchpoint import Invalid
from producers.adapters.adapter import Adapted, Adapter, How
from producers.adapters.registry import adapter, vendors
from tests.producers.adapters.fixtures_of import FIXTURES, Fixture, fixtures

STRANGE: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 10**30, float("nan"), float("inf"), "", " ", "x", "0", "\ud800", "\x00",
    "x" * 70_000, "2026-03-01T12:00:00", "2026-03-01T12:00:00Z", "9999-12-31T23:59:59+14:00", "1970-01-01", "-5",
    [], {}, [[]], [{}], {"": ""}, {"a": [1]}, [None],
)  # fmt: skip
"""What may stand where something else was expected."""

Draw = random.Random


def broken(fixture: Fixture, draw: Draw) -> bytes:
    """``fixture`` after one to four accidents."""
    try:
        return _broken_json(fixture.raw, draw)
    except ValueError:
        return _broken_form(fixture.raw, draw) if fixture.name.endswith(".form") else _broken_lines(fixture.raw, draw)


def surely(adapt: Adapter, raw: bytes, how: How) -> Adapted:
    """What ``adapt`` makes of ``raw``; raises ``AssertionError`` if that is not as an adapter promises."""
    adapted = adapt(raw, how)
    for made in adapted.touchpoints:
        assert touchpoint.decode(touchpoint.encode(made)) == made
    for event in adapted.agent_events:
        assert agents.decode(agents.encode(event)) == event
    assert all(isinstance(one, Invalid) and one.reason and str(one) for one in adapted.refused)
    assert not [one for one in adapted.refused if one.reason == "adapter_failed"], adapted.refused
    assert all(isinstance(kind, str) and count > 0 for kind, count in adapted.unmapped.items())
    assert any(adapted), "nothing is said of it"
    return adapted


def cases(vendor: str) -> st.SearchStrategy[tuple[bytes, How]]:
    """Broken payloads of ``vendor``."""
    found = st.sampled_from(fixtures(vendor))
    return st.builds(
        lambda fixture, draw: (broken(fixture, draw), fixture.how), found, st.randoms(use_true_random=False)
    )


def _broken_json(raw: bytes, draw: Draw) -> bytes:
    values = [json.loads(line) for line in raw.splitlines()] if _is_lines(raw) else [json.loads(raw)]
    for _ in range(draw.randint(1, 4)):
        place = draw.randrange(len(values))
        values[place] = draw.choice(_ACCIDENTS)(values[place], draw)
    return _cut("\n".join(json.dumps(value) for value in values).encode(errors="surrogatepass"), draw)


def _is_lines(raw: bytes) -> bool:
    lines = raw.splitlines()
    return len(lines) > 1 and all(line.startswith(b"{") and line.rstrip().endswith(b"}") for line in lines)


def _broken_form(raw: bytes, draw: Draw) -> bytes:
    fields: dict[str, Any] = dict(parse_qsl(raw.decode(), keep_blank_values=True))
    for _ in range(draw.randint(1, 4)):
        fields = draw.choice(_ACCIDENTS)(fields, draw)
        if not isinstance(fields, dict):
            return _cut(str(fields).encode(errors="replace"), draw)
    return _cut(urlencode(fields, errors="replace").encode(), draw)


def _broken_lines(raw: bytes, draw: Draw) -> bytes:
    """Text: lines, and the cells of lines."""
    lines = raw.decode(errors="replace").splitlines() or [""]
    for _ in range(draw.randint(1, 4)):
        place = draw.randrange(len(lines))
        divider = next((each for each in ("|", "\t", ",", ";", ": ") if each in lines[place]), " ")
        cells = lines[place].split(divider)
        kind = draw.randrange(4)
        if kind == 0:
            del cells[draw.randrange(len(cells))]
        elif kind == 1:
            cells[draw.randrange(len(cells))] = str(draw.choice(STRANGE))
        elif kind == 2:
            one, two = draw.randrange(len(cells)), draw.randrange(len(cells))
            cells[one], cells[two] = cells[two], cells[one]
        else:
            cells = [draw.choice(lines)]
        lines[place] = divider.join(cells)
    return _cut("\n".join(lines).encode(errors="replace"), draw)


def _cut(raw: bytes, draw: Draw) -> bytes:
    """Now and then cut short, or with a byte that stands for nothing."""
    if draw.random() < 0.1:
        raw = raw[: draw.randint(0, len(raw))]
    if raw and draw.random() < 0.05:
        place = draw.randrange(len(raw))
        raw = raw[:place] + bytes([draw.randrange(256)]) + raw[place + 1 :]
    return raw


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) below ``value``."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield value, key
            yield from _places(one)
    elif isinstance(value, list):
        for key, one in enumerate(value):
            yield value, key
            yield from _places(one)


def _somewhere(value: Any, draw: Draw) -> tuple[Any, Any] | None:
    found = list(_places(value))
    return draw.choice(found) if found else None


def _removed(value: Any, draw: Draw) -> Any:
    if place := _somewhere(value, draw):
        del place[0][place[1]]
    return value


def _changed(value: Any, draw: Draw) -> Any:
    strange = copy.deepcopy(draw.choice(STRANGE))
    if (place := _somewhere(value, draw)) is None or draw.random() < 0.01:
        return strange
    place[0][place[1]] = strange
    return value


def _swapped(value: Any, draw: Draw) -> Any:
    one, two = _somewhere(value, draw), _somewhere(value, draw)
    if one and two:
        first, second = copy.deepcopy(one[0][one[1]]), copy.deepcopy(two[0][two[1]])
        one[0][one[1]] = second
        two[0][two[1]] = first
    return value


def _wrapped(value: Any, draw: Draw) -> Any:
    """As text, or as a list of it: as systems do that pass things on."""
    if place := _somewhere(value, draw):
        inner = place[0][place[1]]
        place[0][place[1]] = draw.choice((str(inner)[:1000], [inner], {"value": inner}))
    return value


def _renamed(value: Any, draw: Draw) -> Any:
    place = _somewhere(value, draw)
    if place and isinstance(place[0], dict):
        place[0][draw.choice(("", "x", str(place[1]).upper(), str(place[1]).lower()))] = place[0].pop(place[1])
    return value


_ACCIDENTS: tuple[Callable[[Any, Draw], Any], ...] = (
    _removed,
    _removed,
    _changed,
    _changed,
    _swapped,
    _wrapped,
    _renamed,
)


def run(vendor: str, count: int, start: int) -> Counter[str]:
    """Try ``count`` cases; what they became. Raises what the first that fails raises, with the case made small."""
    adapt = adapter(vendor)
    counts: Counter[str] = Counter()

    @seed(start)
    @settings(
        max_examples=count, deadline=None, database=None, phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(cases(vendor))
    def tried(case: tuple[bytes, How]) -> None:
        adapted = surely(adapt, *case)
        counts["cases"] += 1
        counts["touchpoints"] += len(adapted.touchpoints)
        counts["agent_events"] += len(adapted.agent_events)
        counts["unmapped"] += sum(adapted.unmapped.values())
        counts["refused"] += len(adapted.refused)

    tried()
    return counts


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("vendors", nargs="*", metavar="VENDOR", help="those to try; all that there are fixtures of")
    parser.add_argument("--cases", type=int, default=20_000, help="a vendor (20000)")
    parser.add_argument("--seed", type=int, default=None)
    given_ = parser.parse_args()
    start = random.SystemRandom().randrange(2**32) if given_.seed is None else given_.seed
    print(f"seed {start}", file=sys.stderr)
    columns = ("cases", "touchpoints", "agent_events", "unmapped", "refused")
    out = csv.writer(sys.stdout, delimiter="\t", lineterminator="\n")
    out.writerow(("vendor", *columns))
    failed = False
    for vendor in given_.vendors or [one for one in vendors() if (FIXTURES / one).is_dir()]:
        try:
            counts = run(vendor, given_.cases, start)
        except AssertionError as error:
            failed = True
            print(f"{vendor}: {error}", file=sys.stderr)
        else:
            out.writerow((vendor, *(counts[name] for name in columns)))
            sys.stdout.flush()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
