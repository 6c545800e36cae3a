"""What was seen together says to whom an identifier belongs. Keyed by identifier."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from hashlib import blake2b

import msgspec

from journeys import change
from journeys.change import Change
from journeys.identity import Evidence, Verdict, Verdicts, held, identified, owner_of, rank_of
from journeys.settings import Settings
from streams import topics
from streams.batch import Batch
from streams.stages import evidence
from streams.stages.evidence import Answer, Ears, Question, Role, Ruling, Sighting

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
    news: bytes = b""
    """A digest of what was last told of it on journey.identifiers."""


class Contribution(msgspec.Struct, array_like=True, frozen=True):
    """What one contact says about one identifier."""

    version: int
    above: tuple[str, ...]
    period: int


_encode = msgspec.msgpack.Encoder().encode
_payload = msgspec.json.Encoder().encode
_kept = msgspec.msgpack.Decoder(Kept)
_contribution = msgspec.msgpack.Decoder(Contribution)


class IdentityStage:
    name = "identity"
    inputs = (topics.EVIDENCE,)
    schema = 1
    linger_s = 0.1

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def migrate(self, key: bytes, value: bytes, schema: int) -> bytes | None:
        raise ValueError(f"the identity stage never kept state of schema {schema}")

    def process(self, batch: Batch) -> None:
        messages = [evidence.decode(record.value or b"") for record in batch.records]
        ears = Ears(batch, "identity", self._settings)
        affected = ears.hear([told for told in messages if isinstance(told, Answer)])
        affected |= {told.identifier for told in messages if not isinstance(told, Answer)}
        owners = _Owners(batch, affected, self._settings)
        owners.see([told for told in messages if isinstance(told, Sighting)])
        for told in messages:
            if isinstance(told, Ruling):
                owners.rule(told)
        for name in sorted(owners.kept, key=lambda name: (rank_of(name, self._settings), name)):
            kept = owners.kept[name]
            verdicts = held(kept.verdicts)
            self._decide(batch, ears, name, kept, verdicts)
            self._tell(batch, name, kept, verdicts)
        for told in messages:
            if isinstance(told, Question):
                self._subscribe(batch, told, owners.kept[told.identifier])
        owners.close()
        ears.close()

    def _decide(self, batch: Batch, ears: Ears, name: str, kept: Kept, verdicts: Verdicts) -> None:
        """The owner anew; if it is another one, all who asked are told."""
        needed = {other for above in kept.evidence.sets for other in above} | (kept.verdicts.keys() - {""})
        new = sorted(needed.difference(kept.looks_at))
        if new:
            ears.look(name, new)
            kept.looks_at += new
        owner = owner_of(name, kept.evidence, verdicts, ears.owner, self._settings)
        if owner == kept.owner:
            return
        kept.owner, kept.version = owner, batch.next_version()
        told = Answer(name, kept.version, owner)
        if rank_of(name, self._settings) == 0:
            everybody: list[Role] = ["contact", "identity"]
            places = [(role, partition) for role in everybody for partition in range(batch.partitions)]
        else:
            places = kept.told
        for role, partition in places:
            evidence.answer(batch, told, role, partition)
        batch.count("owners_changed")

    def _tell(self, batch: Batch, name: str, kept: Kept, verdicts: Verdicts) -> None:
        """The identifier as it is now, with its evidence, if that is news."""
        payload = _payload(identified(name, kept.owner, kept.evidence, verdicts, self._settings))
        digest = blake2b(payload, digest_size=8).digest()
        if digest == kept.news:
            return
        kept.news = digest
        told = Change("identifier", name, batch.next_version(), msgspec.Raw(payload))
        batch.emit(topics.IDENTIFIERS, name.encode(), change.encode(told))

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
        fresh = partial(msgspec.convert, type=Kept)
        self.kept = {name: _kept.decode(found[key]) if key in found else fresh([name]) for name, key in keys.items()}

    def see(self, sightings: list[Sighting]) -> None:
        """Count what contacts say in, and what they said before out."""
        keys = [_contribution_key(told) for told in sightings]
        found = {key: _contribution.decode(value) for key, value in self._batch.load(keys).items()}
        for key, told in zip(keys, sightings, strict=True):
            before = found.get(key)
            if before is not None and before.version >= told.version:
                continue
            counted = self.kept[told.identifier].evidence
            if before is not None and before.above:
                counted.add(before.above, before.period, -1)
            above = told.above
            if len(counted.sets) >= SLACK * self._settings.most_sets_of(told.identifier) and above not in counted.sets:
                above = ()
            if above:
                counted.add(above, told.period)
            found[key] = now = Contribution(told.version, above, told.period)
            self._batch.save(key, _encode(now))

    def rule(self, told: Ruling) -> None:
        verdicts = self.kept[told.identifier].verdicts
        verdict = Verdict(told.at, told.fact_id, told.verb)
        before = verdicts.get(told.other)
        if before is None or before < verdict:
            verdicts[told.other] = verdict

    def close(self) -> None:
        for name, kept in self.kept.items():
            self._batch.save(b"i" + name.encode(), _encode(kept))


def _contribution_key(told: Sighting) -> bytes:
    return b"e" + told.identifier.encode() + b"\0" + told.contact_id.encode()
