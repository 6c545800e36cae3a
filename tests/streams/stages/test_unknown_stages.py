"""A touchpoint whose stage no rule names is counted once, whatever else its contact is about."""

from __future__ import annotations

from typing import Any

from journeys.settings import DEFAULTS
from journeys.touchpoint import Touchpoint, encode
from streams import topics
from streams.batch import Batch
from streams.stages.contact import ContactStage
from tests.journeys.scenes import PSEUDONYMS, START
from tests.streams.pipeline import Pipeline, Rec


def counted(stage: ContactStage, state: dict[bytes, bytes], *touchpoints: Touchpoint) -> int:
    records = [
        Rec(topics.TOUCHPOINTS, 0, offset, touchpoint.at, touchpoint.contact_id.encode(), encode(touchpoint))
        for offset, touchpoint in enumerate(touchpoints)
    ]
    batch = Batch(stage.name, 0, records, state, Pipeline().topology.partitions)
    stage.process(batch)
    state.update((key, value) for key, value in batch.writes.items() if value is not None)
    return batch.counts["unknown_stage"]


def test_each_is_counted_when_it_comes() -> None:
    def touch(number: int, channel: str, type_: str = "visited", **more: Any) -> Touchpoint:
        return Touchpoint(START + number, f"t{number}", type_, channel, "c1", {"customer_id": "1"}, **more)

    stage, state = ContactStage(DEFAULTS, PSEUDONYMS), dict[bytes, bytes]()
    assert counted(stage, state, touch(1, "fax"), touch(2, "fax"), touch(3, "voice")) == 2
    assert counted(stage, state, touch(1, "fax"), touch(4, "voice")) == 0
    assert counted(stage, state, touch(5, "kiosk"), touch(6, "kiosk", "identify")) == 1
