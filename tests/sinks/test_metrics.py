from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from journeys.change import Change, encode
from journeys.journey import Signal
from journeys.next_step import Score, Sums
from journeys.queue import QueueNow
from journeys.staffing.figures import Move, Side, Staffing
from sinks.catalogue import COUNTERS, GAUGES, MAX_VALUES, Bounded
from sinks.metrics import INTERVALS_KEPT, SIGNALS_KEPT_MS, Figures, Snapshot, State
from tests.sinks.messages import (
    HOUR,
    MINUTE,
    START,
    Message,
    agent_interval,
    agent_now,
    changed,
    deleted,
    interval,
    journey,
    root_cause,
    signal,
)

QUARTER = 15 * MINUTE


def shown(figures: Figures) -> dict[tuple[str, ...], float]:
    """Name and label values to the value, as Prometheus would read it."""
    registry = CollectorRegistry()
    registry.register(figures)
    order = {name: labels for name, (_, labels) in GAUGES.items()}
    order |= {f"{name}_total": labels for name, (_, labels) in COUNTERS.items()}
    return {
        (sample.name, *(sample.labels[label] for label in order[sample.name])): sample.value
        for family in text_string_to_metric_families(generate_latest(registry).decode())
        for sample in family.samples
    }


def figures(*messages: Message, clock_ms: int = START, state: State | None = None) -> Figures:
    made = Figures(state, lambda: clock_ms / 1000)
    made.ready = True
    for message in messages:
        made.take(message)
    return made


def now(waiting: int, oldest: int | None, version: int = 1, queue: str = "billing", as_of: int = START) -> Message:
    live = QueueNow(queue, "voice", as_of, waiting, oldest, 3)
    return changed("journey.queues", "now", f"{queue}|voice", live, version, as_of)


def test_live_queue() -> None:
    found = shown(figures(now(2, START - 90_000), clock_ms=START + 10_000))
    assert found["journey_queue_waiting", "billing", "voice"] == 2
    assert found["journey_queue_connected", "billing", "voice"] == 3
    assert found["journey_queue_longest_wait_seconds", "billing", "voice"] == 100  # the clock goes on between events


def test_a_replay_has_a_now_of_its_own() -> None:
    found = shown(figures(now(2, START - 90_000), clock_ms=START + 500 * HOUR))
    assert found["journey_queue_longest_wait_seconds", "billing", "voice"] == 90


def test_the_highest_version_holds() -> None:
    late = figures(
        now(5, START, version=9), now(2, START, version=8), deleted("journey.queues", "now", "billing|voice", 7)
    )
    assert shown(late)["journey_queue_waiting", "billing", "voice"] == 5
    late.take(deleted("journey.queues", "now", "billing|voice", 10))
    assert ("journey_queue_waiting", "billing", "voice") not in shown(late)


def test_intervals_current_and_previous() -> None:
    counts = {"entered": 10, "answered": 6, "abandoned": 4, "answered_within": 3, "abandoned_within": 2}
    found = shown(
        figures(
            interval(START, **counts, short_abandoned=1, wait_answered_s=60.0, talk_s=100.0, wrap_s=20.0),
            interval(START - QUARTER, entered=1, answered=1, answered_within=1),
            interval(START - 2 * QUARTER, entered=99),
            clock_ms=START + MINUTE,
        )
    )
    here = ("billing", "voice", "current")
    assert found["journey_queue_interval_offered", *here] == 10
    assert found["journey_queue_interval_handle_seconds", *here] == 120
    assert found["journey_queue_interval_wait_answered_seconds", *here] == 60
    level = "journey_queue_interval_service_level_ratio"
    assert found[level, *here, "ours"] == 3 / 8
    assert found[level, *here, "amazon_connect"] == 0.5
    assert found[level, *here, "genesys"] == 3 / 9
    assert found["journey_queue_interval_offered", "billing", "voice", "previous"] == 1
    assert found[level, "billing", "voice", "previous", "answered_only"] == 1
    assert not [key for key in found if 99 in (found[key],)]


def test_an_interval_without_visits_is_empty_and_no_old_one() -> None:
    found = shown(figures(interval(START, entered=10), clock_ms=START + QUARTER))
    assert found["journey_queue_interval_offered", "billing", "voice", "current"] == 0
    assert found["journey_queue_interval_offered", "billing", "voice", "previous"] == 10
    assert not [key for key in found if key[0].endswith("ratio")]  # nothing counts yet: absent, and not 0 or NaN


def test_agents_by_team_queue_and_state_and_none_by_name() -> None:
    found = shown(
        figures(
            agent_now("ann", state="available", team="north", queues=("sales", "service")),
            agent_now("bob", state="available", team="north", queues=("sales",), in_hand={"chat": 2}),
            agent_now("eve", state="break", team="south", until=START, in_hand={"voice": 1}),
        )
    )
    assert found["journey_agents", "north", "available"] == 2
    assert ("journey_agents", "south", "break") not in found  # it has lasted too long
    assert (
        found["journey_queue_agents", "sales", "available"],
        found["journey_queue_agents", "service", "available"],
    ) == (2, 1)
    assert (found["journey_agents_contacts", "north", "chat"], found["journey_agents_contacts", "south", "voice"]) == (
        2,
        1,
    )
    assert not any("ann" in labels for labels in found)


def test_occupancy_both_ways() -> None:
    both = figures(
        agent_interval("ann", START, team="north", busy_s=300.0, load_s=100.0, available_s=300.0),
        agent_interval("bob", START, team="north", busy_s=100.0, load_s=100.0, available_s=100.0),
        agent_interval("bob", START - QUARTER, team="north", busy_s=90.0, load_s=90.0, available_s=10.0),
        agent_interval("bob", START - 2 * QUARTER, team="north", busy_s=1.0, available_s=9.0),
    )
    for _ in range(2):
        found = shown(both)
        assert found["journey_agents_occupancy_ratio", "north", "current", "clock"] == 0.5
        assert found["journey_agents_occupancy_ratio", "north", "current", "slots"] == 0.25
        assert found["journey_agents_occupancy_ratio", "north", "previous", "slots"] == 0.9
        both.tidy()
    assert f"bob|{START - 2 * QUARTER}" not in both.state.agent_intervals


def test_open_journeys_by_intent() -> None:
    made = figures(journey("a"), journey("b"), journey("c", intent="order"), journey("d", closes_at=START - 1))
    assert shown(made)["journey_journeys_open", "billing"] == 2
    made.take(deleted("journey.journeys", "journey", "a", 2))
    made.take(journey("b", version=0, intent="order"))  # an older version
    found = shown(made)
    assert (found["journey_journeys_open", "billing"], found["journey_journeys_open", "order"]) == (1, 1)


def test_signals_count_once_however_often_they_are_told() -> None:
    switch = {"from_channel": "chat", "to_channel": "voice", "cause": "abandoned"}
    made = figures(
        *(signal("s1", "channel_switch", version, **switch) for version in (1, 2, 2)),
        signal("s2", "repeat_contact", to_channel="voice", cause="same_intent"),
        signal("s3", "redial", from_channel="voice", cause="recovered"),
        signal("s4", "sentiment_drop", to_channel="chat"),
        *(signal(f"s5{score}", "survey_score", cause="nps", details={"score": score}) for score in (3.0, 9.0)),
        *(signal("s6", "survey_score", version, cause="csat", details={"score": 4.0}) for version in (1, 2)),
        deleted("journey.signals", "signal", "s1", 3),
        signal("s1", "channel_switch", 4, **switch),
    )
    found = shown(made)
    assert found["journey_switches_total", "chat", "voice", "abandoned"] == 1
    assert found["journey_repeats_total", "voice", "same_intent"] == 1
    assert found["journey_redials_total", "voice", "recovered"] == 1
    assert found["journey_sentiment_drops_total", "chat"] == 1
    assert (found["journey_survey_scores_total", "nps"], found["journey_survey_points_total", "nps"]) == (2, 12)
    assert (found["journey_survey_scores_total", "csat"], found["journey_survey_points_total", "csat"]) == (1, 4)


def test_root_causes_of_today_that_are_beyond_chance() -> None:
    found = shown(
        figures(
            root_cause("a", excess=8.0),
            root_cause("b", significant=False),
            root_cause("c", day=START - 24 * HOUR),
            root_cause("d", version=2),
            deleted("journey.causes", "cause", "2026-01-01/repeat/article/d", 3),
        )
    )
    assert {key: value for key, value in found.items() if key[0] == "journey_root_cause_excess"} == {
        ("journey_root_cause_excess", "repeat", "article", "a"): 8.0
    }


def test_causes_that_emerge_are_of_no_customer() -> None:
    details = {"event": "switch", "dimension": "node", "lift": 3.0}
    told = Signal("emerging_cause:2026-01-01T00/switch/node/n", "emerging_cause", "", "", START, "", details=details)
    message = changed("journey.signals", "signal", told.signal_id, told, 1)
    forgotten = Change("customer", "customer_id:42", 2, deleted=True, erased=True)
    gone = Message("journey.signals", encode(forgotten))
    found = shown(figures(message, gone, message))
    assert found["journey_emerging_causes_total", "switch", "node"] == 1


def test_dead_letters_by_reason() -> None:
    reason = (("__connect.errors.exception.class.name", b"too_late"),)
    made = figures(*(Message("journey.touchpoints.dlq", b"x", n, headers=reason) for n in range(3)))
    made.take(Message("journey.signals", b"{"))
    found = shown(made)
    assert found["journey_dead_letters_total", "too_late"] == 3
    assert found["journey_dead_letters_total", "unreadable"] == 1


def test_until_it_has_caught_up_it_shows_no_gauge_of_a_queue() -> None:
    made = figures(now(2, START), journey())
    made.ready = False
    found = shown(made)
    assert found["journey_metrics_ready",] == 0
    assert not [key for key in found if key[0].startswith(("journey_queue", "journey_journeys_open"))]


def test_all_that_is_shown_is_in_the_catalogue() -> None:
    made = figures(now(1, START), interval(entered=1), journey(), signal("s", "redial"))
    assert shown(made)  # reads each sample's labels by the catalogue's
    assert {metric.name for metric in made.collect()} == {*GAUGES, *COUNTERS}


def test_labels_are_bounded() -> None:
    made = figures(*(now(1, START, queue=f"q{n}") for n in range(MAX_VALUES + 50)))
    found = {key[1]: value for key, value in shown(made).items() if key[0] == "journey_queue_waiting"}
    assert len(found) == MAX_VALUES + 1
    assert found["other"] == 50
    bounded = Bounded(limit=1)
    assert [bounded(value) for value in ("a", "b", "a")] == ["a", "other", "a"]


def test_a_snapshot_brings_everything_back(tmp_path: Path) -> None:
    redial = signal("s1", "redial", from_channel="voice", cause="lost")
    made = figures(now(2, START - 90_000), interval(entered=3), journey(), redial)
    snapshot = Snapshot(tmp_path / "deep" / "metrics.snapshot")
    assert snapshot.read() == State()
    snapshot.write(msgspec.msgpack.encode(made.state))
    again = figures(redial, state=snapshot.read())
    assert shown(again) == shown(made)
    assert again.state.offsets == made.state.offsets


def test_a_broken_snapshot_is_made_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "metrics.snapshot"
    path.write_bytes(b"\x93broken")
    assert Snapshot(path).read() == State()
    assert "cannot be read" in caplog.text


def test_what_no_figure_needs_is_forgotten() -> None:
    made = figures(*(interval(START + n * QUARTER, entered=n) for n in range(20)))
    made.take(journey("closed", closes_at=START - 1))
    made.take(signal("old", "redial"))
    made.take(now(0, None, as_of=START + SIGNALS_KEPT_MS + 1))
    made.tidy()
    assert len(made.state.intervals) == INTERVALS_KEPT
    assert not made.state.open_journeys
    assert not made.state.signals


def score(partition: int, scored: int, brier: int, version: int = 1) -> Message:
    sums = Sums(scored, brier, 2 * brier, 3 * brier, 4 * brier)
    payload = Score(partition, START, 700, 20, {"1h": sums, "1d": Sums()})
    return changed("journey.next", "score", str(partition), payload, version)


def test_predictions_are_scored_over_all_partitions() -> None:
    found = shown(figures(score(0, 10, 9_000_000, version=2), score(0, 99, 99), score(1, 30, 3_000_000)))
    assert found["journey_next_step_brier", "1h", "touchpath"] == pytest.approx(0.3)
    assert found["journey_next_step_brier", "1h", "base_rate"] == pytest.approx(0.6)
    assert found["journey_next_step_log_loss", "1h", "touchpath"] == pytest.approx(0.9)
    assert found["journey_next_step_scored", "1h"] == 40
    assert found["journey_next_step_scored", "1d"] == 0
    assert ("journey_next_step_brier", "1d", "touchpath") not in found
    assert (found["journey_next_step_open",], found["journey_next_step_trials",]) == (40, 1400)


def test_a_likely_switch_is_counted_once() -> None:
    likely = signal("likely_switch:customer_id:42/c2", "likely_switch", from_channel="web", to_channel="voice")
    found = shown(figures(likely, likely))
    assert found["journey_likely_switches_total", "web", "voice"] == 1


def planned(ahead: int, version: int = 1, queue: str = "billing", as_of: int = START, **fields: float) -> Message:
    starts_at = START + ahead * QUARTER
    row = Staffing(queue, "voice", starts_at, 900, as_of, "berlin", **fields)  # type: ignore[arg-type]
    return changed("journey.staffing", "staffing", f"{queue}|voice|{starts_at}", row, version, as_of)


def moved(version: int, as_of: int = START, until: int = START + HOUR, **fields: object) -> Message:
    giver = Side("sales", "voice", "berlin", 9, 7, 0.95, 0.85)
    taker = Side("billing", "voice", "berlin", 5, 7, 0.4, 0.8)
    row = Move("m", as_of, giver, taker, 2, as_of, until, as_of + 600_000, 12.5, **fields)  # type: ignore[arg-type]
    return changed("journey.staffing", "move", "m", row, version, as_of)


def test_staffing_is_shown_by_how_far_ahead_it_is() -> None:
    made = figures(*(planned(ahead, required=10.0 + ahead) for ahead in range(-1, 7)))
    labels = "billing", "voice", "berlin"
    ahead = {
        key[4]: value for key, value in shown(made).items() if key[:4] == ("journey_staffing_required_agents", *labels)
    }
    assert ahead == {"0": 10, "1": 11, "2": 12, "3": 13, "4": 14}
    assert ("journey_staffing_scheduled_agents", *labels, "0") not in shown(made)

    made.take(planned(2, 2, as_of=START + QUARTER, required=20.0, scheduled=8.0))  # time goes on
    found = shown(made)
    assert found["journey_staffing_required_agents", *labels, "1"] == 20
    assert found["journey_staffing_scheduled_agents", *labels, "1"] == 8
    assert found["journey_staffing_required_agents", *labels, "0"] == 11
    made.tidy()
    assert len(made.state.staffing.intervals) == 6


def test_a_move_is_shown_while_it_is_recommended() -> None:
    labels = "sales", "voice", "billing", "voice", "berlin"
    made = figures(moved(1))
    found = shown(made)
    assert found["journey_move_agents", *labels] == 2
    assert found["journey_move_gain_contacts", *labels] == 12.5
    assert found["journey_move_service_level_ratio", *labels, "taker", "with"] == 0.8
    assert found["journey_move_service_level_ratio", *labels, "giver", "without"] == 0.95
    made.take(moved(2, withdrawn=True))
    assert not [key for key in shown(made) if key[0].startswith("journey_move")]
    assert not [key for key in shown(figures(moved(1, until=START))) if key[0].startswith("journey_move")]


def test_a_backfill_moves_nothing_of_what_staffing_shows() -> None:
    made = figures(planned(0, required=3.0))
    began = Message("journey.backfills", str(START + HOUR).encode(), timestamp=START + HOUR)
    made.take(began)
    old = planned(0, 9, as_of=START - 9 * HOUR, required=99.0)
    made.take(old._replace(timestamp=START + 2 * HOUR))
    labels = "billing", "voice", "berlin"
    assert shown(made)["journey_staffing_required_agents", *labels, "0"] == 3
    assert shown(made)["journey_staffing_as_of_timestamp_seconds",] == START / 1000


def test_queues_beyond_the_bound_are_left_out() -> None:
    made = figures(*(planned(0, queue=f"q{number}", required=1.0) for number in range(MAX_VALUES + 5)))
    found = [key for key in shown(made) if key[0] == "journey_staffing_required_agents"]
    assert len(found) == MAX_VALUES
