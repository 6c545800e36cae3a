"""Where the console of a data directory, or of a cluster, gets its figures: the parts' metrics, the store, the keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from dashboards.console.sources import NotFound, SourceError
from journeys.identity import ANONYMOUS
from journeys.pseudonyms import key_id
from journeys.settings import Settings
from sinks.store import StoreError
from touchpath.customer import who, why
from touchpath.customer_record import Identifier, Reason, Record, record
from touchpath.customer_story import happened, heading, said
from touchpath.keys import pseudonyms_of
from touchpath.layout import Layout
from touchpath.problem import Problem
from touchpath.queries import Native, Queries, Served

MOST_IDENTIFIERS, MOST_CONTACTS = 100, 500
"""Of one customer on the page; ``touchpath customer`` tells all."""
_STORE_S = 15.0


@dataclass(frozen=True)
class FromLayout:
    """``clickhouse``, ``scraped``: of a cluster; without them, what runs on the data directory, found anew each
    time: it may stop and start meanwhile. ``source``: the settings' file."""

    layout: Layout
    settings: Settings
    source: Path | None = None
    clickhouse: str | None = None
    scraped: Sequence[str] = ()

    def metrics(self) -> Mapping[str, str]:
        if self.scraped:
            return {url.split("//", 1)[-1].split("/", 1)[0]: url for url in self.scraped}
        with _told():
            running = self.layout.running()
        if running is None:
            other = ", or give --metrics" if self.clickhouse else ""
            raise SourceError(f"touchpath does not run on {self.layout.root}: start touchpath up{other}")
        return running.metrics

    def rows(self, sql: str) -> Sequence[Mapping[str, Any]]:
        with _told(), self._store() as store:
            return store.query(sql).dicts()

    def customer(self, identifier: str, clear: bool) -> Mapping[str, Any]:
        with _told():
            stored = identifier.startswith(ANONYMOUS) or key_id(identifier.rpartition(":")[2])
            pseudonyms = None if stored else pseudonyms_of(self.settings, self.source, self.layout)
        with _told(), self._store() as store:
            try:
                found = record(store, identifier, pseudonyms, self.settings)
            except Problem as problem:
                raise NotFound(str(problem).removeprefix("IDENTIFIER ")) from None
        return _shown(found if clear else masked(found))

    @contextmanager
    def _store(self) -> Iterator[Queries]:
        """For one question: a store that has gone and come back is found again."""
        clickhouse = self.clickhouse
        if clickhouse is None:
            running = self.layout.running()
            if running is None:
                raise SourceError(f"touchpath does not run on {self.layout.root}: start touchpath up")
            if running.store.startswith("http"):
                yield Served(running.store, _STORE_S)
                return
            clickhouse = running.store
        store = Native(clickhouse)
        try:
            yield store
        finally:
            store.close()


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (Problem, StoreError) as error:
        raise SourceError(str(error)) from None


def masked(found: Record) -> Record:
    """``found`` with pseudonyms as they are, and other identifiers as "phone:••••67"."""

    def one(identifier: Identifier) -> Identifier:
        owner = None if identifier.owner is None else mask(identifier.owner)
        return msgspec.structs.replace(identifier, identifier=mask(identifier.identifier), owner=owner)

    def because(reason: Reason) -> Reason:
        return msgspec.structs.replace(reason, seen_with=tuple(map(one, reason.seen_with)))

    return msgspec.structs.replace(
        found,
        asked="",
        identifier=one(found.identifier),
        customer=None if found.customer is None else mask(found.customer),
        reasons=tuple(map(because, found.reasons)),
        linked=tuple(map(mask, found.linked)),
        unlinked=tuple(map(mask, found.unlinked)),
        identifiers=tuple(map(one, found.identifiers)),
    )


def mask(name: str) -> str:
    kind, separator, value = name.partition(":")
    if not separator or key_id(value) or name.startswith(ANONYMOUS):
        return name
    return f"{kind}:••••{value[-2:] if len(value) > 6 else ''}"


def _shown(found: Record) -> Mapping[str, Any]:
    contacts = {step.contact_id: step for story in found.journeys for step in story.contacts}
    return {
        "as_of": found.as_of and found.as_of.timestamp(),
        "customer": found.customer,
        "who": who(found.identifier, found.asked),
        "why": why(found),
        "identifiers": [one.identifier for one in found.identifiers[:MOST_IDENTIFIERS]],
        "more_identifiers": max(0, len(found.identifiers) - MOST_IDENTIFIERS),
        "journeys": [
            {
                "intent": story.intent,
                "state": story.state,
                "heading": heading(story),
                "effort": story.effort,
                "said": list(said(story, contacts)),
                "more_contacts": max(0, len(story.contacts) - MOST_CONTACTS),
                "contacts": [
                    {
                        "at": step.started_at.timestamp(),
                        "ended": step.ended_at.timestamp(),
                        "channel": step.channel,
                        "direction": step.direction,
                        "outcome": step.outcome,
                        "marks": [mark.mark for mark in step.marks],
                        "happened": happened(step, contacts),
                    }
                    for step in story.contacts[-MOST_CONTACTS:]
                ],
            }
            for story in reversed(found.journeys)
        ],
    }
