"""What is made of a request's body: records for Kafka, and the answer when these are acknowledged.

All of it is made before any of it is put, so that a request which is refused leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

import msgspec
from aiohttp import web

from journeys.touchpoint import Invalid
from producers.adapters.adapter import Adapted, How
from producers.adapters.registry import adapter
from producers.collector.access import ANYBODY, Access, Client, allow
from producers.collector.answers import SHOWN, Refused, answer, described
from producers.collector.calls import BATCHES, CALLS
from producers.collector.calls import calls as cut
from producers.collector.hooks import Hooks, Known, thanks
from producers.collector.intake import Intake, split
from producers.collector.limits import Limits
from producers.collector.origin import Origin
from producers.collector.outlet import Record
from producers.delivery import AGENTS, TOPIC

_TOPICS = {"touchpoints": TOPIC, "agents": AGENTS}
"""Where events of ours belong, and may be sent again; a vendor's payload is no event yet."""
LETTERS = "collector/"
"""With the vendor behind it, what stands as the topic of its dead letters."""


class Sealer(Protocol):
    def __call__(self, raw: bytes, reason: str, told: str, message: str, where: str, origin: Origin) -> Record:
        """A dead letter: ``raw`` as it came, and all that is wrong with it; ``told`` is that without its values."""


@dataclass
class Taken:
    """What a request became. ``vendor``: whose events they were, unless they were ours."""

    endpoint: str
    client: str
    vendor: str = ""
    origin: Origin = field(default_factory=Origin)
    records: list[Record] = field(default_factory=list)
    events: int = 0
    letters: dict[str, int] = field(default_factory=dict)
    unmapped: dict[str, int] = field(default_factory=dict)
    response: web.Response | None = None


class _Bad(NamedTuple):
    """An event that cannot be taken, and its place in the request."""

    place: int
    raw: bytes
    wrong: Sequence[Invalid]


class Taking:
    """Each raises ``Refused``."""

    def __init__(self, intake: Intake, access: Access, hooks: Hooks, letter: Sealer, limits: Limits) -> None:
        self._intake = intake
        self._access = access
        self._hooks = hooks
        self._letter = letter
        self._limits = limits

    def ours(self, body: bytes, content_type: str, endpoint: str, client: Client) -> Taken:
        """Touchpoints or agents' states, as they are on the wire."""
        events, many = split(body, content_type, self._limits)
        taken = Taken(endpoint, client.name)
        take = self._intake.event if endpoint == "touchpoints" else self._intake.state
        bad: list[_Bad] = []
        for place, raw in enumerate(events):
            try:
                taken.records += take(raw, client)
            except Invalid as invalid:
                bad.append(_Bad(place, raw, [invalid]))
        self._settle(taken, bad, len(events), many=many)
        return taken

    def calls(self, body: bytes, name: str, key: str) -> Taken:
        """Calls of Segment's; ``key``: the header `Authorization`, where there is one."""
        found = cut(body, name, self._limits)
        client = self._access.client(key, found.write_key)
        allow(client, "segment")
        how = How(source=client.source or ("" if client is ANYBODY else client.name), received=_now())
        origin = Origin(source=how.source, received=how.received)
        taken = Taken(CALLS.get(name, "batch"), client.name, "segment", origin)
        adapt = adapter("segment")
        bad: list[_Bad] = []
        for place, raw in enumerate(found.messages):
            if len(raw) > self._limits.event:
                problem = f"an event has at most {self._limits.event} bytes, this one {len(raw)}"
                bad.append(_Bad(place, raw, [Invalid("too_large", "", raw[:40], problem)]))
                continue
            adapted = adapt(raw, how)
            records, wrong = self._adapted(adapted)
            if wrong:
                bad.append(_Bad(place, raw, wrong))
            else:
                taken.records += records
                for kind, count in adapted.unmapped.items():
                    taken.unmapped[kind] = taken.unmapped.get(kind, 0) + count
        self._settle(taken, bad, len(found.messages), many=name in BATCHES)
        return taken

    def hook(self, request: web.BaseRequest, body: bytes, hook: Known) -> Taken:
        """What a vendor sent."""
        client = self._hooks.sender(request, body, hook)
        origin = Origin(hook.name, hook.how.source, _now())
        taken = Taken("hooks", client.name, hook.vendor, origin)
        adapted = hook.adapt(body, msgspec.structs.replace(hook.how, received=origin.received))
        taken.records, wrong = self._adapted(adapted)
        taken.unmapped = adapted.unmapped
        taken.events = len(adapted.touchpoints) + len(adapted.agent_events)
        if wrong:  # nobody reads what a vendor is told
            self._put_aside(taken, [_Bad(0, body, wrong)])
        taken.response = thanks(hook)
        return taken

    def _adapted(self, adapted: Adapted) -> tuple[list[Record], list[Invalid]]:
        records: list[Record] = []
        wrong = list(adapted.refused)
        for touchpoint in adapted.touchpoints:
            try:
                records += self._intake.touchpoint(touchpoint)
            except Invalid as invalid:
                wrong.append(invalid)
        for event in adapted.agent_events:
            records.append(self._intake.agent_event(event))
        return records, wrong

    def _settle(self, taken: Taken, bad: list[_Bad], events: int, *, many: bool) -> None:
        """Say what became of each event: what cannot be taken is refused where all of it is, else put aside, for few
        clients read what a batch was answered with. Raises ``Refused``."""
        taken.events = events - len(bad)
        if bad:
            if not many:
                raise Refused.of(bad[0].wrong[0])
            shown = described([(one.place, one.wrong[0]) for one in bad])
            if len(bad) == events or len(bad) > self._limits.bad:
                first = f"first: event {bad[0].place}: {bad[0].wrong[0]}"
                problem = f"nothing was taken: {len(bad)} of {events} events cannot be; {first}"
                raise Refused(400, bad[0].wrong[0].reason, problem, events=shown)
            self._put_aside(taken, bad)
            told = {"success": True, "taken": taken.events, "dead_letters": len(bad), "refused": shown}
            taken.response = answer(told)

    def _put_aside(self, taken: Taken, bad: Sequence[_Bad]) -> None:
        where = f"{LETTERS}{taken.vendor}" if taken.vendor else _TOPICS[taken.endpoint]
        for one in bad:
            reason = one.wrong[0].reason
            told = "; ".join(dict.fromkeys(invalid.told for invalid in one.wrong[:SHOWN]))
            message = "; ".join(str(invalid) for invalid in one.wrong[:SHOWN])
            taken.records.append(self._letter(one.raw, reason, told, message, where, taken.origin))
            taken.letters[reason] = taken.letters.get(reason, 0) + 1


def _now() -> str:
    return datetime.now(UTC).isoformat()
