"""The views of stages, friction, effort and moments of truth: small scenes, counted by hand, on the real engine."""

from __future__ import annotations

from statistics import quantiles
from typing import Any

import pytest

from journeys.contact import QueueVisit
from journeys.journey import Friction
from sinks.embedded import Embedded
from sinks.report import report
from tests.sinks.messages import DAY, HOUR, MINUTE, START, changed, contact, journey, newest, put, stitched, visit
from tests.sinks.test_views import one, rows

PATH = (("use", START), ("service", START + MINUTE), ("use", START + 3 * MINUTE))


def waits(store: Embedded, seconds: list[float], **fields: Any) -> None:
    put(store, *(visit(f"v{number}", "answered", wait, **fields) for number, wait in enumerate(seconds)))


class TestLongWaits:
    def test_a_queue_has_its_own_distribution(self, store: Embedded) -> None:
        seconds = [float(number**2) for number in range(25)]
        waits(store, seconds)
        put(store, visit("w", "waiting", None), visit("other", "answered", 9.0, queue="sales"))
        row = one(store, "SELECT * FROM v_queue_waits WHERE queue = 'billing'")
        tenths = quantiles(seconds, n=20, method="inclusive")
        assert (row["channel"], row["n"]) == ("voice", 25)
        assert (row["p50"], row["p90"], row["p95"]) == pytest.approx((tenths[9], tenths[17], tenths[18]))

    def test_long_is_more_than_nine_of_ten_and_than_the_target(self, store: Embedded) -> None:
        waits(store, [float(number) for number in range(1, 31)])
        found = rows(store, "SELECT wait_s FROM v_long_waits ORDER BY wait_s")
        assert [row["wait_s"] for row in found] == [28, 29, 30]
        waits(store, [float(number) for number in range(1, 31)], version=2, target_s=29.0)
        assert rows(store, "SELECT wait_s FROM v_long_waits") == [{"wait_s": 30}]

    def test_fewer_than_twenty_tell_nothing(self, store: Embedded) -> None:
        waits(store, [30.0] * 18 + [900.0])
        assert rows(store, "SELECT * FROM v_long_waits") == []
        waits(store, [30.0] * 19 + [900.0])
        assert [row["wait_s"] for row in rows(store, "SELECT wait_s FROM v_long_waits")] == [900]


def test_friction_is_told_by_contact_stage_and_kind(store: Embedded) -> None:
    felt = {"friction": ("transfer", "transfer", "abandonment"), "friction_stages": ("service", "service", "use")}
    placed = contact("c1", path=PATH, ended_at=START + 5 * MINUTE, intent="billing", **felt)
    put(store, stitched(placed, friction=("reopened",)), stitched(contact("part", **felt), part_of="c1"))
    waits(store, [25.0] * 19)
    put(store, visit("long", "answered", 400.0))
    found = rows(store, "SELECT contact_id, kind, stage, times, intent FROM v_friction ORDER BY kind")
    assert [tuple(row.values()) for row in found] == [
        ("c1", "abandonment", "use", 1, "billing"),
        ("c1", "long_wait", "use", 1, "billing"),
        ("c1", "reopened", "use", 1, "billing"),
        ("c1", "transfer", "service", 2, "billing"),
    ]


@pytest.mark.parametrize(
    ("after", "stage"), [(0, "use"), (MINUTE - 1, "use"), (MINUTE, "service"), (3 * MINUTE, "use"), (DAY, "use")]
)
def test_a_long_wait_is_in_the_stage_in_which_it_began(store: Embedded, after: int, stage: str) -> None:
    put(store, stitched(contact("long", path=PATH, ended_at=START + 5 * MINUTE)))
    waits(store, [25.0] * 19)
    late = QueueVisit("late", "long", "billing", "voice", "inbound", START + after, outcome="answered", wait_s=400.0)
    put(store, changed("journey.visits", "visit", "late", late, 1))
    assert one(store, "SELECT stage, kind FROM v_friction") == {"stage": stage, "kind": "long_wait"}


class TestEffort:
    FELT = (
        Friction("service", "reopened", 1, 20.0),
        Friction("service", "transfer", 3, 30.0),
        Friction("use", "repeat", 1, 10.0),
    )

    def test_its_parts_and_the_long_waits_make_the_score(self, store: Embedded) -> None:
        put(store, journey(friction=self.FELT, long_wait_points=7.0), stitched(contact("c1")))
        sql = (
            "SELECT friction, friction_stages, friction_counts, friction_points, effort_points, effort FROM v_journeys"
        )
        assert list(one(store, sql).values()) == [
            ["reopened", "transfer", "repeat"], ["service", "service", "use"], [1, 3, 1], [20, 30, 10], 60, 60,
        ]  # fmt: skip
        waits(store, [25.0] * 30)
        put(store, visit("a", "answered", 400.0), visit("b", "abandoned", 500.0))
        row = one(store, "SELECT long_waits, long_wait_points, effort FROM v_journeys")
        assert list(row.values()) == [2, 7, 74]

    def test_it_is_a_hundred_at_most(self, store: Embedded) -> None:
        put(store, journey("a", friction=(Friction("use", "reopened", 9, 180.0),)), journey("b"))
        assert rows(store, "SELECT effort FROM v_journeys ORDER BY journey_id") == [{"effort": 100}, {"effort": 0}]


def test_stages_paths_and_where_journeys_drop_off(store: Embedded) -> None:
    closed = {"closes_at": START + HOUR, "last_at": START + 5 * MINUTE}
    put(
        store,
        newest(START + DAY),
        journey("a", path=PATH, drops_off_at="use", **closed),
        journey("b", path=PATH, last_at=START + 9 * MINUTE, closes_at=START + HOUR),
        journey("c", path=PATH, drops_off_at="use", last_at=START + 7 * MINUTE, closes_at=START + 2 * DAY),
        journey("d", path=(("service", START),), drops_off_at="service", customer="customer_id:7", **closed),
    )
    found = rows(store, "SELECT journey_id, state, drop_off FROM v_journeys ORDER BY journey_id")
    assert [tuple(row.values()) for row in found] == [
        ("a", "closed", "use"), ("b", "closed", ""), ("c", "open", ""), ("d", "closed", "service"),
    ]  # fmt: skip
    found = rows(store, "SELECT stage, times, seconds FROM v_stages WHERE journey_id = 'a' ORDER BY stage")
    assert [tuple(row.values()) for row in found] == [("service", 1, 120), ("use", 2, 180)]
    found = rows(store, "SELECT * FROM v_stage_paths ORDER BY journeys DESC")
    assert [tuple(row.values()) for row in found] == [
        ("use > service > use", 3, 1, 1, 420), ("service", 1, 1, 1, 300),
    ]  # fmt: skip
    found = rows(store, "SELECT * FROM v_drop_offs ORDER BY stage")
    assert [tuple(row.values()) for row in found] == [("service", 3, 1, 1 / 3), ("use", 2, 1, 0.5)]
    shown = {stage.stage: stage for stage in report(store).stages}
    assert (shown["use"].journeys, shown["use"].dropped_off, shown["use"].share) == (3, 1, 0.5)
    assert shown["use"].median_s == 300


def survey(name: str, journey_id: str, survey_of: str = "", **scores: float) -> Any:
    answered = contact(name, channel="survey", attempt="none", outcome="open", scores=tuple(scores.items()))
    message = stitched(answered, survey_of=survey_of)
    assert message.value is not None
    return message._replace(value=message.value.replace(f"customer_id:42/{name}".encode(), journey_id.encode()))


def test_what_moments_of_truth_are_computed_from(store: Embedded) -> None:
    friction = (Friction("service", "transfer", 2, 20.0), Friction("service", "reopened", 1, 20.0))
    put(
        store,
        journey("customer_id:42/c1", path=PATH, friction=friction, long_wait_points=10.0),
        journey("asked", path=(("service", START),)),
        journey("silent", path=(("service", START),)),
        stitched(contact("c1", path=PATH, ended_at=START + 5 * MINUTE)),
        survey("s1", "elsewhere", "c1", csat=2.0, qa=90.0),
        survey("s2", "elsewhere", "c1", csat=4.0),
        survey("s3", "asked", nps=9.0, ces=7.0),
        survey("s4", "silent", qa=50.0),
    )
    waits(store, [25.0] * 20)
    put(store, visit("long", "answered", 400.0))
    found = rows(
        store, "SELECT journey_id, stage, points, csat, nps, ces, score FROM v_moments ORDER BY journey_id, stage"
    )
    assert [tuple(row.values()) for row in found] == [
        ("asked", "service", 0, None, 9, 7, 95),
        ("customer_id:42/c1", "service", 40, 3, None, None, 50),
        ("customer_id:42/c1", "use", 10, 3, None, None, 50),
        ("silent", "service", 0, None, None, None, None),
    ]


def test_the_report_ranks_them(store: Embedded) -> None:
    messages = []
    for number in range(40):
        felt = number % 2 == 0
        friction = (Friction("service", "transfer", 1, 10.0),) if felt else ()
        messages.append(journey(f"j{number}", path=PATH, friction=friction))
        messages.append(survey(f"s{number}", f"j{number}", csat=2.0 if felt else 4.0 + number % 3 / 2))
    put(store, newest(START), *messages)
    (moment,) = report(store).moments
    assert (moment.stage, moment.with_friction, moment.without) == ("service", 20, 20)
    assert moment.high < 0
    assert moment.p < 0.001
    assert report(store).mean_effort == 5
