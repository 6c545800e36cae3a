"""What the contact and the identity stage tell each other: docs/decisions/identity-in-the-stream.md."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from journeys.identity import Owner, names_customer
from journeys.settings import Settings
from streams import topics
from streams.batch import Batch

Role = Literal["contact", "identity"]
ROLES: tuple[Role, ...] = ("contact", "identity")


class Sighting(msgspec.Struct, tag="seen", frozen=True, omit_defaults=True):
    """A contact (or an `identify`) carries ``identifier`` together with ``above``, which are stronger, in ``period``;
    before, it had said ``before`` and ``was``. None at all: it no longer does, or did not yet.

    What a partition says to another it says in the order of ``version``, so that the greatest one tells what was said
    twice.
    """

    identifier: str
    partition: int
    version: int
    above: tuple[str, ...] = ()
    period: int = 0
    before: tuple[str, ...] = ()
    was: int = 0


class Ruling(msgspec.Struct, tag="fact", frozen=True, omit_defaults=True):
    """Somebody knows better about ``identifier`` and ``other``, or about ``identifier`` alone."""

    identifier: str
    at: int
    fact_id: str
    verb: str
    other: str = ""
    erased: bool = False
    """Nobody has said so, then."""


class Question(msgspec.Struct, tag="asked", frozen=True):
    """Partition ``partition`` of stage ``role`` wants to be told to whom ``identifier`` belongs, now and ever after."""

    identifier: str
    role: Role
    partition: int


class Farewell(msgspec.Struct, tag="left", frozen=True):
    """Partition ``partition`` of stage ``role`` need not be told of ``identifier`` any more."""

    identifier: str
    role: Role
    partition: int


class Answer(msgspec.Struct, tag="owner", frozen=True, omit_defaults=True):
    """``identifier`` belongs to ``owner`` (None: to nobody). The highest version holds."""

    identifier: str
    version: int
    owner: str | None


class Forget(msgspec.Struct, tag="forget", frozen=True):
    """Whoever ``identifier`` was until ``at`` (ms) is to be forgotten."""

    identifier: str
    at: int


class Forgotten(msgspec.Struct, tag="forgotten", frozen=True):
    """The identifier's own partition has done so, and all others are to."""

    identifier: str
    at: int


Message = Sighting | Ruling | Question | Farewell | Answer | Forget | Forgotten
News = Answer | Forgotten

decode = msgspec.json.Decoder(Message).decode
decode_news = msgspec.json.Decoder(News).decode
_encode = msgspec.json.Encoder().encode


def send(batch: Batch, message: Message) -> None:
    """To the owner of the identifier."""
    batch.emit(topics.EVIDENCE, message.identifier.encode(), _encode(message))


def answer(batch: Batch, message: News, role: Role, partition: int) -> None:
    """To those who asked."""
    topic = topics.OWNERS if role == "contact" else topics.EVIDENCE
    batch.emit(topic, message.identifier.encode(), _encode(message), partition=partition)


def announce(batch: Batch, message: News) -> None:
    """To everybody."""
    for role in ROLES:
        for partition in range(batch.partitions):
            answer(batch, message, role, partition)


class Heard(msgspec.Struct, array_like=True):
    """What this partition has been told of an identifier, and who of its own looks at it."""

    owner: str | None
    version: int = -1
    asked: bool = False
    lookers: list[str] = []
    """The latest ones; when they are ``PAGE`` they are put away as a page of their own."""
    pages: int = 0


PAGE = 50
_heard = msgspec.msgpack.Decoder(Heard)
_page = msgspec.msgpack.Decoder(list[str])
_pack = msgspec.msgpack.Encoder().encode


class Ears:
    """What a partition of a stage has heard of identifiers that others own, and who of its own looks at them.

    Until it is told otherwise an identifier is its own owner. Customer ids are not asked for: what changes about one
    is told to everybody.
    """

    def __init__(self, batch: Batch, role: Role, settings: Settings) -> None:
        self._batch = batch
        self._role: Role = role
        self._settings = settings
        self._known: dict[str, Heard] = {}
        self._changed: set[str] = set()

    def prepare(self, identifiers: Iterable[str]) -> None:
        """Load what is known of all these at once."""
        wanted = {name: b"k" + name.encode() for name in identifiers if name not in self._known}
        if not wanted:
            return
        found = self._batch.load(wanted.values())
        for name, key in wanted.items():
            self._known[name] = _heard.decode(found[key]) if key in found else Heard(name)

    def hear(self, answers: Sequence[Answer]) -> set[str]:
        """Take note; those who look at an identifier of which that is news."""
        self.prepare(told.identifier for told in answers)
        concerned: set[str] = set()
        for told in answers:
            heard = self._known[told.identifier]
            if told.version <= heard.version or not (heard.asked or self._is_told_to_all(told.identifier)):
                continue
            before, heard.owner, heard.version = heard.owner, told.owner, told.version
            self._changed.add(told.identifier)
            if before != told.owner:
                concerned.update(self._lookers(told.identifier, heard))
        return concerned

    def owner(self, identifier: str) -> Owner:
        """To whom ``identifier`` belongs, as far as is known here."""
        if identifier not in self._known:
            self.prepare((identifier,))
        return self._known[identifier].owner

    def look(self, looker: str, identifiers: Iterable[str]) -> None:
        """From now on ``looker`` is one of those who look at ``identifiers``. Say it once."""
        names = list(identifiers)
        self.prepare(names)
        for name in names:
            heard = self._known[name]
            if not heard.asked and not self._is_told_to_all(name):
                send(self._batch, Question(name, self._role, self._batch.partition))
                heard.asked = True
            if len(heard.lookers) == PAGE:
                self._batch.save(_page_key(name, heard.pages), _pack(heard.lookers))
                heard.lookers, heard.pages = [], heard.pages + 1
            heard.lookers.append(looker)
            self._changed.add(name)

    def look_away(self, looker: str, identifiers: Iterable[str]) -> None:
        """``looker`` is no longer one of those who look at ``identifiers``; what nobody looks at is not kept."""
        names = list(identifiers)
        self.prepare(names)
        for name in names:
            heard = self._known[name]
            pages = self._pages(name, heard)
            if looker in heard.lookers:
                heard.lookers.remove(looker)
                self._changed.add(name)
            for key, page in pages.items():
                if looker in page:
                    page.remove(looker)
                    self._batch.save(key, _pack(page))
            if not heard.lookers and not any(pages.values()):
                self._drop(name, pages)
                if heard.asked:
                    send(self._batch, Farewell(name, self._role, self._batch.partition))
                elif heard.version >= 0:  # it was told to all, and is not told again
                    self._known[name] = Heard(heard.owner, heard.version)
                    self._changed.add(name)

    def forget(self, identifier: str) -> set[str]:
        """Keep nothing of ``identifier``. Who looks at it all the same, as it came back since, is returned."""
        self.prepare((identifier,))
        heard = self._known[identifier]
        lookers = set(self._lookers(identifier, heard))
        self._drop(identifier, self._pages(identifier, heard))
        for looker in sorted(lookers):
            self.look(looker, (identifier,))
        return lookers

    def close(self) -> None:
        """Save what changed."""
        for name in self._changed:
            self._batch.save(b"k" + name.encode(), _pack(self._known[name]))

    def _drop(self, name: str, pages: Iterable[bytes]) -> None:
        self._known[name] = Heard(name)
        self._changed.discard(name)
        for key in self._batch.load((*pages, b"k" + name.encode())):
            self._batch.save(key, None)

    def _is_told_to_all(self, name: str) -> bool:
        return names_customer(name, self._settings)

    def _lookers(self, name: str, heard: Heard) -> list[str]:
        return [*heard.lookers, *(looker for page in self._pages(name, heard).values() for looker in page)]

    def _pages(self, name: str, heard: Heard) -> dict[bytes, list[str]]:
        keys = [_page_key(name, number) for number in range(heard.pages)]
        found = self._batch.load(keys)
        return {key: _page.decode(found[key]) for key in keys}


def _page_key(name: str, number: int) -> bytes:
    return b"l%d|%s" % (number, name.encode())
