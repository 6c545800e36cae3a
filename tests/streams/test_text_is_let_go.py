"""What customers wrote stands nowhere but on the input topic and under the seals of dead letters."""

from __future__ import annotations

import random
from typing import Any

import pytest

from journeys import reference
from journeys.renewal import Edge
from journeys.sentiment import Scorer
from journeys.settings import convert
from journeys.touchpoint import Touchpoint, decode
from streams import topics
from tests.journeys.scenes import START
from tests.streams.pipeline import Pipeline

SENT = topics.TOUCHPOINTS
WORDS = ("terrible", "outrageous", "wonderful")
TEXTS = (
    "A wonderful service, thank you!",
    "Great, wonderful.",
    "This is terrible, outrageous!",
    "Terrible. I am angry.",
)


def chat(**more: Any) -> list[Touchpoint]:
    about: dict[str, Any] = {"channel": "chat", "contact_id": "c1", "identifiers": {"email": "ann@example.org"}}
    return [
        Touchpoint(START + number * 1000, f"m{number}", "message", attributes={"text": text, **more}, **about)
        for number, text in enumerate(TEXTS)
    ]


def everything(pipeline: Pipeline) -> bytes:
    written = [value for state in pipeline.state.values() for pair in state.items() for value in pair]
    for (topic, _), log in pipeline.log.items():
        if topic != topics.TOUCHPOINTS:
            written += [part for record in log for part in (record.key, record.value) if part is not None]
            written += [value for record in log for _, value in record.headers]
    return b"\n".join(written).lower()


def held(pipeline: Pipeline) -> list[str]:
    return [word for word in WORDS if word.encode() in everything(pipeline)]


@pytest.mark.parametrize("partitions", [1, 3])
def test_words_go_and_their_score_stays(partitions: int) -> None:
    pipeline = Pipeline(partitions, rng=random.Random(1))
    for touchpoint in chat() + chat():
        pipeline.publish(touchpoint, partition=0)  # which in three is not the contact's own: they are routed
    pipeline.drain(2)
    assert held(pipeline) == []
    accepted = [decode(line) for line in pipeline.accepted()]
    assert [one.attributes["sentiment_by"] for one in accepted] == ["vader"] * 4
    mood = pipeline.stitched()["c1"].contact.mood
    assert mood is not None
    assert mood.scored == 4
    assert mood.first > 0.5 > -0.4 > mood.last
    assert [signal.at for signal in pipeline.signals().values() if signal.kind == "sentiment_drop"] == [START + 2000]
    assert pipeline.stitched()["c1"].contact == reference(accepted).contacts["c1"]
    assert not pipeline.rejected()


def test_a_publisher_may_let_them_go_before_they_leave() -> None:
    sent = Pipeline()
    edge = Edge(sent.pseudonyms, Scorer(sent.settings))
    for touchpoint in chat():
        (before, hidden) = edge.hidden(touchpoint)
        assert before == []
        sent.publish(hidden)
    assert not [word for word in WORDS if word.encode() in b"".join(r.value or b"" for r in sent.records(SENT)).lower()]
    for touchpoint in chat():  # once more from a producer that leaves it to the stage: duplicates
        sent.publish(touchpoint)
    sent.drain()
    alone = Pipeline()
    for touchpoint in chat():
        alone.publish(touchpoint)
    alone.drain()
    assert sent.stitched() == alone.stitched()
    assert (sent.counts["duplicates"], len(sent.rejected())) == (4, 0)


def test_words_of_an_agent_and_of_another_language_go_unscored() -> None:
    pipeline = Pipeline()
    german = Touchpoint(START, "d1", "message", "chat", "c2", attributes={"text": "terrible", "language": "de"})
    for touchpoint in (*chat(speaker="agent"), german):
        pipeline.publish(touchpoint)
    pipeline.drain()
    assert held(pipeline) == []
    assert {one.contact.mood for one in pipeline.stitched().values()} == {None}


def test_words_of_what_could_not_be_taken_lie_under_a_seal() -> None:
    pipeline = Pipeline()
    for touchpoint in chat():
        pipeline.publish(touchpoint, timestamp=START - 10 * 3_600_000)
    pipeline.drain()
    assert len(pipeline.rejected()) == 4
    assert held(pipeline) == []


def test_they_are_kept_where_the_settings_say_so_but_never_in_state() -> None:
    pipeline = Pipeline(settings=convert({"sentiment": {"keep_text": True}}))
    for touchpoint in chat() + chat():
        pipeline.publish(touchpoint)
    pipeline.drain()
    accepted = [decode(line) for line in pipeline.accepted()]
    assert [(one.attributes["text"], one.attributes["sentiment_by"]) for one in accepted] == [
        (text, "vader") for text in TEXTS
    ]
    state = b"".join(value for kept in pipeline.state.values() for value in kept.values()).lower()
    assert not [word for word in WORDS if word.encode() in state]
    assert not pipeline.rejected()


def test_what_lies_beyond_its_scale_is_stored_and_makes_no_figure() -> None:
    pipeline = Pipeline()
    wrong = {"sentiment": 80, "csat": 7, "nps": "9", "ces": None}
    pipeline.publish(Touchpoint(START, "s", "surveyed", "survey", "s", attributes=wrong))
    pipeline.drain()
    contact = pipeline.stitched()["s"].contact
    assert (contact.scores, contact.mood) == ((("nps", 9.0),), None)
    assert decode(pipeline.accepted()[0]).attributes == wrong
    assert pipeline.counts["scores_left_out"] == 2
