"""Contacts become journeys, with channel switches, repeats and redials. Keyed by customer."""

from __future__ import annotations

from hashlib import blake2b

import msgspec

from journeys import change
from journeys.causes import exposures
from journeys.change import Change
from journeys.contact import Contact
from journeys.journey import Journey, Signal, Stitched
from journeys.repeats import DAY
from journeys.settings import Settings
from journeys.staffing.live import Redial
from journeys.stitch import Stitching, stitch
from streams import topics
from streams.batch import Batch
from streams.stages import redials
from streams.stages.next_steps import VERSION_BITS, Foresights, Foretold, NextSteps
from streams.stages.tallies import Tallying

MOST_CONTACTS = 1_000
_CONTACT, _JOURNEY, _SIGNAL = "c", "j", "s"


class Known(msgspec.Struct, array_like=True):
    """A contact of the customer, the version that its own writer gave it, and how often it was told on from here."""

    contact: Contact
    version: int
    told: int = 0
    foretold: int = 0
    """How often, under that version, it was told what is to be expected after it."""


class Kept(msgspec.Struct, array_like=True):
    """The state of one customer: the contacts, and a digest of each thing said of them that still holds."""

    contacts: dict[str, Known]
    manifest: dict[str, bytes]
    gone: dict[str, int] = {}
    """Contacts that went to another customer, and the version under which they did: nothing older brings them back."""
    exposures: bytes = b""
    """What it contributes to the tallies of root causes."""
    foretold: dict[str, Foretold] = {}
    """What each contact at rest gave to the counts of next steps."""


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Kept)
_changes = msgspec.json.Decoder(Change[Contact])
_payload = msgspec.json.Encoder()


class JourneyStage:
    name = "journey"
    inputs = (topics.RESOLVED,)
    schema = 1
    linger_s = 0.1
    fewest = 500  # tallies, hours and what is about to come are brought up to date once a batch

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._foresights = Foresights()
        self._lateness = settings.times.lateness.ms
        self._settled_after = self._lateness + max(settings.journeys.repeat_windows_days) * DAY

    def migrate(self, key: bytes, value: bytes, schema: int) -> bytes | None:
        raise ValueError(f"the journey stage never kept state of schema {schema}")

    def process(self, batch: Batch) -> None:
        arrived: dict[bytes, dict[str, Change[Contact]]] = {}
        forgotten: set[bytes] = set()
        left: set[tuple[bytes, str]] = set()
        for record in batch.records:
            told = _changes.decode(record.value or b"")
            key = b"c" + (record.key or b"")
            own = arrived.setdefault(key, {})
            if told.entity == "customer":
                forgotten.add(key)
                continue
            earlier = own.get(told.id)
            if earlier is None or earlier.version < told.version:
                own[told.id] = told
            if told.payload is None:
                left.add((key, told.id))
            batch.observe(told.as_of)
        known = batch.load(arrived)
        tallying = Tallying(batch)
        next_steps = NextSteps(batch, self._settings, self._foresights)
        for key, changes in arrived.items():
            raw = known.get(key)
            kept = Kept({}, {}) if raw is None else _decoder.decode(raw)
            for contact_id in changes:
                # If it is back already, it is told anew: another customer told of it since.
                if (key, contact_id) in left:
                    kept.manifest.pop(_CONTACT + contact_id, None)
                    kept.manifest.pop(redials.NAME + contact_id, None)
                    if contact_id in kept.foretold and changes[contact_id].payload is not None:
                        kept.foretold[contact_id].told = False
            if self._take(batch, key[1:], kept, changes, key in forgotten, tallying, next_steps):
                batch.save(key, _encoder.encode(kept) if kept.contacts or kept.gone else None)
        tallying.tell()
        next_steps.close()

    def _take(
        self,
        batch: Batch,
        key: bytes,
        kept: Kept,
        changes: dict[str, Change[Contact]],
        forgotten: bool,
        tallying: Tallying,
        next_steps: NextSteps,
    ) -> bool:
        """Brings ``kept`` up to date and tells what changed; whether anything did."""
        told = _Telling(batch, key, list(changes.values()))
        moved = forgotten
        if forgotten:  # what is left of it came since, and is told anew after that
            for topic in (topics.STITCHED, topics.JOURNEYS, topics.SIGNALS, topics.NEXT):
                told(topic, "customer", key.decode(), told.next_version(), None, erased=True)
            kept.manifest = {name: raw for name, raw in kept.manifest.items() if name[0] == redials.NAME}
        for contact_id, change_ in changes.items():
            known = kept.contacts.get(contact_id)
            version = known.version if known is not None else kept.gone.get(contact_id, 0)
            if version >= change_.version:
                continue
            moved = True
            if change_.payload is not None:
                kept.contacts[contact_id] = Known(change_.payload, change_.version)
                kept.gone.pop(contact_id, None)
            else:
                kept.contacts.pop(contact_id, None)
                kept.gone[contact_id] = change_.version
                kept.manifest.pop(_CONTACT + contact_id, None)
                told(topics.STITCHED, "stitched", contact_id, change_.version << VERSION_BITS, None, change_.erased)
            if change_.erased:
                kept.gone.pop(contact_id)
        if forgotten:
            kept.gone.clear()
        if not moved:
            return False
        stitching = stitch(key.decode(), [known.contact for known in kept.contacts.values()], self._settings)
        self._tell(kept, stitching, told)
        kept.exposures = tallying.change(kept.exposures, exposures(key.decode(), stitching, self._settings))
        next_steps.take(kept, stitching.stitched, changes, told, forgotten)
        if len(kept.contacts) > MOST_CONTACTS:
            self._settle(kept, stitching)
            kept.exposures = tallying.kept(exposures(key.decode(), stitching, self._settings, kept.contacts))
        return True

    def _tell(self, kept: Kept, stitching: Stitching, told: _Telling) -> None:
        before = kept.manifest
        now: dict[str, bytes] = {}
        kept.manifest = now
        for placed in stitching.stitched:
            contact_id = placed.contact.contact_id
            if payload := _news(_CONTACT + contact_id, placed, before, now):
                known = kept.contacts[contact_id]
                known.told += 1
                told(topics.STITCHED, "stitched", contact_id, (known.version << VERSION_BITS) + known.told, payload)
            if placed.redial_id:
                redials.tell(placed, kept, before, now, told)
        for journey in stitching.journeys:
            if payload := _news(_JOURNEY + journey.journey_id, journey, before, now):
                told(topics.JOURNEYS, "journey", journey.journey_id, told.next_version(), payload)
        for signal in stitching.signals:
            if payload := _news(_SIGNAL + signal.signal_id, signal, before, now):
                told(topics.SIGNALS, "signal", signal.signal_id, told.next_version(), payload)
        for name in before.keys() - now.keys():
            if name[0] == _JOURNEY:
                told(topics.JOURNEYS, "journey", name[1:], told.next_version(), None, told.erasing)
            elif name[0] == _SIGNAL:
                told(topics.SIGNALS, "signal", name[1:], told.next_version(), None, told.erasing)
            elif name[0] == redials.NAME:
                redials.withdraw(before[name], kept, told)

    def _settle(self, kept: Kept, stitching: Stitching) -> None:
        """Forgets journeys of a very long history that nothing can reach any more; what was told of them stands."""
        newest = max(known.contact.started_at for known in kept.contacts.values())
        reach: dict[str, int] = {}
        for placed in stitching.stitched:  # in working days a window may end long after so many days
            if placed.window_ends:
                reach[placed.journey_id] = max(reach.get(placed.journey_id, 0), placed.window_ends[-1])
        for journey in sorted(stitching.journeys, key=lambda journey: journey.closes_at):
            if len(kept.contacts) <= MOST_CONTACTS // 2 or journey.closes_at + self._settled_after >= newest:
                return
            if reach.get(journey.journey_id, 0) + self._lateness >= newest:
                continue
            kept.manifest.pop(_JOURNEY + journey.journey_id, None)
            for placed in stitching.stitched:
                if placed.journey_id == journey.journey_id:
                    kept.contacts.pop(placed.contact.contact_id)
                    kept.foretold.pop(placed.contact.contact_id, None)
                    kept.manifest.pop(_CONTACT + placed.contact.contact_id, None)
                    kept.manifest.pop(redials.NAME + placed.contact.contact_id, None)
            for signal in stitching.signals:
                if signal.journey_id == journey.journey_id:
                    kept.manifest.pop(_SIGNAL + signal.signal_id, None)


class _Telling:
    """Emits changes of one customer, all with the same causes."""

    def __init__(self, batch: Batch, key: bytes, changes: list[Change[Contact]]) -> None:
        self.next_version = batch.next_version
        self._batch = batch
        self._key = key
        self.customer = key.decode()
        self.as_of = max([change_.as_of for change_ in changes], default=0)
        self.erasing = True in [change_.erased for change_ in changes]
        """Ids of journeys and signals name the customer, so they go without a trace when one of its contacts does."""
        self._causes = [cause for change_ in changes for cause in change_.causes][-change.CAUSES_KEPT :]

    def __call__(
        self, topic: str, entity: str, entity_id: str, version: int, payload: bytes | None, erased: bool = False
    ) -> None:
        body = None if payload is None else msgspec.Raw(payload)
        told = Change(entity, entity_id, version, body, payload is None, self.as_of, causes=self._causes)
        told.erased = erased
        self._batch.emit(topic, self._key, change.encode(told))

    def to_queue(self, topic: str, told: Change[Redial]) -> None:
        """What is another one's to know, by its queue; that of a contact which is forgotten goes without a trace."""
        assert told.payload is not None
        told.as_of, told.erased = self.as_of, told.deleted and self.erasing
        self._batch.emit(topic, told.payload.queue.encode(), change.encode(told))


def _news(
    name: str, entity: Stitched | Journey | Signal, before: dict[str, bytes], now: dict[str, bytes]
) -> bytes | None:
    """``entity`` encoded if it differs from what was told before; its digest goes into ``now`` in any case."""
    payload = _payload.encode(entity)
    now[name] = digest = blake2b(payload, digest_size=8).digest()
    return None if before.get(name) == digest else payload
