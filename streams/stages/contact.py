"""Touchpoints become contacts and queue visits, and go to their customers. Keyed by contact id, else by their own."""

from __future__ import annotations

from operator import attrgetter

import msgspec

from journeys import change
from journeys.change import Change
from journeys.contact import Contact, QueueVisit, fold
from journeys.facts import IDENTIFY, verdicts
from journeys.identifiers import cleaned
from journeys.identity import PERIOD_MS, Lookup, above, customer_of, identifiers_of, rank_of
from journeys.partition import partition_of
from journeys.pseudonyms import Pseudonyms, alike
from journeys.queue import interval_of
from journeys.renewal import renewals
from journeys.settings import Settings
from journeys.touchpoint import FACTS, Invalid, Touchpoint, decode, encode
from streams import topics
from streams.batch import Batch
from streams.stage import Record
from streams.stages import evidence
from streams.stages.evidence import Ears, Ruling, Sighting

BLOCK_BYTES = 256 * 1024
MOST_TOUCHPOINTS = 2_000
_IN_ORDER = attrgetter("at", "id")

Arrived = tuple[Touchpoint, bytes, Record]
"""A touchpoint and its event, both without clear identifiers, and the record that it came in."""


class Kept(msgspec.Struct, array_like=True):
    """The state of one contact: its touchpoints in order, and what was last said of it."""

    touchpoints: list[Touchpoint]
    customer: str
    visits: list[QueueVisit]
    identifiers: tuple[str, ...] = ()
    """Those that it carries, as last said to identity."""
    period: int = 0
    looks_at: tuple[str, ...] = ()
    """Identifiers of which it wants to be told to whom they belong."""


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Kept)


class ContactStage:
    name = "contact"
    inputs = (topics.TOUCHPOINTS, topics.ROUTED, topics.OWNERS)
    schema = 1
    linger_s = 0.1

    def __init__(self, settings: Settings, pseudonyms: Pseudonyms) -> None:
        self._settings = settings
        self._pseudonyms = pseudonyms
        self._future = settings.times.future.ms
        self._lateness = settings.times.lateness.ms

    def migrate(self, key: bytes, value: bytes, schema: int) -> bytes | None:
        raise ValueError(f"the contact stage never kept state of schema {schema}")

    def process(self, batch: Batch) -> None:
        ears = Ears(batch, "contact", self._settings)
        answers = [evidence.decode_answer(r.value or b"") for r in batch.records if r.topic == topics.OWNERS]
        concerned = {b"c" + contact_id.encode() for contact_id in ears.hear(answers)}
        arrived = self._read(batch)
        for key in sorted(concerned):
            arrived.setdefault(key, [])
        known = batch.load(arrived)
        blocks = _Blocks(batch)
        told: list[tuple[bytes, Kept, list[Touchpoint]]] = []  # what is new of the contact, if anything is
        for key, own in arrived.items():
            raw = known.get(key)
            # A contact that is known here lives here: the hash is only for new ones.
            if raw is None and partition_of(key[1:], batch.partitions) != batch.partition:
                self._forward(batch, key[1:], own)
                continue
            kept = Kept([], "", []) if raw is None else _decoder.decode(raw)
            new = self._accept(batch, kept, own, blocks)
            if new or key in concerned:
                told.append((key, kept, new))
        self._tell_all(batch, ears, told, concerned)
        ears.close()
        blocks.close()

    def _read(self, batch: Batch) -> dict[bytes, list[Arrived]]:
        """The touchpoints of the batch by the key of their contact's state; what cannot be taken is rejected."""
        arrived: dict[bytes, list[Arrived]] = {}
        renewed: dict[str, tuple[Touchpoint, int]] = {}
        for record in batch.records:
            if record.topic == topics.OWNERS:
                continue
            raw = record.value or b""
            try:
                shown = decode(raw)
                touchpoint = self._pseudonyms.hide(shown)
                if touchpoint is not shown:
                    raw = self._pseudonyms.hide_event(raw)
            except Invalid as error:
                batch.reject(record, error.reason, error.told, str(error))
                continue
            if touchpoint.at > record.timestamp + self._future:
                batch.reject(
                    record, "in_the_future", f"time: {touchpoint.at} is over {self._future} ms after its arrival"
                )
                continue
            if touchpoint is not shown:
                batch.count("hidden")
                renewed.update((alias.id, (alias, record.timestamp)) for alias in renewals(shown, self._pseudonyms))
            key = b"c" + touchpoint.contact_id.encode()
            own = arrived.get(key)
            if own is None:
                arrived[key] = [(touchpoint, raw, record)]
            else:
                own.append((touchpoint, raw, record))
        for alias, timestamp in renewed.values():
            batch.emit(topics.ROUTED, alias.contact_id.encode(), encode(alias), timestamp=timestamp)
        return arrived

    def _tell_all(
        self, batch: Batch, ears: Ears, told: list[tuple[bytes, Kept, list[Touchpoint]]], concerned: set[bytes]
    ) -> None:
        folded = []
        for key, kept, new in told:
            events = [touchpoint for touchpoint in kept.touchpoints if touchpoint.type not in FACTS]
            folded.append((key, kept, new, fold(events, self._settings) if events else None))
        ears.prepare({name for *_, both in folded if both for name in identifiers_of(both[0].identifiers)})
        for key, kept, new, both in folded:
            for touchpoint in new:
                if touchpoint.type in FACTS:
                    self._state(batch, cleaned(touchpoint, self._settings))
            if both is not None:
                self._witness(batch, ears, kept, both[0], owners_changed=key in concerned)
                self._tell(batch, ears, kept, new, *both)
            batch.save(key, _encoder.encode(kept))

    def _looked_at(self, names: tuple[str, ...], lookup: Lookup) -> tuple[str, ...]:
        """A customer id speaks for the others, unless it is blocked."""
        speaking = tuple(name for name in names if rank_of(name, self._settings) == 0 and lookup(name) is not None)
        return speaking or names

    def _forward(self, batch: Batch, key: bytes, own: list[Arrived]) -> None:
        """To the partition of the contact, since its producer chose another; the record's own time goes with it. Its
        headers do if its producer hid what it had to."""
        for _, raw, record in own:
            headers = record.headers if raw is record.value else ()
            batch.emit(topics.ROUTED, key, raw, headers=headers, timestamp=record.timestamp)
        batch.count("routed", len(own))

    def _accept(self, batch: Batch, kept: Kept, own: list[Arrived], blocks: _Blocks) -> list[Touchpoint]:
        """Adds to ``kept`` those of ``own`` that are new and in time, and returns them."""
        touchpoints = kept.touchpoints
        ids = {touchpoint.id: touchpoint for touchpoint in touchpoints}
        newest = touchpoints[-1].at if touchpoints else 0
        new = []
        for touchpoint, raw, record in own:
            slim = _slim(touchpoint)
            same = ids.get(slim.id)
            if same is not None:
                if alike(same, slim):
                    batch.count("duplicates")
                else:
                    batch.reject(
                        record,
                        "id_reused",
                        "id: was given to another touchpoint of this contact",
                        f"id: {slim.id!r} was given to another touchpoint of this contact",
                    )
                continue
            if slim.at < newest - self._lateness:
                batch.reject(
                    record, "too_late", f"time: {slim.at} is over {self._lateness} ms before the newest, {newest}"
                )
                continue
            if len(ids) >= MOST_TOUCHPOINTS:
                batch.reject(
                    record,
                    "contact_too_long",
                    f"data.contact_id: it has {len(ids)} touchpoints",
                    f"data.contact_id: {slim.contact_id!r} has {len(ids)} touchpoints",
                )
                continue
            ids[slim.id] = slim
            newest = max(newest, slim.at)
            new.append(slim)
            blocks.add(raw)
        if new:
            touchpoints.extend(new)
            touchpoints.sort(key=_IN_ORDER)
            batch.observe(newest)
        return new

    def _state(self, batch: Batch, fact: Touchpoint) -> None:
        """Tell identity what ``fact`` says; said again it changes nothing."""
        if fact.type == IDENTIFY:
            names = identifiers_of(fact.identifiers.items())
            self._sight(batch, fact.id, (), names, fact.at // PERIOD_MS, 0)
        for one, other, verdict in verdicts(fact, self._settings):
            evidence.send(batch, Ruling(one, verdict.at, verdict.fact_id, verdict.verb, other))

    def _witness(self, batch: Batch, ears: Ears, kept: Kept, contact: Contact, owners_changed: bool) -> None:
        """Tell identity what the contact's identifiers say about each other, and ask to whom they belong."""
        names = identifiers_of(contact.identifiers)
        period = contact.started_at // PERIOD_MS
        if names == kept.identifiers and period == kept.period and not owners_changed:
            return
        self._sight(batch, contact.contact_id, kept.identifiers, names, period, kept.period)
        kept.identifiers, kept.period = names, period
        new = [name for name in self._looked_at(names, ears.owner) if name not in kept.looks_at]
        if new:
            ears.look(contact.contact_id, new)
            kept.looks_at += tuple(new)

    def _sight(
        self, batch: Batch, by: str, before: tuple[str, ...], names: tuple[str, ...], period: int, was: int
    ) -> None:
        for name in names:
            said = above(name, before, self._settings) if name in before else frozenset()
            now = above(name, names, self._settings)
            if now != said or (now and period != was):
                evidence.send(batch, Sighting(name, by, batch.next_version(), tuple(sorted(now)), period))

    def _tell(
        self,
        batch: Batch,
        ears: Ears,
        kept: Kept,
        new: list[Touchpoint],
        contact: Contact,
        visits: list[QueueVisit],
    ) -> None:
        """Emits the contact as it is now, and those of its visits that changed."""
        causes = [touchpoint.id for touchpoint in new[-change.CAUSES_KEPT :]]
        as_of = kept.touchpoints[-1].at

        def emit(topic: str, key: str, entity: str, entity_id: str, payload: object, deleted: bool = False) -> None:
            version = batch.next_version()
            value = change.encode(Change(entity, entity_id, version, payload, deleted, as_of, causes=causes))
            batch.emit(topic, key.encode(), value)

        customer = customer_of(contact, ears.owner, self._settings)
        if not new and customer == kept.customer:
            return
        if kept.customer and kept.customer != customer:
            emit(topics.RESOLVED, kept.customer, "contact", contact.contact_id, None, deleted=True)
            batch.count("moved")
        emit(topics.RESOLVED, customer, "contact", contact.contact_id, contact)
        kept.customer = customer

        before = {visit.visit_id: visit for visit in kept.visits}
        after = {visit.visit_id: visit for visit in visits}
        if before != after:
            for visit_id, visit in before.items():
                then = after.get(visit_id)
                # The queue stage finds a visit by its interval, so one that left it is told with its old place.
                if then is None or interval_of(then, self._settings) != interval_of(visit, self._settings):
                    emit(topics.VISITS, visit.queue, "visit", visit_id, visit, deleted=True)
            for visit_id, visit in after.items():
                if before.get(visit_id) != visit:
                    emit(topics.VISITS, visit.queue, "visit", visit_id, visit)
            kept.visits = visits


def _slim(touchpoint: Touchpoint) -> Touchpoint:
    """Without what no fold reads; the whole event is in journey.accepted."""
    if not touchpoint.attributes:
        return touchpoint
    return msgspec.structs.replace(touchpoint, attributes={})


class _Blocks:
    """Gathers accepted events into JSON Lines records of bounded size."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._lines: list[bytes] = []
        self._size = 0

    def add(self, raw: bytes) -> None:
        if self._size + len(raw) > BLOCK_BYTES:
            self.close()
        # JSON may hold line breaks between its tokens; strings cannot.
        self._lines.append(raw.replace(b"\n", b" ") if b"\n" in raw else raw)
        self._size += len(raw) + 1

    def close(self) -> None:
        if self._lines:
            batch = self._batch
            batch.emit(topics.ACCEPTED, None, b"\n".join(self._lines), partition=batch.partition)
            batch.count("accepted", len(self._lines))
        self._lines = []
        self._size = 0
