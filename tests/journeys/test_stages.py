"""Stages: which rule decides, and the way of contacts, visits and journeys through them."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from journeys.contact import fold
from journeys.settings import DEFAULTS, Settings, convert
from journeys.stages import MOST_REMEMBERED, RULES, STAGES, UNKNOWN, joined
from journeys.stitch import stitch
from journeys.touchpoint import Touchpoint

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


def touch(channel: str, type_: str = "visited", at: int = 0, **more: Any) -> Touchpoint:
    return Touchpoint(at, more.pop("id", f"t{at}"), type_, channel, more.pop("contact_id", "c"), **more)


def stage(touchpoint: Touchpoint, settings: Settings = DEFAULTS, intent: str = "") -> str:
    return settings.stage_map.of(touchpoint, intent)


@pytest.mark.parametrize(
    ("touchpoint", "expected"),
    [
        (touch("ad", "clicked", intent="order"), "discovery"),
        (touch("web", attributes={"page": "/Pricing/business"}), "evaluation"),
        (touch("web", intent="order"), "evaluation"),
        (touch("web", intent="order", attributes={"order_state": "cart"}), "evaluation"),
        (touch("web", intent="order", attributes={"order_state": "placed"}), "purchase"),
        (touch("voice", intent="order", attributes={"order_state": "returned"}), "service"),
        (touch("voice", intent="order"), "purchase"),
        (touch("app", intent="onboarding"), "onboarding"),
        (touch("web", "article_viewed", intent="technical"), "use"),
        (touch("voice", intent="fault"), "service"),
        (touch("chat", intent="billing"), "service"),
        (touch("chat", intent="cancel"), "retention"),
        (touch("review", "posted"), "advocacy"),
        (touch("review", "posted", attributes={"csat": 1}), "service"),
        (touch("survey", "surveyed", attributes={"nps": 9}), "advocacy"),
        (touch("survey", "surveyed", attributes={"nps": 8}), "service"),
        (touch("survey", "surveyed", attributes={"csat": 4.0}), "advocacy"),
        (touch("survey", "sent"), "service"),
        (touch("fax"), UNKNOWN),
        (touch("fax", intent="billing"), UNKNOWN),
    ],
)
def test_the_rules_that_come_with_it(touchpoint: Touchpoint, expected: str) -> None:
    assert stage(touchpoint) == expected


def test_each_stage_has_a_rule_and_each_rule_a_stage() -> None:
    assert {rule.stage for rule in RULES} == set(STAGES)


def test_an_intent_of_its_own_comes_before_the_contacts() -> None:
    assert stage(touch("voice"), intent="cancel") == "retention"
    assert stage(touch("voice", intent="fault"), intent="cancel") == "service"


class TestRulesOfYourOwn:
    RAW: ClassVar[dict[str, Any]] = {
        "rules": [{"channel": "kiosk", "type": "scan*", "stage": "trial"}, {"topic": "Loyalty?", "stage": "loyal"}]
    }

    def test_they_come_first_and_ours_follow(self) -> None:
        settings = convert({"stages": self.RAW})
        assert stage(touch("kiosk", "scanned"), settings) == "trial"
        assert stage(touch("kiosk", "opened"), settings) == UNKNOWN
        assert stage(touch("ad", attributes={"topic": "loyalty5"}), settings) == "loyal"
        assert stage(touch("ad", attributes={"topic": "loyalty"}), settings) == "discovery"

    def test_or_stand_alone(self) -> None:
        settings = convert({"stages": self.RAW | {"defaults": False}})
        assert stage(touch("ad"), settings) == UNKNOWN

    def test_the_first_that_matches_decides(self) -> None:
        settings = convert({"stages": {"rules": [{"stage": "all"}, {"channel": "ad", "stage": "never"}]}})
        assert stage(touch("ad"), settings) == "all"


def test_any_value_of_an_attribute_may_come() -> None:
    for value in (None, 7, ["/pricing"], {"x": 1}, "/pricing" * 10_000):
        assert stage(touch("web", attributes={"page": value, "nps": value})) in (*STAGES, UNKNOWN)


def test_what_is_remembered_is_bounded() -> None:
    settings = convert({})
    for number in range(MOST_REMEMBERED + 10):
        assert stage(touch("web", attributes={"page": f"/product/{number}"}), settings) == "evaluation"
    assert len(settings.stage_map._known) <= MOST_REMEMBERED


def test_the_way_of_a_contact() -> None:
    contact, _ = fold(
        [
            touch("web", at=0, attributes={"page": "/pricing"}),
            touch("web", at=1, attributes={"page": "/compare"}),
            touch("web", at=2, attributes={"page": "/checkout"}),
            touch("web", at=3, attributes={"page": "/pricing"}),
        ],
        DEFAULTS,
    )
    assert contact.path == (("evaluation", 0), ("purchase", 2), ("evaluation", 3))


def test_paths_join_in_the_order_of_time() -> None:
    assert joined([(("use", 0), ("service", 9)), (("use", 5), ("retention", 9))]) == (
        ("use", 0), ("service", 9), ("retention", 9),
    )  # fmt: skip
    assert joined([(), (("use", 0),)]) == (("use", 0),)


def test_a_visit_and_its_journey() -> None:
    pages = {"/blog/a": 0, "/pricing": MINUTE, "/pricing/b": 2 * MINUTE, "/checkout": 3 * MINUTE}
    contacts = [
        fold([touch("web", at=at, id=page, contact_id=page, attributes={"page": page})], DEFAULTS)[0]
        for page, at in pages.items()
    ]
    call, _ = fold([touch("voice", "connected", HOUR, contact_id="call", attributes={"order_state": "paid"})], DEFAULTS)
    result = stitch("customer_id:1", [*contacts, call], DEFAULTS)
    way = (("discovery", 0), ("evaluation", MINUTE), ("purchase", 3 * MINUTE))
    assert next(one.contact.path for one in result.stitched if one.contact.contact_id == "/blog/a") == way
    assert [journey.path for journey in result.journeys] == [way]


class TestDroppingOff:
    def off(self, *touchpoints: Touchpoint, settings: Settings = DEFAULTS) -> str:
        [journey] = stitch("customer_id:1", [fold([one], settings)[0] for one in touchpoints], settings).journeys
        return journey.drops_off_at

    def test_at_the_last_stage(self) -> None:
        assert self.off(touch("web", contact_id="a", attributes={"page": "/pricing"})) == "evaluation"

    def test_not_past_a_goal(self) -> None:
        bought = touch("web", contact_id="a", attributes={"page": "/checkout"})
        back = touch("web", at=HOUR, contact_id="b", attributes={"page": "/pricing"})
        assert self.off(bought, back) == ""
        assert self.off(bought, back, settings=convert({"stages": {"goals": ["advocacy"]}})) == "evaluation"

    def test_not_where_the_last_word_is_that_all_is_well(self) -> None:
        failed = touch("web", "failed", contact_id="a")
        assert self.off(failed, touch("voice", "connected", HOUR, contact_id="b")) == ""
        assert self.off(failed, touch("voice", "connected", HOUR, contact_id="b", outcome="unresolved")) == "service"
        assert self.off(failed, touch("voice", "abandoned", HOUR, contact_id="b")) == "service"
        assert self.off(touch("web", "resolved", contact_id="a"), touch("survey", "sent", HOUR, contact_id="b")) == ""
