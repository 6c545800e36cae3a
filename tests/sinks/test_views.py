"""Small scenes with known answers, on the real engine."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from journeys.contact import QueueVisit
from journeys.journey import Stitched
from journeys.service_level import DIALECTS, count
from journeys.settings import Duration
from journeys.touchpoint import Touchpoint
from sinks.embedded import Embedded
from sinks.horizon import note
from sinks.report import report
from tests.sinks.messages import (
    DAY,
    HOUR,
    MINUTE,
    START,
    Message,
    accepted,
    agent_interval,
    agent_now,
    changed,
    contact,
    deleted,
    identifier,
    journey,
    newest,
    next_step,
    put,
    root_cause,
    signal,
    stitched,
    visit,
)


def rows(store: Embedded, sql: str) -> list[dict[str, Any]]:
    return store.query(sql).dicts()


def one(store: Embedded, sql: str) -> dict[str, Any]:
    (row,) = rows(store, sql)
    return row


class TestVersions:
    """What changes collapses to its highest version, whatever the order and the blocks it came in."""

    def test_an_older_version_is_ignored(self, store: Embedded) -> None:
        put(store, stitched(contact(outcome="answered"), version=5))
        put(store, stitched(contact(outcome="open"), version=4))
        assert rows(store, "SELECT outcome FROM v_contacts") == [{"outcome": "answered"}]

    def test_within_a_block_the_highest_is_sent(self, store: Embedded) -> None:
        put(store, *(stitched(contact(touchpoints=n), version=n) for n in (1, 3, 2)))
        assert rows(store, "SELECT touchpoints FROM contacts") == [{"touchpoints": 3}]

    def test_the_deleted_vanish_from_each_view(self, store: Embedded) -> None:
        put(
            store,
            stitched(contact("c1")),
            stitched(contact("c2", started_at=START + HOUR, outcome="abandoned"), repeat_of_any="c1"),
            visit("v1", "answered", 3.0),
            journey(),
            signal("s1", "channel_switch"),
        )
        views = ("v_contacts", "v_visits", "v_journeys", "v_switches", "v_redials", "v_service_level", "why_repeat")
        assert all(rows(store, f"SELECT * FROM {view}") for view in views)
        put(
            store,
            deleted("journey.stitched", "stitched", "c1", 2),
            deleted("journey.stitched", "stitched", "c2", 2),
            deleted("journey.visits", "visit", "v1", 2),
            deleted("journey.journeys", "journey", "customer_id:42/c1", 2),
            deleted("journey.signals", "signal", "s1", 2),
        )
        assert {view: rows(store, f"SELECT * FROM {view}") for view in views} == {view: [] for view in views}

    def test_a_deleted_one_may_come_back(self, store: Embedded) -> None:
        put(store, deleted("journey.stitched", "stitched", "c1", 2))
        put(store, stitched(contact(), version=1))
        assert rows(store, "SELECT contact_id FROM v_contacts") == []
        put(store, stitched(contact(), version=3))
        assert rows(store, "SELECT contact_id FROM v_contacts") == [{"contact_id": "c1"}]

    def test_a_touchpoint_stored_twice_is_one(self, store: Embedded) -> None:
        message = accepted(Touchpoint(START, "t1", "queued", "voice", "c1"))
        put(store, message)
        put(store, message, newest(START + 60 * DAY))  # another block, another month
        assert rows(store, "SELECT id FROM v_touchpoints WHERE id = 't1'") == [{"id": "t1"}]


def test_a_touchpoint_keeps_all_that_it_came_with(store: Embedded) -> None:
    event = {
        "specversion": "1.0",
        "id": "t1",
        "source": "ivr",
        "type": "queued",
        "time": "2026-01-01T02:00:00.123+02:00",
        "unknown": "kept",
        "data": {
            "channel": "voice",
            "contact_id": "c1",
            "identifiers": {"customer_id": "42", "phone": "+9725"},
            "intent": "billing",
            "queue": "q",
            "agent": "a",
            "wait_s": 1.5,
            "invited": True,
            "consent": False,
            "attributes": {"node": [1, {"x": "ü"}]},
        },
    }
    put(store, Message("journey.accepted", msgspec.json.encode(event)), stitched(contact()))
    row = one(store, "SELECT * FROM v_touchpoints")
    assert row["time"] == datetime(2026, 1, 1, 0, 0, 0, 123_000, UTC)
    assert row["identifiers"] == {"customer_id": "42", "phone": "+9725"}
    assert msgspec.json.decode(row["attributes"]) == event["data"]["attributes"]  # type: ignore[index]
    assert msgspec.json.decode(row["raw"]) == event
    assert (row["wait_s"], row["talk_s"], row["invited"], row["agent"]) == (1.5, None, 1, "a")
    assert (row["consent"], row["recorded"]) == (False, None)
    assert (row["customer"], row["journey_id"]) == ("customer_id:42", "customer_id:42/c1")


def test_contacts_are_open_until_they_end_or_time_out(store: Embedded) -> None:
    put(
        store,
        newest(START + HOUR),
        stitched(contact("closed")),
        stitched(contact("open", closed=False, times_out_at=START + HOUR + 1)),
        stitched(contact("timed_out", closed=False, times_out_at=START + HOUR)),
        stitched(contact("part"), part_of="closed"),
    )
    found = rows(store, "SELECT contact_id, state FROM v_contacts ORDER BY contact_id")
    assert [(row["contact_id"], row["state"]) for row in found] == [
        ("closed", "ended"), ("open", "open"), ("timed_out", "ended"),
    ]  # fmt: skip


def test_visits_have_a_state(store: Embedded) -> None:
    put(
        store,
        newest(START + HOUR),
        visit("over", "answered", 1.0, left_at=START + 1000, ended_at=START + 2000),
        visit("in_service", "answered", 1.0, left_at=START + 1000, times_out_at=START + 2 * HOUR),
        visit("waiting", "waiting", None, times_out_at=START + 2 * HOUR),
        visit("timed_out", "waiting", None, times_out_at=START + HOUR),
    )
    assert [row["state"] == row["visit_id"] for row in rows(store, "SELECT visit_id, state FROM v_visits")] == [
        True
    ] * 4


def test_journeys_close_after_their_gap(store: Embedded) -> None:
    put(store, newest(START), journey("a", closes_at=START), journey("b", closes_at=START - 1))
    found = rows(store, "SELECT journey_id, state, channels FROM v_journeys ORDER BY journey_id")
    assert found == [
        {"journey_id": "a", "state": "open", "channels": ["chat", "voice"]},
        {"journey_id": "b", "state": "closed", "channels": ["chat", "voice"]},
    ]


class TestFcr:
    @pytest.mark.parametrize(
        ("repeat_after", "as_of_after", "expected"),
        [
            (None, DAY - 1, (0, 0, 1)),
            (None, DAY, (0, 1, 0)),
            (0, 0, (1, 0, 0)),
            (DAY, DAY, (1, 0, 0)),
            (DAY + 1, DAY + 1, (0, 1, 0)),
        ],
    )
    def test_pending_confirmed_broken(
        self, store: Embedded, repeat_after: int | None, as_of_after: int, expected: tuple[int, int, int]
    ) -> None:
        end = START + HOUR
        repeat_at = None if repeat_after is None else end + repeat_after
        put(store, newest(end + as_of_after), stitched(contact(ended_at=end), first_repeat_any_at=repeat_at))
        row = one(store, "SELECT * FROM v_fcr WHERE window_days = 1 AND scope = 'any_intent'")
        assert (row["broken"], row["confirmed"], row["pending"]) == expected
        assert row["attempt"] == "answered"

    def test_windows_and_scopes_stand_side_by_side(self, store: Embedded) -> None:
        put(
            store,
            newest(START + 4 * DAY),
            stitched(contact(), first_repeat_any_at=START + 2 * DAY, first_repeat_same_at=START + 5 * DAY),
        )
        found = rows(store, "SELECT window_days, scope, broken, confirmed, pending FROM v_fcr")
        assert [tuple(row.values()) for row in found] == [
            (1, "any_intent", 0, 1, 0),
            (1, "same_intent", 0, 1, 0),
            (3, "any_intent", 1, 0, 0),
            (3, "same_intent", 0, 1, 0),
            (7, "any_intent", 1, 0, 0),
            (7, "same_intent", 1, 0, 0),
            (30, "any_intent", 1, 0, 0),
            (30, "same_intent", 1, 0, 0),
        ]

    def test_windows_are_those_of_each_attempt(self, store: Embedded) -> None:
        windows = {"window_days": (2, 5), "window_ends": (START + 4 * DAY, START + 9 * DAY)}
        put(
            store,
            newest(START + 4 * DAY),
            stitched(contact("a"), first_repeat_any_at=START + 4 * DAY + 1, **windows),
            stitched(contact("b"), first_repeat_any_at=START + 4 * DAY, **windows),
            stitched(contact("c"), **windows),
            stitched(contact("from before")),
        )
        found = rows(store, "SELECT window_days, broken, confirmed, pending FROM v_fcr WHERE scope = 'any_intent'")
        assert [tuple(row.values()) for row in found] == [
            (1, 0, 1, 0),
            (2, 1, 2, 0),
            (3, 0, 1, 0),
            (5, 2, 0, 1),
            (7, 0, 0, 1),
            (30, 0, 0, 1),
        ]

    def test_only_ended_inbound_attempts_of_the_identified_count(self, store: Embedded) -> None:
        put(
            store,
            newest(START + HOUR),
            stitched(contact("anonymous"), customer="anonymous:anonymous"),
            stitched(contact("outbound", direction="outbound", attempt="none")),
            stitched(contact("abandoned", outcome="abandoned", attempt="none")),
            stitched(contact("open", closed=False)),
            stitched(contact("part"), part_of="web"),
            stitched(contact("web", channel="web", outcome="self_service", attempt="self_service")),
        )
        found = rows(store, "SELECT attempt, pending FROM v_fcr WHERE window_days = 1 AND scope = 'any_intent'")
        assert found == [{"attempt": "self_service", "pending": 1}]


def test_service_level_in_each_dialect(store: Embedded) -> None:
    waits = [("answered", 0.0), ("answered", 20.0), ("answered", 20.1), ("answered", None)]
    waits += [("abandoned", 5.0), ("abandoned", 5.1), ("abandoned", 20.0), ("abandoned", 21.0)]
    waits += [("waiting", None), ("transferred", 1.0), ("called_back", 1.0)]
    put(store, *(visit(f"v{n}", outcome, wait) for n, (outcome, wait) in enumerate(waits)))
    put(store, visit("other", "answered", 70.0, queue="slow", target_s=60.0), visit("w", "waiting", None, queue="new"))

    found = rows(store, "SELECT * FROM v_service_level WHERE queue = 'billing'")
    assert {row["dialect"]: (row["within"], row["offered"]) for row in found} == {
        "ours": (3, 5),
        "cisco": (3, 5),
        "amazon_connect": (6, 8),
        "genesys": (3, 7),
        "answered_only": (3, 4),
        "all_offered": (3, 8),
    }
    assert {row["dialect"]: row["abandoned"] for row in found if row["abandoned"] != 4} == {"cisco": 1, "genesys": 3}
    counts = count(QueueVisit("", "", "", "", "", 0, outcome=outcome, wait_s=wait) for outcome, wait in waits)
    for row in found:
        assert row["service_level"] == DIALECTS[row["dialect"]].service_level(counts)
        assert row["answered"] == 4
    assert one(store, "SELECT service_level s FROM v_service_level WHERE queue='slow' AND dialect='ours'") == {"s": 0.0}
    assert one(store, "SELECT service_level s FROM v_service_level WHERE queue='new' AND dialect='ours'") == {"s": None}


def test_redials(store: Embedded) -> None:
    abandoned = {"outcome": "abandoned", "attempt": "none", "queue": "q"}
    put(
        store,
        newest(START + HOUR),
        stitched(contact("recovered", **abandoned), redial="recovered", redial_id="x", redial_at=START + MINUTE),
        stitched(contact("called_back", **abandoned), redial="called_back", redial_id="y", redial_at=START),
        stitched(contact("lost", **abandoned), redial="lost", redial_id="z", redial_at=START),
        stitched(contact("ringing", **abandoned), redial_id="w", redial_at=START),
        stitched(contact("gone", **abandoned)),
        stitched(contact("fresh", ended_at=START + 1, **abandoned)),
        stitched(contact("patient", **abandoned), redial_until=START + HOUR + 1),
        stitched(contact("outbound", direction="outbound", **abandoned)),
        stitched(contact("answered")),
    )
    found = rows(store, "SELECT contact_id, outcome, seconds FROM v_redials ORDER BY contact_id")
    assert {row["contact_id"]: (row["outcome"], row["seconds"]) for row in found} == {
        "recovered": ("recovered", 60.0),
        "called_back": ("called_back", 0.0),
        "lost": ("lost", 0.0),
        "ringing": ("pending", 0.0),
        "gone": ("lost", None),
        "fresh": ("pending", None),
        "patient": ("pending", None),
    }
    redials = report(store).redials
    # The customer who was called back rang as well: all of these are the same customer's, of the same minute.
    assert (redials.abandoned, redials.redialled, redials.recovered, redials.called_back) == (7, 4, 1, 1)
    assert (redials.lost, redials.pending) == (2, 3)


def test_switches_tell_how_long_why_and_which_step(store: Embedded) -> None:
    put(
        store,
        signal(
            "channel_switch:customer_id:42/c2",
            "channel_switch",
            from_channel="chat",
            to_channel="voice",
            cause="abandoned",
            details={"seconds": 90.5, "step": "assisted_to_assisted", "invited": True},
        ),
        signal("redial:customer_id:42/c1", "redial"),
    )
    row = one(store, "SELECT * EXCEPT (signal_id, customer, journey_id, at) FROM v_switches")
    assert list(row.values()) == ["chat", "voice", 90.5, "abandoned", "assisted_to_assisted", True, "c1", "c2"]


def test_why_a_contact_is_a_repeat(store: Embedded) -> None:
    put(
        store,
        stitched(contact("first", ended_at=START, intent="billing")),
        stitched(contact("other", started_at=START + DAY, intent="order")),
        stitched(
            contact("again", started_at=START + 3 * DAY + 1000, intent="billing"),
            repeat_of_same="first",
            repeat_of_any="other",
        ),
    )
    found = rows(store, "SELECT rule, repeats_contact_id, window_days, seconds FROM why_repeat ORDER BY rule")
    assert [tuple(row.values()) for row in found] == [
        ("any_intent", "other", 3, 2 * 86_400 + 1.0),
        ("same_intent", "first", 7, 3 * 86_400 + 1.0),
    ]
    windows = {"window_days": (1, 2), "window_ends": (START + 3 * DAY, START + 4 * DAY)}
    put(store, stitched(contact("first", ended_at=START, intent="billing"), version=2, **windows))
    found = rows(store, "SELECT window_days FROM why_repeat WHERE rule = 'same_intent'")
    assert found == [{"window_days": 2}]


def test_identifiers_with_the_customers_that_nobody_ruled_about(store: Embedded) -> None:
    put(
        store,
        stitched(contact("c1")),
        stitched(contact("c2")),
        stitched(contact("c3"), customer="customer_id:7"),
        stitched(contact("c4"), customer="anonymous:c4"),
        identifier("email:a", "email:a", "unclaimed", version=1),
        identifier("email:a", version=2),
        identifier("customer_id:7", version=1),  # by a link
        identifier("phone:5", version=1),
        deleted("journey.identifiers", "identifier", "phone:5", 2),
    )
    found = rows(store, "SELECT identifier, kind, owner, state FROM v_identifiers ORDER BY identifier")
    assert [tuple(row.values()) for row in found] == [
        ("customer_id:42", "customer_id", "customer_id:42", "owned"),
        ("customer_id:7", "customer_id", "customer_id:42", "owned"),
        ("email:a", "email", "customer_id:42", "owned"),
    ]


def test_an_agent_s_day(store: Embedded) -> None:
    quarter = 900_000
    first = {"hard_run": 1, "busy_s": 300.0, "slot_s": 450.0, "load_s": 200.0, "available_s": 100.0}
    second = {"hard_run": 3, "busy_s": 100.0, "slot_s": 150.0, "load_s": 100.0, "available_s": 100.0}
    put(
        store,
        agent_interval("ann", START, team="north", channels=("chat", "voice"), by_channel=(3, 1), **first),
        agent_interval("ann", START + quarter, team="south", channels=("voice",), by_channel=(2,), **second),
        agent_interval("ann", START + DAY, staffed_s=900.0),
        agent_interval("bob", START, version=1, staffed_s=9.0),
        deleted("journey.agent_figures", "interval", f"bob|{START}", 2),
        agent_now("ann", version=9),
    )
    days = store.query(
        "SELECT toString(day), agent, team, contacts, channels, by_channel, longest_hard_run, concurrency, occupancy, "
        "occupancy_by_slots FROM v_agents ORDER BY day"
    ).rows
    assert days == [
        ("2026-01-01", "ann", "south", 6, ["chat", "voice"], [3, 3], 3, 1.5, 400 / 600, 0.5),
        ("2026-01-02", "ann", "", 0, [], [], 0, None, None, None),
    ]
    quarters = store.query(
        "SELECT contacts, occupancy, occupancy_by_slots FROM v_agent_intervals ORDER BY starts_at"
    ).rows
    assert quarters == [(4, 0.75, 0.5), (2, 0.5, 0.5), (0, None, None)]
    shown = report(store).agents
    assert (shown.agents, shown.contacts, shown.longest_hard_run) == (1, 6, 3)
    assert (shown.occupancy, shown.occupancy_by_slots, shown.concurrency) == (400 / 600, 0.5, 1.5)


def test_figures_are_provisional_within_the_lateness_horizon(store: Embedded) -> None:
    put(store, newest(START + 40 * DAY))
    horizon = "SELECT toUnixTimestamp64Milli(provisional_since) AS since FROM v_horizon"
    assert one(store, horizon)["since"] == START + 5 * DAY
    for days in (10, 10, 3):
        note(store, Duration(days * 86_400))
        assert one(store, horizon)["since"] == START + (40 - days) * DAY
    assert one(store, "SELECT count() AS told FROM settings_used FINAL")["told"] == 1
    assert report(store).provisional_since == datetime(2026, 2, 7, tzinfo=UTC)


def test_a_report_of_nothing(store: Embedded) -> None:
    empty = report(store)
    assert (empty.as_of, empty.provisional_since, empty.contacts, empty.fcr) == (None, None, 0, ())
    assert empty.mean_wait_answered_s is None
    assert b'"contacts":0' in msgspec.json.encode(empty)
    assert (empty.agents.agents, empty.agents.occupancy, empty.agents.longest_hard_run) == (0, None, 0)


def test_root_causes_as_they_are_now(store: Embedded) -> None:
    put(
        store,
        root_cause("a", rank=2),
        root_cause("a", version=2, rank=1, lift=2.5),
        root_cause("b", base_rate=None, expected=None, lift=None, p_value=None, excess=None, significant=False),
        root_cause("c"),
        deleted("journey.causes", "cause", "2026-01-01/repeat/article/c", 2),
    )
    found = rows(store, "SELECT toString(day) AS day, cause, rank, lift, significant FROM v_root_causes ORDER BY cause")
    put(store, newest(START + 30 * HOUR), root_cause("old", day=START - DAY))
    assert [(one.cause, one.day.isoformat(), one.significant) for one in report(store).root_causes] == [
        ("a", "2026-01-01", True),
        ("b", "2026-01-01", False),
    ]
    assert found == [
        {"day": "2026-01-01", "cause": "a", "rank": 1, "lift": 2.5, "significant": 1},
        {"day": "2026-01-01", "cause": "b", "rank": 1, "lift": None, "significant": 0},
    ]


class TestNextSteps:
    """What is to be expected, given the silence since then."""

    @pytest.mark.parametrize(
        ("silence", "expected"),
        [
            (MINUTE, (0.2, 0.4, 0.6)),
            (15 * MINUTE, (None, 0.25, 0.5)),
            (HOUR, (None, None, 1 / 3)),
        ],
    )
    def test_what_has_passed_in_silence_counts(
        self, store: Embedded, silence: int, expected: tuple[float | None, ...]
    ) -> None:
        put(store, journey(), stitched(contact("c1")), next_step("c1"), newest(START + silence))
        row = one(store, "SELECT p_15m, p_1h, p_1d, intent, silent_s FROM v_next_steps")
        assert (row["p_15m"], row["p_1h"], row["p_1d"]) == pytest.approx(expected)
        assert (row["intent"], row["silent_s"]) == ("billing", silence / 1000)

    def test_who_came_back_or_stayed_away_for_a_day_is_not_expected(self, store: Embedded) -> None:
        put(store, journey(), stitched(contact("c1")), next_step("c1"), newest(START + MINUTE))
        assert len(rows(store, "SELECT * FROM v_next_steps")) == 1
        put(store, stitched(contact("c2", started_at=START + MINUTE)))
        assert rows(store, "SELECT * FROM v_next_steps") == []
        put(store, stitched(contact("c3", started_at=START + HOUR), customer="customer_id:7"))
        put(store, next_step("c3", at=START + HOUR, customer="customer_id:7"))
        put(store, journey("customer_id:7/c3", customer="customer_id:7"), newest(START + 2 * HOUR))
        assert len(rows(store, "SELECT * FROM v_next_steps")) == 1
        put(store, newest(START + HOUR + DAY))
        assert rows(store, "SELECT * FROM v_next_steps") == []

    def test_a_journey_has_one_row_that_of_its_last_contact(self, store: Embedded) -> None:
        put(store, journey(), newest(START + MINUTE))
        for version, (contact_id, at) in enumerate((("c1", START), ("c2", START + 1)), 1):
            placed = contact(contact_id, direction="outbound")
            one_journey = Stitched(placed, "customer_id:42", "customer_id:42/c1")
            put(store, changed("journey.stitched", "stitched", contact_id, one_journey, version))
            put(store, next_step(contact_id, version, at))
        assert rows(store, "SELECT contact_id FROM v_next_steps") == [{"contact_id": "c2"}]
