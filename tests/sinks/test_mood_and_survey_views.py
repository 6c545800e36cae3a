"""Sentiment and surveys: small scenes with known answers, on the real engine."""

from __future__ import annotations

from typing import Any

import pytest

from journeys.contact import Contact
from journeys.journey import Signal
from journeys.mood import Mood
from journeys.touchpoint import Touchpoint
from sinks.embedded import Embedded
from sinks.report import ResponseRate, Sentiment, SurveyScore, report
from tests.sinks.messages import DAY, HOUR, START, Message, accepted, changed, contact, put, signal, stitched


def rows(store: Embedded, sql: str) -> list[tuple[Any, ...]]:
    return store.query(sql).rows


def survey(name: str, about: str = "", by: str = "reference", **more: Any) -> Message:
    given: dict[str, Any] = {"channel": "survey", "outcome": "open", "attempt": "none", "started_at": START + DAY}
    return stitched(contact(name, **given | more), survey_of=about, survey_joined_by=by if about else "")


def invitation(number: int, contact_id: str = "", **more: Any) -> Touchpoint:
    given: dict[str, Any] = {"type": "sent", "channel": "survey", "direction": "outbound"} | more
    return Touchpoint(START, f"i{number}", contact_id=contact_id or f"i{number}", **given)


def drop(contact_id: str, at: int) -> Message:
    name, customer = f"sentiment_drop:customer_id:42/{contact_id}/{at}", "customer_id:42"
    told = Signal(name, "sentiment_drop", customer, f"{customer}/{contact_id}", at, contact_id)
    return changed("journey.signals", "signal", name, told, 1)


def call(name: str, **more: Any) -> Contact:
    return contact(name, intent="billing", queue="q", teams=("north",), agents=("ann",), **more)


@pytest.fixture
def told(store: Embedded) -> Embedded:
    put(
        store,
        stitched(call("a", mood=Mood(0.5, -0.5, -0.75, 4, ((START + 7, 0.5, -0.5), (START + 9, 0.25, -0.75))))),
        stitched(call("b", mood=Mood(-0.5, 0.25, -0.5, 2), started_at=START + HOUR)),
        stitched(call("c", channel="chat", scores=(("csat", 3.0),)), survey_of="c", survey_joined_by="contact"),
        stitched(call("d")),
        survey("s1", "a", scores=(("ces", 6.0), ("csat", 4.0), ("nps", 9.0))),
        survey("s2", "b", by="time", scores=(("csat", 1.0), ("nps", 6.0))),
        survey("s3", scores=(("nps", 8.0),), intent="order"),
        survey("s4", "d", scores=(("qa", 80.0),)),
        survey("i1", "a", direction="outbound"),
        survey("i2", "d", direction="outbound"),
        survey("i3", direction="outbound"),
        accepted(
            *(invitation(number) for number in (1, 2, 3)),
            invitation(4, "b"),  # within the call
            invitation(5, "c", direction="inbound"),
            invitation(6, "c", channel="email"),
        ),
        drop("a", START + 7),
        drop("a", START + 9),
        signal("redial:customer_id:42/b", "redial"),
    )
    return store


def test_sentiment_of_contacts_and_journeys(told: Embedded) -> None:
    found = rows(told, "SELECT contact_id, first, last, low, trend FROM v_sentiment ORDER BY contact_id")
    assert found == [("a", 0.5, -0.5, -0.75, -1.0), ("b", -0.5, 0.25, -0.5, 0.75)]
    found = rows(told, "SELECT * EXCEPT (customer, drops) FROM v_journey_sentiment ORDER BY journey_id")
    assert found == [("customer_id:42/a", 1, 0.5, -0.5, -0.75, -1.0), ("customer_id:42/b", 1, -0.5, 0.25, -0.5, 0.75)]


def test_a_journey_goes_from_its_first_contact_to_its_last(store: Embedded) -> None:
    put(
        store,
        stitched(contact("z", mood=Mood(0.5, 0.25, 0.0, 3))),
        stitched(contact("a", started_at=START + HOUR, mood=Mood(0.1, -0.25, -0.75, 2))),
    )
    store.execute("ALTER TABLE contacts UPDATE journey_id = 'j' WHERE 1 SETTINGS mutations_sync = 1")
    assert rows(store, "SELECT * EXCEPT customer FROM v_journey_sentiment") == [("j", 2, 0.5, -0.25, -0.75, -0.75, 0)]


def test_a_row_for_each_response_and_kind(told: Embedded) -> None:
    found = rows(
        told,
        "SELECT survey_id, kind, score, contact_id, joined_by, channel, queue, teams, intent, journey_id "
        "FROM v_surveys ORDER BY survey_id, kind",
    )
    one = ("voice", "q", ["north"], "billing")
    assert found == [
        ("c", "csat", 3.0, "c", "contact", "chat", *one[1:], "customer_id:42/c"),
        ("s1", "ces", 6.0, "a", "reference", *one, "customer_id:42/a"),
        ("s1", "csat", 4.0, "a", "reference", *one, "customer_id:42/a"),
        ("s1", "nps", 9.0, "a", "reference", *one, "customer_id:42/a"),
        ("s2", "csat", 1.0, "b", "time", *one, "customer_id:42/b"),
        ("s2", "nps", 6.0, "b", "time", *one, "customer_id:42/b"),
        ("s3", "nps", 8.0, "", "", "", "", [], "order", "customer_id:42/s3"),
        ("s4", "qa", 80.0, "d", "reference", *one, "customer_id:42/d"),
    ]


def test_scores_in_the_words_of_their_kind(told: Embedded) -> None:
    assert rows(told, "SELECT * FROM v_survey_scores") == [
        ("ces", "voice", "billing", 1, 6.0, 6.0),
        ("csat", "chat", "billing", 1, 3.0, 0.0),
        ("csat", "voice", "billing", 2, 2.5, 50.0),
        ("nps", "", "order", 1, 8.0, 0.0),
        ("nps", "voice", "billing", 2, 7.5, 0.0),
        ("qa", "voice", "billing", 1, 80.0, 80.0),
    ]


@pytest.mark.parametrize(
    ("answers", "score"),
    [((9, 10, 8, 7), 50.0), ((0, 6, 7, 8), -50.0), ((10,), 100.0), ((6,), -100.0)],
)
def test_promoters_less_detractors(store: Embedded, answers: tuple[int, ...], score: float) -> None:
    put(store, *(survey(f"s{number}", scores=(("nps", float(given)),)) for number, given in enumerate(answers)))
    assert rows(store, "SELECT score FROM v_survey_scores") == [(score,)]


def test_who_was_asked_and_who_answered(told: Embedded) -> None:
    assert rows(told, "SELECT * FROM v_response_rates") == [
        ("", 1, 0, 1, 0.0),  # nobody knows what i3 asked about, and s3 answered
        ("chat", 0, 0, 1, None),
        ("voice", 3, 2, 0, pytest.approx(2 / 3)),
    ]


def test_the_report_shows_it(told: Embedded) -> None:
    shown = report(told)
    assert shown.sentiment == Sentiment(2, 0.0, -0.125, 1, 2)
    assert shown.surveys == (
        SurveyScore("ces", 1, 6.0, 6.0),
        SurveyScore("csat", 3, pytest.approx(8 / 3), pytest.approx(100 / 3)),
        SurveyScore("nps", 3, pytest.approx(23 / 3), 0.0),
        SurveyScore("qa", 1, 80.0, 80.0),
    )
    assert shown.response_rates[1:] == (
        ResponseRate("chat", 0, 0, 1, None),
        ResponseRate("voice", 3, 2, 0, pytest.approx(2 / 3)),
    )


def test_a_report_of_nothing(store: Embedded) -> None:
    empty = report(store)
    assert (empty.sentiment, empty.surveys, empty.response_rates) == (Sentiment(0, None, None, 0, 0), (), ())
