"""What was seen together says to whom an identifier belongs. Keyed by identifier."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

import msgspec

from journeys import change
from journeys.change import Change
from journeys.identity import (
    Evidence,
    OwnerChange,
    Verdict,
    Verdicts,
    changed,
    heeded,
    held,
    identified,
    owner_of,
    rank_of,
)
from journeys.settings import Settings
from streams import topics
from streams.batch import Batch
from streams.stages import evidence
from streams.stages.evidence import Answer, Ears, Farewell, Forget, Forgotten, News, Question, Role, Ruling, Sighting

SLACK = 4
"""So many times the sets that make an identifier public are kept, that it may stop being so when contacts take back
what they said; what comes beyond is not counted, so that a tablet's state is bounded."""


class Kept(msgspec.Struct, array_like=True):
    """The state of one identifier."""

    owner: str | None
    version: int = 0
    evidence: Evidence = msgspec.field(default_factory=lambda: Evidence({}))
    verdicts: dict[str, Verdict] = {}
    told: list[tuple[Role, int]] = []
    """Who asked: stage and partition."""
    looks_at: list[str] = []
    change: OwnerChange = ""
    changed_at: int = 0
    news: bytes = b""
    """A digest of what was last told of it on journey.identifiers."""

    @property
    def said(self) -> bool:
        """Whether anybody says anything of it."""
        return bool(self.evidence.sets or self.verdicts)


_encode = msgspec.msgpack.Encoder().encode
_payload = msgspec.json.Encoder().encode
_kept = msgspec.msgpack.Decoder(Kept)


class IdentityStage:
    name = "identity"
    inputs = (topics.EVIDENCE,)
    schema = 1
    linger_s = 0.1
    fewest = 1

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def migrate(self, key: bytes, value: bytes, schema: int) -> bytes | None:
        raise ValueError(f"the identity stage never kept state of schema {schema}")

    def process(self, batch: Batch) -> None:
        messages = [evidence.decode(record.value or b"") for record in batch.records]
        ears = Ears(batch, "identity", self._settings)
        affected = ears.hear([told for told in messages if isinstance(told, Answer)])
        for told in messages:
            if isinstance(told, Forgotten):
                affected |= ears.forget(told.identifier)
        affected |= {told.identifier for told in messages if not isinstance(told, News)}
        owners = _Owners(batch, affected, self._settings)
        owners.see([told for told in messages if isinstance(told, Sighting)])
        forgotten = set()
        for told in messages:
            if isinstance(told, Ruling):
                owners.rule(told)
            elif isinstance(told, Forget):
                self._forget(batch, owners.kept[told.identifier], told)
                forgotten.add(told.identifier)
        for name in sorted(owners.kept, key=lambda name: (rank_of(name, self._settings), name)):
            kept = owners.kept[name]
            if name in forgotten and not kept.said:
                ears.look_away(name, kept.looks_at)
                continue
            verdicts = held(kept.verdicts)
            self._decide(batch, ears, name, kept, verdicts)
            self._tell(batch, name, kept, verdicts)
        for told in messages:
            if isinstance(told, Question):
                self._subscribe(batch, told, owners.kept[told.identifier])
            elif isinstance(told, Farewell):
                kept = owners.kept[told.identifier]
                kept.told = [place for place in kept.told if place != (told.role, told.partition)]
        owners.close()
        ears.close()

    def _decide(self, batch: Batch, ears: Ears, name: str, kept: Kept, verdicts: Verdicts) -> None:
        """The owner anew; if it is another one, all who asked are told."""
        needed = set(verdicts.links)
        for above in kept.evidence.sets:
            others = [other for other in above if other not in verdicts.unlinks] if verdicts.unlinks else above
            needed.update(heeded(others, ears.owner, self._settings))
        looked = set(kept.looks_at)
        if looked != needed:
            ears.look(name, sorted(needed - looked))
            ears.look_away(name, sorted(looked - needed))
            kept.looks_at = sorted(needed)
        owner = owner_of(name, kept.evidence, verdicts, ears.owner, self._settings)
        if owner == kept.owner:
            return
        kept.change, kept.changed_at = changed(name, kept.owner, owner), batch.records[-1].timestamp
        kept.owner, kept.version = owner, batch.next_version()
        told = Answer(name, kept.version, owner)
        if rank_of(name, self._settings) == 0:
            evidence.announce(batch, told)
        else:
            for place in kept.told:
                evidence.answer(batch, told, *place)
        batch.count("owners_changed")

    def _tell(self, batch: Batch, name: str, kept: Kept, verdicts: Verdicts) -> None:
        """The identifier as it is now, with its evidence, if that is news."""
        payload = _payload(
            identified(name, kept.owner, kept.evidence, verdicts, self._settings, kept.change, kept.changed_at)
        )
        digest = blake2b(payload, digest_size=8).digest()
        if digest == kept.news:
            return
        kept.news = digest
        news = Change("identifier", name, batch.next_version(), msgspec.Raw(payload))
        batch.emit(topics.IDENTIFIERS, name.encode(), change.encode(news))

    def _forget(self, batch: Batch, kept: Kept, told: Forget) -> None:
        """Have all forget it: sinks, the customer's history, who looks at it. What was seen since is told anew."""
        name = told.identifier
        for topic, entity in ((topics.IDENTIFIERS, "identifier"), (topics.RESOLVED, "customer")):
            gone: Change[None] = Change(entity, name, batch.next_version(), deleted=True, erased=True)
            batch.emit(topic, name.encode(), change.encode(gone))
        evidence.announce(batch, Forgotten(name, told.at))
        kept.told, kept.news = [], b""
        batch.count("forgotten")

    def _subscribe(self, batch: Batch, asked: Question, kept: Kept) -> None:
        place = (asked.role, asked.partition)
        if place not in kept.told:
            kept.told.append(place)
        if kept.version:  # before that it is its own owner, as everybody takes it to be
            evidence.answer(batch, Answer(asked.identifier, kept.version, kept.owner), *place)


class _Owners:
    """The identifiers of a batch."""

    def __init__(self, batch: Batch, names: Iterable[str], settings: Settings) -> None:
        self._batch = batch
        self._settings = settings
        keys = {name: b"i" + name.encode() for name in names}
        found = batch.load(keys.values())
        self.kept = {name: _kept.decode(found[key]) if key in found else Kept(name) for name, key in keys.items()}

    def see(self, sightings: list[Sighting]) -> None:
        """Count what contacts say in, and what they said before out; what was counted already is left alone."""
        keys = {told.partition: b"s%d" % told.partition for told in sightings}
        found = self._batch.load(keys.values())
        seen = {partition: int(found.get(key, 0)) for partition, key in keys.items()}
        for told in sightings:
            if told.version <= seen[told.partition]:
                continue
            seen[told.partition] = told.version
            counted = self.kept[told.identifier].evidence
            if told.before:
                counted.take(told.before, told.was)
            most = SLACK * self._settings.most_sets_of(told.identifier)
            if told.above and (len(counted.sets) < most or told.above in counted.sets):
                counted.add(told.above, told.period)
        for partition, key in keys.items():
            self._batch.save(key, b"%d" % seen[partition])

    def rule(self, told: Ruling) -> None:
        verdicts = self.kept[told.identifier].verdicts
        verdict = Verdict(told.at, told.fact_id, told.verb)
        before = verdicts.get(told.other)
        if told.erased:
            if before is not None and before.fact_id == told.fact_id:
                del verdicts[told.other]
        elif before is None or before < verdict:
            verdicts[told.other] = verdict

    def close(self) -> None:
        """Save them; one of which nothing was said, and nobody asked, is as if it had never been."""
        for name, kept in self.kept.items():
            self._batch.save(b"i" + name.encode(), _encode(kept) if kept.said or kept.told else None)
