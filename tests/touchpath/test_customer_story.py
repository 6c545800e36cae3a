"""What `touchpath customer` tells of a journey, on a store that the stages' own messages filled."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.console import Console
from rich.table import Table

from journeys import Touchpoint
from journeys.settings import DEFAULTS
from sinks.embedded import Embedded
from sinks.migrate import migrate
from sinks.rows import READERS
from tests.journeys.scenes import DAY, HOUR, MINUTE, PSEUDONYMS, START
from tests.sinks.messages import next_step, put
from tests.streams.pipeline import Pipeline
from touchpath.customer_journeys import Felt, Part, Stay, Story
from touchpath.customer_record import record
from touchpath.customer_story import account, heading, lasted, timeline

CLEO = {"identifiers": {"customer_id": "9"}, "intent": "billing"}
WIDTH = 110


def event(at: int, kind: str, channel: str, contact: str, **fields: Any) -> Touchpoint:
    return Touchpoint(START + at, f"{contact}-{kind}-{at}", kind, channel, contact, **CLEO | fields)


def said(at: int, sentiment: float) -> Touchpoint:
    return event(at, "message", "voice", "call", attributes={"sentiment": sentiment})


def scene() -> list[Touchpoint]:
    """Cleo looks at prices, finds no help in an article, is passed on in a call that goes wrong, says so in a survey,
    waits for a chat in vain, and is helped in the next one. Twenty others wait a little for a chat."""
    facts = [
        event(0, "page_viewed", "web", "visit", attributes={"page": "/pricing"}),
        event(2 * MINUTE, "article_viewed", "web", "visit", attributes={"article": "billing-3"}),
        event(3 * MINUTE, "failed", "web", "visit"),
        event(HOUR, "queued", "voice", "call", queue="billing"),
        event(HOUR + MINUTE, "connected", "voice", "call", queue="billing", agent="dana", wait_s=60.0),
        *(said(HOUR + MINUTE + number, score) for number, score in enumerate((0.6, 0.5, 0.6, -0.7, -0.8, -0.6))),
        event(HOUR + 5 * MINUTE, "transferred", "voice", "call", queue="tech"),
        event(HOUR + 6 * MINUTE, "connected", "voice", "call", queue="tech", agent="eli", wait_s=60.0),
        event(HOUR + 9 * MINUTE, "ended", "voice", "call", outcome="unresolved", talk_s=180.0),
        event(4 * HOUR, "surveyed", "survey", "asked", attributes={"csat": 2, "about": "call"}),
        event(DAY, "queued", "chat", "chat", queue="help"),
        event(DAY + 10 * MINUTE, "abandoned", "chat", "chat", wait_s=600.0),
        event(DAY + 30 * MINUTE, "queued", "chat", "again", queue="help"),
        event(DAY + 31 * MINUTE, "connected", "chat", "again", queue="help", agent="finn", wait_s=60.0),
        event(DAY + 40 * MINUTE, "ended", "chat", "again", outcome="resolved", talk_s=540.0),
    ]
    for number in range(20):
        other = {"identifiers": {"customer_id": f"other-{number}"}, "queue": "help", "intent": "order"}
        facts += [
            event(0, "queued", "chat", f"other-{number}", **other),
            event(MINUTE, "connected", "chat", f"other-{number}", **other, agent="finn", wait_s=60.0),
            event(2 * MINUTE, "ended", "chat", f"other-{number}", **other),
        ]
    return facts


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    pipeline = Pipeline(2)
    for touchpoint in scene():
        pipeline.publish(touchpoint)
    pipeline.drain()
    store = Embedded(tmp_path_factory.mktemp("story") / "store")
    migrate(store)
    put(store, *(record for topic in READERS for record in pipeline.records(topic)))
    reasons = ("resolved in chat: 25 of 100 came back within an hour (of 40)", "all: 20 of 100 came back (of 900)")
    foreseen = {"p_15m": 0.1, "p_1h": 0.25, "p_1d": 0.625, "channel": "voice", "share": 0.7, "reasons": reasons}
    put(store, next_step("again", at=START + DAY + 40 * MINUTE, **foreseen))
    yield store
    store.close()


@pytest.fixture
def story(store: Embedded) -> Story:
    (found,) = record(store, "customer_id:9", PSEUDONYMS, DEFAULTS).journeys
    return found


def shown(table: Table) -> list[str]:
    out = StringIO()
    Console(file=out, width=WIDTH).print(table)
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    assert all(len(line) <= WIDTH for line in lines)
    return lines


ACCOUNT = """
  stages    evaluation 2 min → use 58 min → service 24 h
  effort    95 of 100: 3 repeats 30, abandonment 15, repeated explanation 15, long wait 10, failed
            self-service 10, transfer 10, failed article 5
  sounded   +0.6 at first, -0.6 at last, -0.8 at the lowest; fell suddenly from +0.6 to -0.7 in the call of
            2026-01-01 01:00
  answered  csat 2 about the call of 2026-01-01 01:00
  next      10 % again within 15 min, 25 % within 1 h, 62 % within 1 d; most likely by voice (70 %)
  because   resolved in chat: 25 of 100 came back within an hour (of 40)
            all: 20 of 100 came back (of 900)
"""
TIMELINE = """
  2026-01-01 00:00  web     self-service, failed; failed article billing-3
  2026-01-01 01:00  voice   billing → tech: answered by dana, eli after 2 min, unresolved; switch from web
                            (self service failed); repeat of web; transferred, passed on by dana; sounded +0.6
                            at first, -0.6 at last, -0.8 at the lowest, fell suddenly
  2026-01-01 04:00  survey  csat 2 about the call of 2026-01-01 01:00
  2026-01-02 00:00  chat    help: abandoned after 10 min; switch from voice (unresolved); repeat of voice;
                            long wait
  2026-01-02 00:30  chat    help: answered by finn after 60 s, who resolved it; redial after an abandonment;
                            repeat of voice; repeated explanation
"""


def test_a_journey_in_words(story: Story) -> None:
    assert heading(story) == "billing, open, 2026-01-01 to 2026-01-02: 5 contacts, 2 switches, 3 repeats"
    contacts = {step.contact_id: step for step in story.contacts}
    assert shown(account(story, contacts)) == ACCOUNT.strip("\n").splitlines()
    assert shown(timeline(story, contacts)) == TIMELINE.strip("\n").splitlines()


def test_the_example_in_the_docs_is_this_one(story: Story) -> None:
    docs = (Path(__file__).parents[2] / "docs" / "customer.md").read_text(encoding="utf-8")
    assert f"{heading(story)}{ACCOUNT}{TIMELINE.removeprefix(chr(10))}```" in docs


def test_the_same_as_fields(story: Story) -> None:
    assert (story.drop_off, story.effort, sum(part.points for part in story.effort_parts)) == ("", 95, 95)
    assert story.stages[:2] == (Stay("evaluation", 120), Stay("use", 3480))
    assert story.effort_parts[0] == Part("repeat", "service", 3, 30)
    assert Part("long_wait", "service", 1, 10) in story.effort_parts
    visit, call, asked, chat, again = story.contacts
    assert visit.friction == (Felt("failed_article", "use", 1), Felt("self_service_failed", "use", 1))
    assert (call.passed_on, call.resolved_by, again.resolved_by) == (("dana",), "", "finn")
    assert call.mood == story.mood
    assert call.mood is not None
    assert [(drop.before, drop.after) for drop in call.mood.drops] == [(0.6, -0.7)]
    assert asked.answers == story.answers
    assert [(one.kind, one.score, one.contact_id, one.joined_by) for one in asked.answers] == [
        ("csat", 2, "call", "reference")
    ]
    assert Felt("long_wait", "service", 1) in chat.friction
    assert story.next is not None
    assert (story.next.p_1d, story.next.channel, len(story.next.reasons)) == (0.625, "voice", 2)
    assert msgspec.json.decode(msgspec.json.encode(story), type=Story) == story


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (99, "99 s"), (100, "2 min"), (5940, "99 min"), (7200, "2 h"), (3600 * 48, "2 d")],
)
def test_so_long(seconds: float, text: str) -> None:
    assert lasted(seconds) == text
