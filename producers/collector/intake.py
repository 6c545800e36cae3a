"""From events to records for Kafka: held against the contract, with identifiers hidden and text scored.

As ``producers.publisher`` does it, but before anything is sent: a request is taken as a whole, or refused.
"""

from __future__ import annotations

import msgspec

from journeys import agents
from journeys.agents import AgentEvent
from journeys.pseudonyms import Pseudonyms
from journeys.renewal import Edge
from journeys.sentiment import Scorer, rewritten
from journeys.touchpoint import FACTS, FORGET, MAX_BYTES, CloudEvent, Data, Invalid, Touchpoint, decode, encode
from producers.collector.access import Client, allow
from producers.collector.answers import Refused
from producers.collector.limits import Limits
from producers.collector.outlet import Record
from producers.delivery import AGENTS, TOPIC

RULINGS = (FACTS - {"identify", "alias"}) | {FORGET}
"""Types that rule about customers, which is not for everybody who may tell what happened."""


class _KnownData(Data, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    pass


class _KnownEvent(CloudEvent, kw_only=True, forbid_unknown_fields=True, gc=False):
    data: _KnownData
    subject: msgspec.UnsetType = msgspec.UNSET


_known = msgspec.json.Decoder(_KnownEvent).decode
_LINES = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines")
_array = msgspec.json.Decoder(list[msgspec.Raw]).decode


def split(body: bytes, content_type: str, limits: Limits) -> tuple[list[bytes], bool]:
    """The events in ``body``, and whether they came as a batch: a JSON array (CloudEvents' JSON batch format,
    https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md#4-json-batch-format), or lines.

    Raises ``Refused``.
    """
    body = body.strip()
    if not body:
        raise Refused(400, "null_value", "the request has no body")
    if content_type in _LINES:
        events = [line for line in map(bytes.strip, body.split(b"\n")) if line]
    elif body[:1] == b"[":
        try:
            events = [bytes(one) for one in _array(body)]
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Refused(400, "not_json", f"the body is no JSON array: {error}") from None
    else:
        return [body], False
    if not events:
        raise Refused(400, "null_value", "there is no event in the body")
    if len(events) > limits.events:
        raise Refused(413, "too_many", f"a request has at most {limits.events} events (got {len(events)})")
    return events, True


class Intake:
    """``pseudonyms``, ``scorer``: as for ``producers.publisher.Publisher``."""

    def __init__(self, pseudonyms: Pseudonyms, scorer: Scorer) -> None:
        self._pseudonyms = pseudonyms
        self._scorer = scorer
        self._edge = Edge(pseudonyms, scorer)

    def event(self, raw: bytes, client: Client) -> list[Record]:
        """``raw``, a touchpoint as it is on the wire, with the fields that we do not know. Raises ``Invalid``, and
        ``Refused`` where that is not the client's to send."""
        touchpoint = decode(raw)
        _own(touchpoint.source, client)
        if touchpoint.type in RULINGS:
            allow(client, "rulings")
        before, hidden = self._edge.hidden(touchpoint)
        if hidden is not touchpoint:
            raw = encode(hidden) if _is_known(raw) else self._rewritten(raw, touchpoint)
        return [*map(_record, before), _checked(hidden, raw)]

    def touchpoint(self, touchpoint: Touchpoint) -> list[Record]:
        """One that an adapter made, and so holds already. Raises ``Invalid`` if it is too large once hidden."""
        before, hidden = self._edge.hidden(touchpoint)
        return [*map(_record, before), _checked(hidden, encode(hidden))]

    def state(self, raw: bytes, client: Client) -> list[Record]:
        """``raw``, an agent event as it is on the wire. Raises as ``event`` does."""
        event = agents.decode(raw)
        _own(event.source, client)
        return [Record(AGENTS, event.agent.encode(), raw)]

    def agent_event(self, event: AgentEvent) -> Record:
        return Record(AGENTS, event.agent.encode(), agents.encode(event))

    def _rewritten(self, raw: bytes, touchpoint: Touchpoint) -> bytes:
        """The slow way, which leaves fields that the contract does not know where they are."""
        scored = self._scorer.scored(touchpoint)
        if scored is not touchpoint:
            raw = rewritten(raw, scored)
        return self._pseudonyms.hide_event(raw)


def _own(source: str, client: Client) -> None:
    if client.source and source != client.source:
        problem = f"source: the write key {client.name!r} writes for {client.source!r} (got {source[:80]!r})"
        raise Refused(403, "source", problem, field="source")


def _is_known(raw: bytes) -> bool:
    try:
        _known(raw)
    except msgspec.ValidationError:
        return False
    return True


def _record(touchpoint: Touchpoint) -> Record:
    return Record(TOPIC, touchpoint.contact_id.encode(), encode(touchpoint))


def _checked(touchpoint: Touchpoint, raw: bytes) -> Record:
    if len(raw) > MAX_BYTES:
        problem = f"an event has at most {MAX_BYTES} bytes, this one with its pseudonyms {len(raw)}"
        raise Invalid("too_large", "", raw[:40], problem)
    return Record(TOPIC, touchpoint.contact_id.encode(), raw)
