"""Files of the past change no gauge and no counter of now, whatever is going on, and all figures of the store."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator

from journeys import Touchpoint
from journeys.agents import AVAILABLE, AgentEvent
from producers.backfill import HEADER
from producers.backfill import TOPIC as BACKFILLS
from sinks.metrics import BACKFILL_MARGIN_MS, BACKFILLED, Figures
from streams import topics
from streams.batch import PASSED_ON
from tests.sinks.messages import Message
from tests.sinks.test_metrics import shown
from tests.streams.pipeline import Pipeline

DAY = 86_400_000
MINUTE = 60_000
NOW = 1_780_000_000_000
"""When the backfill begins."""


def day(of: str, at: int, seed: int) -> Iterator[Touchpoint]:
    """Calls and chats of a morning that ends at ``at``, some of them still waiting; repeats and switches among them."""
    chance = random.Random(seed)
    for number in range(80):
        contact = f"{of}-{number}"
        who = {"customer_id": f"{of}-{chance.randrange(25)}"}
        began = at - chance.randrange(3 * 3_600_000) - 1
        channel = chance.choice(("voice", "chat"))
        queue = f"{channel}-{of}" if chance.random() < 0.3 else channel
        yield Touchpoint(began, f"{contact}-q", "queued", channel, contact, who, "billing", queue=queue)
        if chance.random() < 0.8:
            answered = min(at - 1, began + chance.randrange(300_000))
            agent = f"a-{chance.randrange(5)}"
            yield Touchpoint(answered, f"{contact}-c", "connected", channel, contact, queue=queue, agent=agent)
            if chance.random() < 0.7:
                ended = min(at - 1, answered + 200_000)
                yield Touchpoint(ended, f"{contact}-e", "ended", channel, contact, queue=queue, agent=agent)


def past() -> list[Touchpoint]:
    """Of four mornings, the last one yesterday's."""
    return [touchpoint for days in (1, 5, 20, 40) for touchpoint in day(f"past{days}", NOW - days * DAY, days)]


def feed(pipeline: Pipeline, touchpoints: Iterable[Touchpoint]) -> None:
    for touchpoint in touchpoints:
        pipeline.publish(touchpoint, timestamp=NOW)
    pipeline.drain()


class Scene:
    """The pipeline, and what the metrics process reads of it; ``written`` is when a record came to its topic."""

    def __init__(self) -> None:
        self.pipeline = Pipeline(partitions=2)
        self.figures = Figures(clock=lambda: (NOW + MINUTE) / 1000)
        self.figures.ready = True
        self._taken: dict[str, int] = {}

    def take(self, written: int) -> None:
        for topic in self.figures.topics:
            if topic == BACKFILLS:
                continue
            records = self.pipeline.records(topic)
            for record in records[self._taken.get(topic, 0) :]:
                self.figures.take(record._replace(timestamp=written))
            self._taken[topic] = len(records)

    def live(self) -> None:
        """An hour of work, up to a minute ago, with agents."""
        for number in range(5):
            at = NOW - 7_200_000 + number
            self.pipeline.publish_agent(AgentEvent(at, f"s{number}", f"a-{number}", AVAILABLE), timestamp=at)
        feed(self.pipeline, day("live", NOW - MINUTE, 99))
        self.take(NOW - MINUTE)

    def backfill(self) -> None:
        self.figures.take(Message(BACKFILLS, b"%d" % NOW, timestamp=NOW))
        feed(self.pipeline, past())
        self.pipeline.append(topics.TOUCHPOINTS, 0, b"c", b"{broken", NOW, (HEADER,))
        self.pipeline.drain()
        self.take(NOW + MINUTE)

    def shown(self) -> dict[tuple[str, ...], float]:
        self.figures.tidy()
        found = shown(self.figures)
        return {name: value for name, value in found.items() if not name[0].startswith("journey_next_step_")}


def test_a_centre_at_work_looks_the_same() -> None:
    scene = Scene()
    scene.live()
    before = scene.shown()
    assert before["journey_queue_waiting", "voice", "voice"] > 0
    assert sum(value for name, value in before.items() if name[0] == "journey_repeats_total") > 0
    scene.backfill()
    open_before = {name: before.pop(name) for name in list(before) if name[0] == "journey_journeys_open"}
    after = scene.shown()
    open_after = {name: after.pop(name) for name in list(after) if name[0] == "journey_journeys_open"}
    assert after == before
    assert open_after["journey_journeys_open", "billing"] > open_before["journey_journeys_open", "billing"], (
        "journeys of last week are open today"
    )


def test_a_centre_that_is_not_at_work_yet_shows_nothing() -> None:
    scene = Scene()
    scene.backfill()
    nothing = {name: value for name, value in scene.shown().items() if value and name[0] != "journey_metrics_ready"}
    assert {name[0] for name in nothing} == {"journey_journeys_open"}
    assert len(scene.pipeline.journeys()) > 50


def test_without_the_announcement_it_would_show() -> None:
    scene = Scene()
    scene.live()
    before = scene.shown()
    feed(scene.pipeline, past())
    scene.take(NOW + MINUTE)
    assert scene.shown() != before


def test_what_happens_afterwards_counts() -> None:
    scene = Scene()
    scene.backfill()
    feed(scene.pipeline, [Touchpoint(NOW + 1, "n", "queued", "voice", "new", queue="voice")])
    scene.take(NOW + MINUTE)
    found = scene.shown()
    assert found["journey_queue_waiting", "voice", "voice"] >= 1
    assert found["journey_queue_longest_wait_seconds", "voice", "voice"] > 59


def test_what_was_told_before_is_no_part_of_a_backfill() -> None:
    """As after a restart without a snapshot: backfills are known before anything else is read."""
    before, again = Scene(), Scene()
    again.figures.take(Message(BACKFILLS, b"%d" % NOW, timestamp=NOW))
    before.live()
    again.live()
    assert again.shown().keys() == before.shown().keys()
    assert (
        again.shown()["journey_queue_waiting", "voice", "voice"]
        == (before.shown()["journey_queue_waiting", "voice", "voice"])
    )


def test_the_parts_that_know_no_other_mean_the_same_by_it() -> None:
    assert HEADER[0] == BACKFILLED
    assert {BACKFILLED} == PASSED_ON
    assert BACKFILLS in topics.CATALOGUE
    assert BACKFILL_MARGIN_MS == 5 * MINUTE
