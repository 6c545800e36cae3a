"""What the journey stage lets go of a very long history, nothing that comes later can have needed."""

from __future__ import annotations

from journeys import Touchpoint, decode, reference
from journeys.settings import convert
from streams.stages.journey import MOST_CONTACTS
from tests.journeys.scenes import DAY, START
from tests.streams.pipeline import Pipeline

MONDAYS = convert(
    {
        "sites": {"weekly": {"opening": {"mon": "08:00-18:00"}}},
        "calendar": {"site": "weekly", "working_time": ["fcr"]},
        "journeys": {"repeat_windows_days": [1, 30]},
    }
)


def test_an_attempt_stays_while_its_window_in_working_days_lasts() -> None:
    def touchpoint(name: str, day: int, intent: str, direction: str) -> Touchpoint:
        at = START + day * DAY
        identifiers = {"customer_id": "1"}
        return Touchpoint(
            at, name, "connected", "voice", name, identifiers=identifiers, intent=intent, direction=direction
        )

    pipeline = Pipeline(1, MONDAYS)
    pipeline.publish(touchpoint("first", 4, "fault", "inbound"))
    for number in range(MOST_CONTACTS):
        pipeline.publish(touchpoint(f"ours-{number}", 150, "order", "outbound"))
    pipeline.drain()
    pipeline.publish(touchpoint("again", 200, "fault", "inbound"))  # in the 28th of its 30 weeks
    pipeline.drain()
    expected = reference(map(decode, pipeline.accepted()), settings=MONDAYS).relations
    found = pipeline.stitched()
    assert found["again"].repeat_of_same == expected["again"].repeat_of_same == "first"
    assert found["first"].first_repeat_same_at == expected["first"].first_repeat_same_at == START + 200 * DAY
