"""Touchpoints become contacts and queue visits, and go to their customers. Keyed by contact id, else by their own."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec

from journeys import change, forgetting
from journeys.change import Change
from journeys.consent import is_profiled
from journeys.contact import Contact, QueueVisit, fold
from journeys.facts import IDENTIFY, verdicts
from journeys.forgetting import says_anything, without
from journeys.identifiers import cleaned
from journeys.identity import PERIOD_MS, Lookup, Verdict, above_each, customer_of_id, heeded, identifiers_of, itself
from journeys.partition import partition_of
from journeys.pseudonyms import Pseudonyms, alike
from journeys.queue import interval_of
from journeys.renewal import renewals
from journeys.sentiment import Scorer, rewritten
from journeys.sentiment import said as sentiment_said
from journeys.service import Service, services
from journeys.settings import Settings
from journeys.stages import UNKNOWN
from journeys.surveys import KINDS, score_of
from journeys.touchpoint import FACTS, FORGET, READ, Invalid, Touchpoint, decode, encode
from journeys.workload import day_of
from streams import topics
from streams.batch import Batch
from streams.stage import Record
from streams.stages import evidence
from streams.stages.evidence import Answer, Ears, Forget, Forgotten, Ruling, Sighting
from streams.stages.suppression import Suppressions

BLOCK_BYTES = 256 * 1024
MOST_TOUCHPOINTS = 2_000
_IN_ORDER = attrgetter("at", "id")
_SCORED = KINDS | {"sentiment"}

Arrived = tuple[Touchpoint, bytes, Record]
"""A touchpoint and its event, both without clear identifiers and text, and the record that it came in."""


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
    services: list[Service] = []


class _Stirred(NamedTuple):
    """A contact of which there is something to tell, maybe."""

    key: bytes
    kept: Kept
    new: list[Touchpoint]
    less: bool
    """Some of it was forgotten."""
    concerned: bool
    """An identifier that it looks at has another owner."""


class _Folded(NamedTuple):
    """What a contact's touchpoints add up to."""

    contact: Contact
    visits: list[QueueVisit]
    identifiers: tuple[str, ...]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Kept)


class ContactStage:
    name = "contact"
    inputs = (topics.TOUCHPOINTS, topics.ROUTED, topics.OWNERS)
    schema = 1
    linger_s = 0.1
    fewest = 2_000  # of what comes of one batch are made those of all stages after it

    def __init__(self, settings: Settings, pseudonyms: Pseudonyms) -> None:
        self._settings = settings
        self._pseudonyms = pseudonyms
        self._scorer = Scorer(settings)
        self._future = settings.times.future.ms
        self._lateness = settings.times.lateness.ms
        self._resolve = settings.identity.resolve
        self._asks = settings.privacy.consent != "ignored"

    def migrate(self, key: bytes, value: bytes, schema: int) -> bytes | None:
        raise ValueError(f"the contact stage never kept state of schema {schema}")

    def process(self, batch: Batch) -> None:
        ears = Ears(batch, "contact", self._settings)
        suppressions = Suppressions(batch, self._pseudonyms, self._settings)
        news = [evidence.decode_news(r.value or b"") for r in batch.records if r.topic == topics.OWNERS]
        affected = ears.hear([told for told in news if isinstance(told, Answer)])
        for told in news:
            if isinstance(told, Forgotten):
                suppressions.add_identifier(told.identifier, told.at)
                affected |= ears.forget(told.identifier)
        concerned = {b"c" + contact_id.encode() for contact_id in affected}
        arrived = self._read(batch)
        for key in sorted(concerned):
            arrived.setdefault(key, [])
        known = batch.load(arrived)
        blocks = _Blocks(batch)
        stirred: list[_Stirred] = []
        for key, own in arrived.items():
            raw = known.get(key)
            # A contact that is known here lives here: the hash is only for new ones.
            if raw is None and partition_of(key[1:], batch.partitions) != batch.partition:
                self._forward(batch, key[1:], own)
                continue
            kept = Kept([], "", []) if raw is None else _decoder.decode(raw)
            new = self._accept(batch, kept, own, suppressions, blocks)
            less = False
            if orders := [touchpoint for touchpoint, _, _ in own if touchpoint.type == FORGET]:
                fresh = {touchpoint.id for touchpoint in new}
                for order in orders:
                    less |= self._forget(batch, kept, order, fresh, suppressions, blocks)
                new = [touchpoint for touchpoint in kept.touchpoints if touchpoint.id in fresh]
            if new or less or key in concerned:
                stirred.append(_Stirred(key, kept, new, less, key in concerned))
        self._tell_all(batch, ears, stirred)
        ears.close()
        blocks.close()

    def _read(self, batch: Batch) -> dict[bytes, list[Arrived]]:
        """The touchpoints of the batch by the key of their contact's state; what cannot be taken is rejected."""
        arrived: dict[bytes, list[Arrived]] = {}
        renewed: dict[str, tuple[Touchpoint, int]] = {}
        hide, future = self._pseudonyms.hide, self._future
        for record in batch.records:
            if record.topic == topics.OWNERS:
                continue
            raw = record.value or b""
            try:
                shown = decode(raw)
                if "text" in shown.attributes and (scored := self._scorer.scored(shown)) is not shown:
                    raw = rewritten(raw, scored)
                    shown = scored
                    batch.count("texts")
                touchpoint = hide(shown)
                if touchpoint is not shown:
                    raw = self._pseudonyms.hide_event(raw)
                if self._asks and not is_profiled(touchpoint, self._settings):
                    batch.count("without_consent")
                    if touchpoint.type in FACTS:  # it says who somebody is, and nothing else
                        continue
                    if touchpoint.identifiers or touchpoint.other:
                        raw = self._pseudonyms.unnamed(raw)
                        touchpoint = shown = decode(raw)
            except Invalid as error:
                batch.reject(record, error.reason, error.told, str(error))
                continue
            if touchpoint.at > record.timestamp + future:
                batch.reject(record, "in_the_future", f"time: {touchpoint.at} is over {future} ms after its arrival")
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

    def _tell_all(self, batch: Batch, ears: Ears, stirred: list[_Stirred]) -> None:
        folded: list[tuple[_Stirred, _Folded | None]] = []
        wanted: set[str] = set()
        for one in stirred:
            events = [touchpoint for touchpoint in one.kept.touchpoints if touchpoint.type not in FACTS]
            if not events:
                folded.append((one, None))
                continue
            contact, visits = fold(events, self._settings)
            names = identifiers_of(contact.identifiers)
            wanted.update(heeded(names, itself, self._settings))
            folded.append((one, _Folded(contact, visits, names)))
        if self._resolve:
            ears.prepare(wanted)
        lookup = ears.owner if self._resolve else itself
        for one, now in folded:
            if self._resolve:
                for touchpoint in one.new:
                    if touchpoint.type in FACTS:
                        self._state(batch, None, touchpoint)
            if now is not None:
                self._count_unknown(batch, one.new, now.contact)
                if self._resolve:
                    self._witness(batch, ears, one.kept, now, owners_changed=one.concerned)
                self._tell(batch, lookup, one, now)
            elif one.kept.customer:
                self._untell(batch, ears, one)
            batch.save(one.key, _encoder.encode(one.kept) if one.kept.touchpoints else None)

    def _count_unknown(self, batch: Batch, new: list[Touchpoint], contact: Contact) -> None:
        """Of the new touchpoints, those whose stage no rule names."""
        if UNKNOWN in dict(contact.path):
            stages = self._settings.stage_map
            events = [touchpoint for touchpoint in new if touchpoint.type not in FACTS]
            if unknown := sum(stages.of(touchpoint, contact.intent) == UNKNOWN for touchpoint in events):
                batch.count("unknown_stage", unknown)

    def _forward(self, batch: Batch, key: bytes, own: list[Arrived]) -> None:
        """To the partition of the contact, since its producer chose another; the record's own time goes with it. Its
        headers do if its producer hid what it had to."""
        for _, raw, record in own:
            headers = record.headers if raw is record.value else ()
            batch.emit(topics.ROUTED, key, raw, headers=headers, timestamp=record.timestamp)
        batch.count("routed", len(own))

    def _accept(
        self, batch: Batch, kept: Kept, own: list[Arrived], suppressions: Suppressions, blocks: _Blocks
    ) -> list[Touchpoint]:
        """Adds to ``kept`` those of ``own`` that are new and in time, each instead of its lower revision, and returns
        them."""
        touchpoints = kept.touchpoints
        ids = {touchpoint.id: touchpoint for touchpoint in touchpoints}
        newest = touchpoints[-1].at if touchpoints else 0
        new: list[Touchpoint] = []
        for touchpoint, raw, record in own:
            if touchpoint.type == FORGET:
                continue
            spared = suppressions.spare(touchpoint) if suppressions.any else touchpoint
            if spared is None:
                batch.count("forgotten")
                continue
            slim = _slim(spared)
            same = ids.get(slim.id)
            if same is not None and slim.revision <= same.revision:
                if slim.revision < same.revision or alike(same, slim):
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
            if same is None and len(ids) >= MOST_TOUCHPOINTS:
                batch.reject(
                    record,
                    "contact_too_long",
                    f"data.contact_id: it has {len(ids)} touchpoints",
                    f"data.contact_id: {slim.contact_id!r} has {len(ids)} touchpoints",
                )
                continue
            if same is not None:
                batch.count("revised")
                if same in new:
                    new.remove(same)
                else:
                    touchpoints.remove(same)
                    if same.type in FACTS and self._resolve:
                        self._state(batch, same, None)
            ids[slim.id] = slim
            if slim.at > newest:
                newest = slim.at
            new.append(slim)
            if slim.attributes and not _SCORED.isdisjoint(slim.attributes) and (wrong := _left_out(slim.attributes)):
                batch.count("scores_left_out", wrong)
            blocks.add(raw if spared is touchpoint else forgetting.rewritten(raw, spared))
        if new:
            touchpoints.extend(new)
            touchpoints.sort(key=_IN_ORDER)
            batch.observe(newest)
        return new

    def _forget(
        self,
        batch: Batch,
        kept: Kept,
        order: Touchpoint,
        fresh: set[str],
        suppressions: Suppressions,
        blocks: _Blocks,
    ) -> bool:
        """Do what ``order`` asks for (journeys/forgetting.py); whether that leaves less of the contact.

        Of its ``fresh`` touchpoints identity has not been told yet.
        """
        gone = tuple(order.identifiers.items())
        if order.contact_id == order.id:
            for name in identifiers_of(gone):
                evidence.send(batch, Forget(name, order.at))
            return False
        if not gone:
            suppressions.add_contact(order.contact_id, order.at)
        left = []
        for touchpoint in kept.touchpoints:
            less = None if not gone else without(touchpoint, gone)
            if touchpoint.at > order.at:
                less = touchpoint
            if less is not touchpoint and touchpoint.type in FACTS and touchpoint.id not in fresh:
                self._state(batch, touchpoint, less)
            if less is not None and (less.type not in FACTS or says_anything(less)):
                left.append(less)
        blocks.close()  # what was accepted before is forgotten, too
        forgotten = msgspec.json.encode(forgetting.Forgotten(order.contact_id, order.at, gone))
        batch.emit(topics.ACCEPTED, forgetting.KEY, forgotten, partition=batch.partition)
        changed = left != kept.touchpoints
        kept.touchpoints = left
        return changed

    def _state(self, batch: Batch, before: Touchpoint | None, after: Touchpoint | None) -> None:
        """Tell identity what a fact says now, and what it no longer says; said again it changes nothing."""
        was, now = (_said(fact, self._settings) for fact in (before, after))
        fact = after or before
        assert fact is not None
        if fact.type == IDENTIFY:
            period = fact.at // PERIOD_MS
            self._sight(batch, was.names, now.names, period, period if before else 0)
        for said, others, erased in ((was, now, True), (now, was, False)):
            for one, other, verdict in said.verdicts:
                if (one, other, verdict) not in others.verdicts:
                    evidence.send(batch, Ruling(one, verdict.at, verdict.fact_id, verdict.verb, other, erased))

    def _witness(self, batch: Batch, ears: Ears, kept: Kept, now: _Folded, owners_changed: bool) -> None:
        """Tell identity what the contact's identifiers say about each other, and ask to whom they belong."""
        contact, _, names = now
        period = contact.started_at // PERIOD_MS
        if names == kept.identifiers and period == kept.period and not owners_changed:
            return
        self._sight(batch, kept.identifiers, names, period, kept.period)
        if removed := [name for name in kept.looks_at if name not in names]:
            ears.look_away(contact.contact_id, removed)
            kept.looks_at = tuple(name for name in kept.looks_at if name in names)
        kept.identifiers, kept.period = names, period
        new = [name for name in heeded(names, ears.owner, self._settings) if name not in kept.looks_at]
        if new:
            ears.look(contact.contact_id, new)
            kept.looks_at += tuple(new)

    def _sight(self, batch: Batch, before: tuple[str, ...], names: tuple[str, ...], period: int, was: int) -> None:
        if len(before) < 2 and len(names) < 2:  # one alone has none above it
            return
        above_before = above_each(before, self._settings)
        above_now = above_each(names, self._settings)
        for name, said in above_before.items():
            if said and name not in above_now:
                evidence.send(batch, Sighting(name, batch.partition, batch.next_version(), (), 0, said, was))
        for name, now in above_now.items():
            said = above_before.get(name, ())
            if now != said or (now and period != was):
                evidence.send(batch, Sighting(name, batch.partition, batch.next_version(), now, period, said, was))

    def _tell(self, batch: Batch, lookup: Lookup, stirred: _Stirred, now: _Folded) -> None:
        """Emits the contact as it is now, and those of its visits that changed."""
        kept, new = stirred.kept, stirred.new
        contact, visits, names = now
        causes = [touchpoint.id for touchpoint in new[-change.CAUSES_KEPT :]]
        as_of = kept.touchpoints[-1].at

        def emit(topic: str, key: str, entity: str, entity_id: str, payload: object, deleted: bool = False) -> None:
            version = batch.next_version()
            value = change.encode(Change(entity, entity_id, version, payload, deleted, as_of, causes=causes))
            batch.emit(topic, key.encode(), value)

        customer = customer_of_id(contact.contact_id, names, lookup, self._settings)
        if not (new or stirred.less) and customer == kept.customer:
            return
        if kept.customer and kept.customer != customer:
            emit(topics.RESOLVED, kept.customer, "contact", contact.contact_id, None, deleted=True)
            batch.count("moved")
        emit(topics.RESOLVED, customer, "contact", contact.contact_id, contact)
        kept.customer = customer

        if visits != kept.visits:
            before = {visit.visit_id: visit for visit in kept.visits}
            after = {visit.visit_id: visit for visit in visits}
            for visit_id, visit in before.items():
                then = after.get(visit_id)
                # The queue stage finds a visit by its interval, so one that left it is told with its old place.
                if then is None or interval_of(then, self._settings) != interval_of(visit, self._settings):
                    emit(topics.VISITS, visit.queue, "visit", visit_id, visit, deleted=True)
            for visit_id, visit in after.items():
                if before.get(visit_id) != visit:
                    emit(topics.VISITS, visit.queue, "visit", visit_id, visit)
            kept.visits = visits

        served = services(contact, visits, self._settings) if visits else []
        if served != kept.services:
            had = {one.service_id: one for one in kept.services}
            has = {one.service_id: one for one in served}
            for service_id, one in had.items():
                after_it = has.get(service_id)
                # The agent stage finds a service by its agent and day.
                if after_it is None or _place(after_it) != _place(one):
                    emit(topics.SERVICES, one.agent, "service", service_id, one, deleted=True)
            for service_id, one in has.items():
                if had.get(service_id) != one:
                    emit(topics.SERVICES, one.agent, "service", service_id, one)
            kept.services = served

    def _untell(self, batch: Batch, ears: Ears, stirred: _Stirred) -> None:
        """Of a contact that was told nothing is left: nobody is to keep anything of it."""
        kept, contact_id = stirred.kept, stirred.key[1:].decode()
        gone: list[tuple[str, str, str, str, QueueVisit | Service | None]] = [
            (topics.RESOLVED, kept.customer, "contact", contact_id, None)
        ]
        gone += [(topics.VISITS, visit.queue, "visit", visit.visit_id, visit) for visit in kept.visits]
        gone += [(topics.SERVICES, one.agent, "service", one.service_id, one) for one in kept.services]
        for topic, key, entity, entity_id, payload in gone:
            told = Change(entity, entity_id, batch.next_version(), payload, deleted=True, erased=True)
            batch.emit(topic, key.encode(), change.encode(told))
        self._sight(batch, kept.identifiers, (), 0, kept.period)
        ears.look_away(contact_id, kept.looks_at)
        kept.customer, kept.visits, kept.identifiers, kept.looks_at, kept.services = "", [], (), (), []


def _place(service: Service) -> tuple[str, int]:
    return service.agent, day_of(service.connected_at)


class _Said(NamedTuple):
    """What a fact says of identifiers: those of an `identify`, or verdicts."""

    names: tuple[str, ...] = ()
    verdicts: tuple[tuple[str, str, Verdict], ...] = ()


def _said(fact: Touchpoint | None, settings: Settings) -> _Said:
    if fact is None:
        return _Said()
    fact = cleaned(fact, settings)
    return _Said(identifiers_of(fact.identifiers.items()), tuple(verdicts(fact, settings)))


def _slim(touchpoint: Touchpoint) -> Touchpoint:
    """Without what no fold reads; the whole event is in journey.accepted."""
    if not touchpoint.attributes or touchpoint.attributes.keys() <= READ:
        return touchpoint
    read = {name: value for name, value in touchpoint.attributes.items() if name in READ}
    return msgspec.structs.replace(touchpoint, attributes=read)


def _left_out(attributes: Mapping[str, Any]) -> int:
    """How many sentiments and survey scores lie beyond their scale: they are stored, and no figure is made of them."""
    known = {name: attributes[name] for name in KINDS & attributes.keys() if attributes[name] is not None}
    wrong = sum(score_of(kind, value) is None for kind, value in known.items())
    sentiment = attributes.get("sentiment")
    return wrong + (sentiment is not None and sentiment_said(sentiment) is None)


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
