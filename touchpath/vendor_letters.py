"""Vendors' payloads among the dead letters: read again, as the collector would read them now.

The vendor's adapter may have learned to since, or the settings to say what was missing (a time zone, a mapping). What
had been taken of a payload comes once more, with the same ids: a duplicate, which changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from journeys.pseudonyms import Pseudonyms
from journeys.sentiment import Scorer
from journeys.settings import Settings
from journeys.touchpoint import Invalid
from producers.adapters.adapter import Adapted
from producers.collector.access import AccessError
from producers.collector.hooks import Known, every, mappings
from producers.collector.intake import Intake
from producers.collector.origin import Origin
from producers.collector.outlet import Record
from producers.collector.taking import LETTERS
from touchpath.problem import BadInput

if TYPE_CHECKING:
    from streams.dead_letters import Letter


def hooks_of(settings: Settings, source: Path | None) -> dict[str, Known]:
    """All that the collector has; ``source`` is the settings' file. Raises ``BadInput``."""
    said = settings.collector.hooks
    try:
        return every(said, mappings(said, source.parent if source else Path()))
    except AccessError as error:
        raise BadInput(str(error)) from None


def vendor_of(row: Mapping[str, Any]) -> str:
    """Whose payload a letter is; empty for an event of ours."""
    topic = str(row["topic"])
    return topic.removeprefix(LETTERS) if topic.startswith(LETTERS) else ""


def source_of(row: Mapping[str, Any], letter: Letter) -> str:
    """Of the events in a vendor's payload."""
    return Origin.of(letter.headers).source or vendor_of(row)


class Rereading:
    """``hooks``: of the collector, by name."""

    def __init__(self, pseudonyms: Pseudonyms, hooks: Mapping[str, Known]) -> None:
        self._intake = Intake(pseudonyms, Scorer(pseudonyms.settings))
        self._hooks = hooks

    def adapted(self, row: Mapping[str, Any], letter: Letter) -> Adapted:
        """What a vendor's letter becomes now. Raises ``Invalid`` if there is no adapter for it."""
        vendor, origin = vendor_of(row), Origin.of(letter.headers)
        known = self._hooks.get(origin.hook) or self._hooks.get(vendor)
        if known is None:
            raise Invalid("no_adapter", "topic", row["topic"], "there is no adapter of that name here")
        at = row["at"]
        received = origin.received or (at if at.tzinfo else at.replace(tzinfo=UTC)).isoformat()
        how = msgspec.structs.replace(known.how, source=origin.source or known.how.source, received=received)
        return known.adapt(letter.value or b"", how)

    def records(self, row: Mapping[str, Any], letter: Letter) -> Iterator[Record]:
        """What can be sent of it. Last it raises ``Invalid``, if anything still cannot be."""
        adapted = self.adapted(row, letter)
        wrong = list(adapted.refused)
        for touchpoint in adapted.touchpoints:
            try:
                yield from self._intake.touchpoint(touchpoint)
            except Invalid as invalid:
                wrong.append(invalid)
        yield from map(self._intake.agent_event, adapted.agent_events)
        if wrong:
            raise wrong[0]
