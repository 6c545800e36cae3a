"""Survey scores, and the contacts that they are about: small scenes with known answers."""

from __future__ import annotations

from typing import Any

import pytest

from journeys.contact import Contact, fold
from journeys.settings import DEFAULTS, convert
from journeys.stitch import stitch
from journeys.surveys import score_of
from journeys.touchpoint import Touchpoint
from tests.journeys.test_definitions import DAY, HOUR, MINUTE, abandoned, contact, placed, signals


def survey(name: str, at: int, **more: Any) -> Contact:
    given: dict[str, Any] = {"channel": "survey", "outcome": "open", "attempt": "none", "scores": (("csat", 4.0),)}
    return contact(name, at, 0, **given | more)


def about(name: str, *contacts: Contact) -> tuple[str, str]:
    found = placed(*contacts)[name]
    return found.survey_of, found.survey_joined_by


@pytest.mark.parametrize(
    ("kind", "value", "score"),
    [
        ("csat", 1, 1.0), ("csat", 5.0, 5.0), ("csat", "4", 4.0), ("csat", 0, None), ("csat", 6, None),
        ("nps", 0, 0.0), ("nps", 10, 10.0), ("nps", 11, None), ("nps", -1, None), ("ces", 7, 7.0), ("ces", 8, None),
        ("qa", 0, 0.0), ("qa", 99.5, 99.5), ("qa", 100.5, None), ("qa", True, None), ("qa", "good", None),
        ("qa", "nan", None), ("qa", [90], None), ("qa", None, None), ("qa", 10**400, None),
    ],
)  # fmt: skip
def test_a_score_lies_on_its_scale(kind: str, value: object, score: float | None) -> None:
    assert score_of(kind, value) == score


def test_the_last_answer_of_a_kind_holds_and_what_is_no_score_is_left_out() -> None:
    answers: list[dict[str, Any]] = [{"csat": 2, "nps": 11}, {"csat": 5, "ces": "6", "about": "call-1"}, {"csat": 9}]
    own = [
        Touchpoint(number, f"t{number}", "surveyed", "survey", "s", attributes=said)
        for number, said in enumerate(answers)
    ]
    read, _ = fold(own, DEFAULTS)
    assert (read.scores, read.about, read.attempt) == ((("ces", 6.0), ("csat", 5.0)), "call-1", "none")


class TestJoins:
    def test_it_is_part_of_the_contact(self) -> None:
        assert about("a", contact("a", 0, scores=(("csat", 5.0),))) == ("a", "contact")

    def test_it_names_the_contact(self) -> None:
        calls = contact("a", 0), contact("b", HOUR)
        assert about("s", *calls, survey("s", DAY, about="a")) == ("a", "reference")
        assert about("s", *calls, survey("s", 90 * DAY, about="a")) == ("a", "reference")
        assert about("s", *calls, survey("s", DAY, about="another customer's")) == ("another customer's", "reference")
        assert about("s", *calls, survey("s", DAY, about="s")) == ("b", "time")
        assert about("b", *calls[:1], contact("b", HOUR, scores=(("qa", 80.0),), about="a")) == ("a", "reference")

    def test_it_names_a_part_of_a_visit(self) -> None:
        web = {"channel": "web", "lone": True, "outcome": "self_service", "attempt": "self_service"}
        visit = contact("a", 0, 0, **web), contact("b", MINUTE, 0, **web)
        assert about("s", *visit, survey("s", HOUR, about="b")) == ("a", "reference")

    def test_a_common_reference_before_time(self) -> None:
        case = {"references": ("case-1",)}
        calls = contact("a", 0, **case), contact("b", HOUR, **case), contact("c", 2 * HOUR)
        assert about("s", *calls, survey("s", 60 * DAY, **case)) == ("b", "reference")
        later = contact("d", 61 * DAY, **case)
        assert about("s", *calls, later, survey("s", 60 * DAY, **case)) == ("b", "reference")

    def test_the_latest_that_was_served_and_ended_within_the_window(self) -> None:
        calls = contact("a", 0, 0), abandoned("b", HOUR)
        assert about("s", *calls, survey("s", 7 * DAY)) == ("a", "time")
        assert about("s", *calls, survey("s", 7 * DAY + 1)) == ("", "")
        assert about("s", contact("a", 0, DAY), survey("s", HOUR)) == ("", ""), "it has not ended"
        short = convert({"surveys": {"window": "1h"}})
        result = stitch("customer_id:1", [contact("a", 0, 0), survey("s", HOUR + 1)], short)
        assert [one.survey_of for one in result.stitched if one.contact.contact_id == "s"] == [""]

    def test_the_same_intent_comes_first(self) -> None:
        calls = contact("a", 0, intent="billing"), contact("b", HOUR, intent="fault")
        assert about("s", *calls, survey("s", DAY, intent="billing")) == ("a", "time")
        assert about("s", *calls, survey("s", DAY, intent="order")) == ("b", "time")
        assert about("s", *calls, survey("s", DAY)) == ("b", "time")

    def test_surveys_do_not_join_surveys(self) -> None:
        two = survey("s", HOUR, references=("r",)), survey("t", 2 * HOUR, about="s", references=("r",))
        assert about("t", contact("a", 0), *two) == ("a", "time")

    def test_an_invitation_is_joined_as_an_answer_is(self) -> None:
        asked = survey("i", HOUR, scores=(), direction="outbound", about="a")
        assert about("i", contact("a", 0), asked) == ("a", "reference")

    def test_a_review_without_a_score_is_about_nothing(self) -> None:
        assert about("r", contact("a", 0), survey("r", HOUR, channel="review", scores=())) == ("", "")


def test_an_answer_is_told_at_once() -> None:
    both = (("csat", 2.0), ("nps", 3.0))
    told = signals("survey_score", contact("a", 0), survey("s", HOUR, scores=both))
    assert [(one.cause, one.details["score"], one.previous_id) for one in told] == [
        ("csat", 2.0, "a"), ("nps", 3.0, "a"),
    ]  # fmt: skip


class TestFeedbackIsNoContactAgain:
    def test_it_makes_no_switch_and_breaks_none(self) -> None:
        assert not signals("channel_switch", contact("a", 0), survey("s", HOUR))
        [switch] = signals("channel_switch", contact("a", 0), survey("s", HOUR), contact("b", 2 * HOUR, channel="chat"))
        assert (switch.previous_id, switch.contact_id) == ("a", "b")
        assert not signals("channel_switch", contact("a", 0), survey("s", HOUR), contact("b", 2 * HOUR))

    def test_it_is_no_repeat_no_attempt_and_no_redial(self) -> None:
        found = placed(contact("a", 0), survey("s", HOUR, attempt="answered"), contact("b", DAY))
        assert found["s"].repeat_of_any == ""
        assert (found["a"].first_repeat_any_at, found["s"].first_repeat_any_at) == (DAY, None)
        assert placed(abandoned("a", 0), survey("s", 2 * MINUTE))["a"].redial_id == ""

    def test_which_channels_are_feedback_is_a_setting(self) -> None:
        settings = convert({"contacts": {"feedback_channels": []}})
        result = stitch("customer_id:1", [contact("a", 0), survey("s", HOUR)], settings)
        assert {one.kind for one in result.signals} == {"channel_switch", "repeat_contact", "survey_score"}
