"""Friction and effort, one small scene each."""

from __future__ import annotations

from typing import Any

import pytest

from journeys.contact import Contact, fold
from journeys.journey import Friction, Journey
from journeys.settings import DEFAULTS, Settings, convert
from journeys.stitch import stitch
from journeys.touchpoint import Touchpoint
from tests.journeys.test_definitions import DAY, HOUR, contact, placed

MINUTE = 60_000


def folded(*touches: tuple[str, str], **attributes: Any) -> Contact:
    """A contact of (channel, type) a minute apart, each with all of ``attributes``."""
    made = [
        Touchpoint(n * MINUTE, f"t{n}", type_, channel, "c", attributes=attributes)
        for n, (channel, type_) in enumerate(touches)
    ]
    return fold(made, DEFAULTS)[0]


@pytest.mark.parametrize(
    ("touches", "attributes", "expected"),
    [
        ((("voice", "queued"), ("voice", "connected"), ("voice", "ended")), {}, ()),
        ((("voice", "connected"), ("voice", "transferred"), ("voice", "transferred")), {}, ("transfer", "transfer")),
        ((("voice", "connected"), ("voice", "escalated")), {}, ("escalation",)),
        ((("voice", "connected"), ("voice", "conferenced")), {}, ()),
        ((("voice", "queued"), ("voice", "abandoned")), {}, ("abandonment",)),
        ((("web", "searched"),), {"results": 0}, ("failed_search",)),
        ((("web", "searched"),), {"results": "0"}, ("failed_search",)),
        ((("web", "searched"),), {"results": 4}, ()),
        ((("web", "searched"),), {}, ()),
        ((("web", "searched"),), {"results": [0]}, ()),
        ((("web", "article_viewed"), ("web", "failed")), {"article": "a"}, ("self_service_failed", "failed_article")),
        ((("web", "article_viewed"), ("web", "resolved")), {"article": "a"}, ()),
        ((("web", "failed"), ("web", "resolved")), {}, ()),
        ((("ivr", "menu_chosen"), ("ivr", "failed")), {"node": "n"}, ("self_service_failed", "ivr_dead_end")),
        ((("ivr", "menu_chosen"), ("ivr", "opted_out")), {"node": "n"}, ("ivr_opt_out",)),
        ((("ivr", "failed"), ("voice", "queued"), ("voice", "connected")), {"node": "n"}, ("containment_failure",)),
    ],
)
def test_what_one_contact_shows(
    touches: tuple[tuple[str, str], ...], attributes: dict[str, Any], expected: tuple[str, ...]
) -> None:
    found = folded(*touches, **attributes)
    assert found.friction == expected
    assert len(found.friction_stages) == len(expected)


def test_it_is_in_the_stage_where_it_happened() -> None:
    touches = [
        Touchpoint(0, "a", "searched", "web", "c", attributes={"page": "/pricing", "results": 0}),
        Touchpoint(1, "b", "failed", "web", "c", attributes={"page": "/checkout"}),
    ]
    found, _ = fold(touches, DEFAULTS)
    assert dict(zip(found.friction, found.friction_stages, strict=True)) == {
        "failed_search": "evaluation", "self_service_failed": "purchase",
    }  # fmt: skip


def test_a_visit_of_several_touches_is_judged_as_one() -> None:
    def lone(at: int, type_: str, **attributes: Any) -> Contact:
        return fold([Touchpoint(at, f"t{at}", type_, "web", f"t{at}", attributes=attributes)], DEFAULTS)[0]

    article, failed = lone(0, "article_viewed", article="a-1"), lone(MINUTE, "failed")
    assert placed(article, failed)["t0"].contact.friction == ("self_service_failed", "failed_article")
    search, solved = lone(2 * MINUTE, "searched", results=0), lone(3 * MINUTE, "resolved")
    assert placed(article, failed, search, solved)["t0"].contact.friction == ("failed_search",)


class TestRepeatedExplanation:
    def felt(self, *contacts: Contact) -> list[tuple[str, ...]]:
        found = placed(*contacts)
        return [tuple(kind for kind in found[one.contact_id].friction if kind != "repeat") for one in contacts]

    def test_the_same_intent_and_another_agent(self) -> None:
        ann = contact("a", 0, intent="billing", agents=("ann",))
        assert self.felt(ann, contact("b", HOUR, intent="billing", agents=("bob",))) == [(), ("repeated_explanation",)]
        assert self.felt(ann, contact("b", HOUR, intent="billing", agents=("ann", "bob"))) == [(), ()]
        assert self.felt(ann, contact("b", HOUR, intent="billing")) == [(), ()]

    def test_whoever_had_it_before_need_not_be_told(self) -> None:
        passed = contact("a", 0, intent="billing", agents=("ann", "bob"))
        assert self.felt(passed, contact("b", HOUR, intent="billing", agents=("bob",))) == [(), ()]

    def test_another_intent_is_another_story(self) -> None:
        case = {"references": ("case-7",)}
        two = (
            contact("a", 0, intent="billing", agents=("ann",), **case),
            contact("b", HOUR, intent="fault", agents=("bob",), **case),
            contact("c", 2 * HOUR, intent="fault", agents=("ann",), **case),
        )
        assert self.felt(*two) == [(), (), ("repeated_explanation",)]

    def test_without_an_intent_it_is_about_the_journeys(self) -> None:
        one = contact("a", 0, intent="billing", agents=("ann",))
        assert self.felt(one, contact("b", HOUR, agents=("bob",))) == [(), ("repeated_explanation",)]


class TestReopened:
    def felt(self, *contacts: Contact) -> list[bool]:
        found = placed(*contacts)
        return ["reopened" in found[one.contact_id].friction for one in contacts]

    def test_a_case_that_was_resolved_comes_back(self) -> None:
        case = {"references": ("case-7",)}
        first = contact("a", 0, resolution="resolved", **case)
        again, third = contact("b", HOUR, **case), contact("c", 2 * HOUR, **case)
        assert self.felt(first, again, third) == [False, True, False]
        assert self.felt(first, contact("b", HOUR, resolution="resolved", **case), third) == [False, True, True]
        assert self.felt(contact("a", 0, **case), again) == [False, False]

    def test_another_case_or_none_is_not_it(self) -> None:
        first = contact("a", 0, intent="billing", resolution="resolved", references=("case-7",))
        assert self.felt(first, contact("b", HOUR, intent="billing", references=("case-8",))) == [False, False]
        assert self.felt(first, contact("b", HOUR, intent="billing")) == [False, False]

    def test_only_if_the_customer_turns_to_people(self) -> None:
        case = {"references": ("case-7",)}
        first = contact("a", 0, resolution="resolved", **case)
        for other in ({"channel": "web"}, {"channel": "survey"}, {"direction": "outbound"}):
            assert self.felt(first, contact("b", HOUR, **case, **other)) == [False, False]


def test_a_repeat_is_friction_where_the_customer_turns_to_people_about_something_known() -> None:
    def felt(**more: Any) -> tuple[str, ...]:
        first = contact("a", 0, **{key: value for key, value in more.items() if key == "intent"})
        return placed(first, contact("b", DAY, **more))["b"].friction

    assert felt(intent="billing") == ("repeat",)
    assert felt() == ()
    assert felt(intent="billing", channel="web") == ()
    assert felt(intent="billing", direction="outbound", attempt="none") == ()


class TestEffort:
    def journey(self, settings: Settings = DEFAULTS) -> Journey:
        felt = ("transfer", "transfer", "escalation")
        about: dict[str, Any] = {
            "intent": "billing",
            "friction": felt,
            "friction_stages": ("service", "service", "use"),
        }
        one = contact("a", 0, agents=("ann",), path=(("use", 0), ("service", 9)), **about)
        two = contact("b", HOUR, intent="billing", agents=("bob",), path=(("service", HOUR),))
        [found] = stitch("customer_id:1", [one, two], settings).journeys
        return found

    def test_the_parts_are_by_stage_and_kind(self) -> None:
        assert self.journey().friction == (
            Friction("service", "repeat", 1, 10),
            Friction("service", "repeated_explanation", 1, 15),
            Friction("service", "transfer", 2, 20),
            Friction("use", "escalation", 1, 10),
        )
        assert self.journey().long_wait_points == 10

    def test_weights_are_settings(self) -> None:
        found = self.journey(convert({"effort": {"weights": {"transfer": 2.5, "repeat": 0, "long_wait": 1}}}))
        assert {part.kind: part.points for part in found.friction} == {
            "repeat": 0, "repeated_explanation": 15, "transfer": 5, "escalation": 10,
        }  # fmt: skip
        assert found.long_wait_points == 1
