"""`touchpath dlq`: the events that could not be taken; counted, shown, sent again or put away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from touchpath import options
from touchpath.keys import pseudonyms_of
from touchpath.layout import Layout
from touchpath.moments import moment
from touchpath.problem import BadInput, Problem
from touchpath.queries import Queries, queries
from touchpath.terminal import ANSWERS, REMARKS, plain, stop_on_signals

if TYPE_CHECKING:
    from journeys.pseudonyms import Pseudonyms
    from sinks.settlements import How
    from touchpath.dead_letters import Again, Choice, Found
    from touchpath.vendor_letters import Rereading

STATES = ("open", "replayed", "discarded", "any")
_PLACE = ("source", "reason", "stage", "topic")

dlq = typer.Typer(
    name="dlq",
    help="Dead letters: the events that could not be taken.\n\n\b\nExample:\n  touchpath dlq list --since 24h",
    rich_markup_mode=None,
)

Reason = Annotated[list[str] | None, typer.Option("--reason", metavar="WORD", help="Such as too_late. Repeatable.")]
Stage = Annotated[list[str] | None, typer.Option("--stage", metavar="STAGE", help="That refused it. Repeatable.")]
Topic = Annotated[list[str] | None, typer.Option("--topic", metavar="TOPIC", help="That it lay on. Repeatable.")]
Source = Annotated[
    list[str] | None, typer.Option("--source", metavar="SOURCE", help="Of the event, as in CloudEvents. Repeatable.")
]
Since = Annotated[
    str | None, typer.Option("--since", metavar="TIME", help="Came then or later: 24h ago, or 2026-01-31T08:00Z.")
]
Until = Annotated[str | None, typer.Option("--until", metavar="TIME", help="Came before then.")]
Id = Annotated[list[str] | None, typer.Option("--id", metavar="LETTER", help="As show prints it. Repeatable.")]


@dlq.command("list")
def list_letters(
    data: options.Data = options.DATA,
    clickhouse: options.ClickHouse = None,
    reason: Reason = None,
    stage: Stage = None,
    topic: Topic = None,
    source: Source = None,
    since: Since = None,
    until: Until = None,
    by_source: Annotated[bool, typer.Option("--by-source", help="Open them, and count by source too.")] = False,
    settings: options.SettingsFile = None,
) -> None:
    """Count dead letters by reason, stage and topic: those open, replayed and discarded, the first and the last.

    \b
    Example:
      touchpath dlq list --since 24h --by-source
    """
    from touchpath.dead_letters import counts

    choice = _choice(reason, stage, topic, source, since, until, None, "any")
    layout = Layout(data)
    with _store(layout, clickhouse) as store:
        if by_source or source:
            rows = _counted(_letters(store, choice, _pseudonyms(settings, layout), None))
        else:
            rows = counts(store, choice)
    if not rows:
        REMARKS.print("no dead letters")
        return
    heads = [name for name in (*_PLACE, *STATES[:3], "first", "last") if name in rows[0]]
    lines = [heads, *([_shown(row[head]) for head in heads] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:  # a table of Rich's would cut words, which are to be copied, for a narrow terminal
        ANSWERS.print(plain("  ".join(map(str.ljust, line, widths)).rstrip()))


@dlq.command()
def show(
    data: options.Data = options.DATA,
    clickhouse: options.ClickHouse = None,
    reason: Reason = None,
    stage: Stage = None,
    topic: Topic = None,
    source: Source = None,
    since: Since = None,
    until: Until = None,
    letter: Id = None,
    state: Annotated[str, typer.Option("--state", metavar="|".join(STATES), help="What became of them.")] = "any",
    limit: Annotated[int, typer.Option("--limit", min=1, max=1_000_000, metavar="N", help="The newest so many.")] = 20,
    settings: options.SettingsFile = None,
) -> None:
    """Print dead letters, newest first, one JSON object a line, as they came and with what was wrong.

    They show whatever was sent, clear identifiers too. Of a vendor's payload, `again` is what a replay would make of it
    now: by which adapter, the ids of its events, and what would still be refused.

    \b
    Example:
      touchpath dlq show --reason invalid_field --state open --limit 100
    """
    choice = _choice(reason, stage, topic, source, since, until, letter, state)
    layout = Layout(data)
    unopened = shown = 0
    with _store(layout, clickhouse) as store:
        pseudonyms = _pseudonyms(settings, layout)
        vendors = _rereading(settings, pseudonyms)
        for found in _letters(store, choice, pseudonyms, limit):
            shown += 1
            unopened += found.letter is None
            print(msgspec.json.encode(_told(found, vendors)).decode())
    if unopened:
        raise Problem(f"{unopened} of {shown} are sealed with keys that are not here; see touchpath keys")


@dlq.command()
def replay(
    data: options.Data = options.DATA,
    bootstrap: options.Bootstrap = None,
    clickhouse: options.ClickHouse = None,
    reason: Reason = None,
    stage: Stage = None,
    topic: Topic = None,
    source: Source = None,
    since: Since = None,
    until: Until = None,
    letter: Id = None,
    settings: options.SettingsFile = None,
) -> None:
    """Send open dead letters again, and note that it was done: a second replay sends nothing twice.

    What would be refused as it stands (not JSON, a wrong field) is left, and counted; so is what no key opens, what was
    too large to be kept whole, and what stages had told each other. An event that is refused once more is a new dead
    letter; one that had been taken meanwhile is a duplicate, and changes nothing. A vendor's payload is read again by
    its adapter, with today's settings of its web hook; while anything of it is refused, it stays open.

    \b
    Example:
      touchpath dlq replay --reason in_the_future --since 7d
    """
    from touchpath.dead_letters import Again

    choice = _choice(reason, stage, topic, source, since, until, letter, "open")
    layout = Layout(data)
    address, pseudonyms = options.bootstrap_of(bootstrap, layout), _pseudonyms(settings, layout)
    vendors = _rereading(settings, pseudonyms)
    stop_on_signals()
    with _store(layout, clickhouse) as store:
        _settle("replayed", address, _letters(store, choice, pseudonyms, None), Again(pseudonyms, vendors))


@dlq.command()
def discard(
    data: options.Data = options.DATA,
    bootstrap: options.Bootstrap = None,
    clickhouse: options.ClickHouse = None,
    reason: Reason = None,
    stage: Stage = None,
    topic: Topic = None,
    source: Source = None,
    since: Since = None,
    until: Until = None,
    letter: Id = None,
    settings: options.SettingsFile = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Note that open dead letters are not to be replayed. They go when their retention is over, as all do.

    \b
    Example:
      touchpath dlq discard --reason not_json --source kiosk --yes
    """
    from touchpath.dead_letters import Found

    choice = _choice(reason, stage, topic, source, since, until, letter, "open")
    layout = Layout(data)
    address, pseudonyms = options.bootstrap_of(bootstrap, layout), _pseudonyms(settings, layout)
    stop_on_signals()
    with _store(layout, clickhouse) as store:
        meant = [Found({"letter_id": one.row["letter_id"]}, None) for one in _letters(store, choice, pseudonyms, None)]
    if not yes and not typer.confirm(f"Discard {len(meant):,} dead letters?", err=True):
        raise Problem("nothing was discarded")
    _settle("discarded", address, meant)


def _settle(how: How, address: str, meant: Iterable[Found], again: Again | None = None) -> None:
    from touchpath.brokers import Brokers
    from touchpath.dead_letters import settle

    with Brokers(address) as brokers:
        partitions = brokers.count_partitions()
    done = settle(address, partitions, meant, how, again)
    print(f"{done.settled:,} {how}")
    if done.before:
        REMARKS.print(f"{done.before:,} had been settled before")
    for why, count in done.left.most_common():
        REMARKS.print(plain(f"{count:,} left open, as they cannot be sent again: {why}"))


def _choice(
    reason: list[str] | None,
    stage: list[str] | None,
    topic: list[str] | None,
    source: list[str] | None,
    since: str | None,
    until: str | None,
    letter: list[str] | None,
    state: str,
) -> Choice:
    from touchpath.dead_letters import Choice

    if state not in STATES:
        raise BadInput(f"--state {state}: expected one of {', '.join(STATES)}")
    return Choice(
        tuple(reason or ()),
        tuple(stage or ()),
        tuple(topic or ()),
        tuple(source or ()),
        tuple(letter or ()),
        moment("--since", since),
        moment("--until", until),
        "" if state == "any" else state,
    )


@contextmanager
def _store(layout: Layout, clickhouse: str | None) -> Iterator[Queries]:
    from sinks.store import StoreError

    try:
        with queries(layout, clickhouse) as store:
            yield store
    except StoreError as error:
        raise Problem(str(error)) from None


def _pseudonyms(settings: Any, layout: Layout) -> Pseudonyms:
    chosen, source = options.settings_of(settings)
    return pseudonyms_of(chosen, source, layout)


def _rereading(settings: Any, pseudonyms: Pseudonyms) -> Rereading:
    from touchpath.vendor_letters import Rereading, hooks_of

    return Rereading(pseudonyms, hooks_of(*options.settings_of(settings)))


def _letters(store: Queries, choice: Choice, pseudonyms: Pseudonyms, limit: int | None) -> Iterator[Found]:
    from streams.dead_letters import Seal
    from touchpath.dead_letters import letters

    return letters(store, choice, Seal(pseudonyms), limit)


def _told(found: Found, vendors: Rereading) -> dict[str, object]:
    from touchpath.vendor_letters import vendor_of

    row, letter = found
    told = {name: value for name, value in row.items() if name != "value_bytes" or value}
    if letter is None or row["stage"] == "sink":
        return told
    headers = {name: _text(value) for name, value in letter.headers}
    opened: dict[str, object] = {
        "message": letter.message,
        "key": _text(letter.key),
        "value": _text(letter.value),
        "headers": headers,
    }
    if vendor := vendor_of(row):
        opened["again"] = {"adapter": vendor, **_becomes(found, vendors)}
    return told | opened


def _becomes(found: Found, vendors: Rereading) -> dict[str, object]:
    from journeys.touchpoint import Invalid

    assert found.letter is not None
    if found.row["value_bytes"]:
        return {"refused": ["too large to be kept whole"]}
    try:
        adapted = vendors.adapted(found.row, found.letter)
    except Invalid as invalid:
        return {"refused": [str(invalid)]}
    events = [one.id for one in adapted.touchpoints] + [one.id for one in adapted.agent_events]
    return {"events": events, "unmapped": adapted.unmapped, "refused": [str(invalid) for invalid in adapted.refused]}


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode(errors="backslashreplace")


def _shown(value: object) -> str:
    """A time in UTC, a count, or a word."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%SZ}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _counted(found: Iterator[Found]) -> list[dict[str, Any]]:
    """As ``counts``, by source too. Those under a seal that no key opens have none."""
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for one in found:
        row = one.row
        groups.setdefault((one.source, row["reason"], row["stage"], row["topic"]), []).append(row)
    counted = []
    for place, rows in sorted(groups.items(), key=lambda group: (-len(group[1]), group[0])):
        states = Counter(row["state"] for row in rows)
        times = [row["at"] for row in rows]
        counted.append(
            dict(zip(_PLACE, place, strict=True))
            | {state: states[state] for state in STATES[:3]}
            | {"first": min(times), "last": max(times)}
        )
    return counted
