"""Panels' tables say what the definitions' views say, whatever versions, duplicates, tombstones and erasures came."""

from __future__ import annotations

import random
import shutil
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from journeys.mood import Mood
from journeys.settings import Duration
from sinks import panels
from sinks.embedded import Embedded
from sinks.migrate import DIRECTORY, migrate
from sinks.retention import keep
from tests.sinks.messages import (
    DAY,
    HOUR,
    MINUTE,
    START,
    Message,
    agent_interval,
    contact,
    deleted,
    interval,
    journey,
    newest,
    next_step,
    put,
    signal,
    stitched,
    visit,
)
from tests.sinks.test_erasure import erased

CHANNELS = ("voice", "chat", "web", "ivr", "survey")
QUEUES = ("billing", "fault", "")
SAME = {
    "contacts": (
        "SELECT channel, intent, queue, direction, outcome, sum(contacts), sum(identified), sum(touchpoints), "
        "sum(repeats), sum(repeats_same_intent), sum(transfers), round(sum(wait_s), 3), round(sum(talk_s), 3) "
        "FROM panel_contacts GROUP BY ALL ORDER BY ALL",
        "SELECT channel, intent, queue, direction, outcome, count(), countIf(identified), sum(touchpoints), "
        "countIf(repeat_of_any != ''), countIf(repeat_of_same != ''), sum(transfers), round(sum(wait_s), 3), "
        "round(sum(talk_s), 3) FROM v_contacts GROUP BY ALL ORDER BY ALL",
    ),
    "FCR": (
        "SELECT window_days, scope, attempt, sum(broken), sum(confirmed), sum(pending) FROM panel_fcr "
        "GROUP BY ALL ORDER BY ALL",
        "SELECT window_days, scope, attempt, broken, confirmed, pending FROM v_fcr ORDER BY ALL",
    ),
    "redials": (
        "SELECT day, channel, queue, identified, outcome, sum(contacts), sum(redialled) FROM panel_redials "
        "GROUP BY ALL ORDER BY ALL",
        "SELECT toDate(abandoned_at), channel, queue, identified, outcome, count(), countIf(redial_at IS NOT NULL) "
        "FROM v_redials GROUP BY ALL ORDER BY ALL",
    ),
    "switches": (
        "SELECT at, from_channel, to_channel, cause, seconds, invited FROM panel_switches ORDER BY ALL",
        "SELECT at, from_channel, to_channel, cause, seconds, invited FROM v_switches ORDER BY ALL",
    ),
    "journeys": (
        "SELECT opened_at, state, drop_off, intent, contacts, switches, repeats, long_waits, effort "
        "FROM panel_journeys ORDER BY ALL",
        "SELECT opened_at, state, drop_off, intent, contacts, switches, repeats, coalesce(long_waits, 0), effort "
        "FROM v_journeys ORDER BY ALL",
    ),
    "friction": (
        "SELECT day, kind, stage, channel, queue, intent, contacts, times FROM panel_friction ORDER BY ALL",
        "SELECT toDate(started_at), kind, stage, channel, queue, intent, count(), sum(times) FROM v_friction "
        "GROUP BY ALL ORDER BY ALL",
    ),
    "surveys": (
        "SELECT kind, channel, intent, sum(responses), sum(score_sum) / sum(responses), "
        "if(kind = 'ces', sum(score_sum), 100 * (sum(good) - sum(bad))) / sum(responses) "
        "FROM panel_surveys GROUP BY kind, channel, intent ORDER BY ALL",
        "SELECT kind, channel, intent, responses, mean, score FROM v_survey_scores ORDER BY ALL",
    ),
    "sentiment": (
        "SELECT channel, queue, sum(contacts), round(sum(first_sum), 6), round(sum(low_sum), 6), sum(ended_worse), "
        "sum(drops) FROM panel_sentiment GROUP BY ALL ORDER BY ALL",
        "SELECT channel, queue, count(), round(sum(first), 6), round(sum(low), 6), countIf(trend < 0), sum(drops) "
        "FROM v_sentiment GROUP BY ALL ORDER BY ALL",
    ),
    "next steps": (
        "SELECT from_channel, channel, intent, sum(journeys), round(sum(within_1d), 6) FROM panel_next_steps "
        "GROUP BY ALL ORDER BY ALL",
        "SELECT from_channel, channel, intent, count(), round(sum(p_1d), 6) "
        "FROM next_steps_of_before GROUP BY ALL ORDER BY ALL",
    ),
    "agents": (
        "SELECT day, agent, handled FROM panel_agents ORDER BY ALL",
        "SELECT day, agent, handled FROM v_agents ORDER BY ALL",
    ),
    "service level": (
        "SELECT dialect, queue, channel, sum(within), sum(v_service_levels.offered) FROM v_service_levels "
        "GROUP BY ALL ORDER BY ALL",
        "SELECT dialect, queue, channel, within, offered FROM v_service_level ORDER BY ALL",
    ),
}  # fmt: skip
"""Of each: the figures that dashboards read, and those of the definition."""


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    """One store for all of this file: some were there before the panels were."""
    older = tmp_path_factory.mktemp("older")
    for file in sorted(DIRECTORY.glob("*.sql"))[:15]:
        shutil.copy(file, older)
    store = Embedded(tmp_path_factory.mktemp("store") / "db")
    migrate(store, older)
    store.execute(_text("0008").replace("CREATE VIEW v_next_steps", "CREATE VIEW next_steps_of_before"))
    lived(store, 0)
    assert [name.partition("_")[0] for name in migrate(store)][:3] == ["0016", "0017", "0018"]
    yield store
    store.close()


def _text(number: str) -> str:
    (file,) = DIRECTORY.glob(f"{number}_*.sql")
    text = file.read_text()
    return text[text.index("CREATE VIEW v_next_steps") :].rstrip().rstrip(";")


def lived(store: Embedded, seed: int) -> None:
    """Three blocks of what stages say of some hundred contacts, each newer, older or the same as was said before."""
    rng = random.Random(seed)
    for _ in range(3):
        put(store, newest(START + 9 * DAY + seed * HOUR), *(one for _ in range(120) for one in said(rng)))


def said(rng: random.Random) -> Iterator[Message]:
    number, version = rng.randrange(150), rng.randint(1, 60)
    key = f"c{number}"
    if rng.random() < 0.1:
        yield deleted("journey.stitched", "stitched", key, version)
        yield deleted("journey.visits", "visit", f"v{number}", version)
        yield deleted("journey.signals", "signal", f"s{number}", version)
        return
    # Of one version there is one content: the rest is decided by both.
    rng = random.Random(f"{number} {version}")
    at = START + 8 * DAY + rng.randrange(-8 * DAY, DAY) // rng.choice((1, 8))
    ended, customer = at + rng.randrange(HOUR), f"customer_id:{number % 100}"
    channel, queue = rng.choice(CHANNELS), rng.choice(QUEUES)
    outcome = rng.choice(("answered", "answered", "abandoned", "self_service", "open"))
    attempt = {"answered": "answered", "self_service": "self_service"}.get(outcome, "none")
    felt = rng.choices(("transfer", "failed_search", "abandonment"), k=rng.randrange(4))
    stages = [rng.choice(("use", "service")) for _ in felt]
    mood = Mood(rng.uniform(-1, 1), rng.uniform(-1, 1), -1.0, 2) if rng.random() < 0.5 else None
    scores = ((rng.choice(("csat", "nps", "ces")), float(rng.randint(1, 5))),) if channel == "survey" else ()
    path = (("use", at), ("service", at + MINUTE))[: rng.randint(1, 2)]
    ends = tuple(ended + days * DAY for days in (1, 3, 7, 30)) if attempt != "none" and rng.random() < 0.8 else ()
    placed = contact(
        key, channel=channel, started_at=at, ended_at=ended, closed=rng.random() < 0.7, times_out_at=ended + HOUR,
        outcome=outcome, attempt=attempt, intent=rng.choice(("billing", "fault", "")), queue=queue, path=path,
        direction=rng.choice(("inbound", "inbound", "outbound")), wait_s=float(rng.randrange(100)),
        talk_s=float(rng.randrange(900)), transfers=rng.randrange(2), friction=tuple(felt),
        friction_stages=tuple(stages), mood=mood, scores=scores, touchpoints=rng.randint(1, 9),
    )  # fmt: skip
    again = ended + rng.randrange(9 * DAY) if attempt != "none" and rng.random() < 0.5 else None
    redialled = outcome == "abandoned" and rng.random() < 0.4
    yield stitched(
        placed, version, customer, first_repeat_same_at=again, first_repeat_any_at=again,
        repeat_of_any=rng.choice(("", f"c{number - 1}")), part_of=rng.choice(("", "", "", "", f"c{number - 1}")),
        redial_at=ended + MINUTE if redialled else None, redial_id=f"c{number + 1}" if redialled else "",
        redial="recovered" if redialled else "", survey_of=f"c{rng.randrange(150)}" if scores else "",
        window_days=(1, 3, 7, 30) if ends else (), window_ends=ends,
    )  # fmt: skip
    ways = ("answered", "abandoned", "waiting", "transferred")
    yield visit(f"v{number}", rng.choice(ways), float(rng.randrange(200)), version, target_s=20.0, short_s=5.0)
    details = {"seconds": rng.uniform(0, 9000), "invited": rng.random() < 0.5, "step": "assisted_to_assisted"}
    kind = rng.choice(("channel_switch", "channel_switch", "sentiment_drop"))
    between = {"from_channel": rng.choice(CHANNELS), "to_channel": channel, "cause": "choice"}
    yield signal(f"s{number}", kind, version, details=details, **between)
    yield journey(
        f"{customer}/{key}", version, customer=customer, intent=rng.choice(("billing", "fault")), opened_at=at,
        last_at=ended, closes_at=ended + rng.randrange(20) * DAY, switches=rng.randrange(4), long_wait_points=10.0,
        path=path, stage_s=tuple(60.0 for _ in path), drops_off_at=rng.choice(("", path[-1][0])),
    )  # fmt: skip
    yield next_step(key, version, ended, customer=customer, journey_id=f"{customer}/{key}", from_channel=channel)
    yield agent_interval(rng.choice(("ann", "bob")), START + rng.randrange(40) * 15 * MINUTE, version, handled=version)


def same(store: Embedded) -> None:
    panels.refresh(store)
    # The view of the definition is of visits, the panel's of intervals, which the queue stage adds up.
    intervals(store)
    told = {what: (store.query(shown).rows, store.query(meant).rows) for what, (shown, meant) in SAME.items()}
    assert {what: pair for what, pair in told.items() if pair[0] != pair[1]} == {}
    assert {what for what, (shown, _) in told.items() if not shown} == set()


def intervals(store: Embedded) -> None:
    counted = store.query(
        "SELECT queue, countIf(outcome = 'answered'), countIf(outcome = 'abandoned'), "
        "countIf(outcome = 'abandoned' AND coalesce(wait_s, 0) <= short_s), "
        "countIf(outcome = 'answered' AND coalesce(wait_s, 0) <= target_s), "
        "countIf(outcome = 'abandoned' AND coalesce(wait_s, 0) <= target_s) FROM v_visits GROUP BY queue"
    ).rows
    names = ("answered", "abandoned", "short_abandoned", "answered_within", "abandoned_within")
    version = store.query("SELECT 1 + max(version) FROM queue_intervals").rows[0][0]
    put(store, *(interval(START, version, queue, **dict(zip(names, row, strict=True))) for queue, *row in counted))


def test_a_store_from_before_has_them_after_the_migration(centre: Embedded) -> None:
    same(centre)


@pytest.mark.parametrize("seed", [1, 2])
def test_versions_duplicates_and_tombstones_count_once(centre: Embedded, seed: int) -> None:
    lived(centre, seed)
    lived(centre, seed)  # a sink that died between its insert and its commit stores all of it again
    same(centre)


def test_ways_through_channels_are_those_of_the_contacts(centre: Embedded) -> None:
    panels.refresh(centre)
    ways: dict[str, list[str]] = {}
    for key, channel in centre.query(
        "SELECT journey_id, channel FROM v_contacts WHERE channel != 'survey' ORDER BY started_at, channel"
    ).rows:
        ways.setdefault(key, []).append(channel)
    states = dict(centre.query("SELECT journey_id, state FROM v_journeys").rows)
    expected: Counter[tuple[int, str, str]] = Counter()
    for key, state in states.items():
        way = ways.get(key, [])
        last = "more" if len(way) > 6 else state
        edges = zip(way[:6], [*way[1:6], last], strict=True) if way else ()
        expected.update((step, *edge) for step, edge in enumerate(edges, 1))
    found = centre.query(
        "SELECT step, source, target, sum(journeys) FROM panel_flow WHERE kind = 'channel' GROUP BY ALL"
    ).rows
    assert {(step, source, target): count for step, source, target, count in found} == expected
    assert len(expected) > 5


def test_who_was_forgotten_and_what_was_not_kept_count_no_more(centre: Embedded) -> None:
    before = centre.query("SELECT sum(contacts) FROM panel_contacts").rows
    contacts = [key for (key,) in centre.query("SELECT contact_id FROM contacts WHERE customer = 'customer_id:7'").rows]
    put(
        centre,
        *(erased("journey.stitched", "stitched", key, 99) for key in contacts),
        erased("journey.journeys", "customer", "customer_id:7", 99),
        erased("journey.signals", "customer", "customer_id:7", 99),
    )
    same(centre)
    forgotten = centre.query("SELECT sum(contacts) FROM panel_contacts").rows
    assert forgotten < before
    keep(centre, {"contacts": Duration(1.0), "signals": Duration(1.0)})  # all of it is of the past
    put(centre, stitched(contact("new", channel="voice", started_at=2 * START, outcome="answered"), 1, "customer_id:1"))
    for table in ("contacts", "signals"):
        centre.execute(f"OPTIMIZE TABLE {table} FINAL")
    panels.refresh(centre)
    assert centre.query("SELECT sum(contacts) FROM panel_contacts").rows == [(1,)]
    assert centre.query("SELECT count() FROM panel_switches").rows == [(0,)]


def test_a_panel_rests_longer_the_longer_it_takes(centre: Embedded, monkeypatch: pytest.MonkeyPatch) -> None:
    panels.refresh(centre)
    monkeypatch.setattr(panels, "SHARE", 1_000_000)
    assert panels.pace(centre) == dict.fromkeys(panels.names(centre), panels.LONGEST_S)
    assert panels.pace(centre) == {}
    monkeypatch.setattr(panels, "SHARE", 0)
    assert set(panels.pace(centre).values()) == {panels.SHORTEST_S}


def test_nothing_in_a_panel_names_a_customer(centre: Embedded) -> None:
    named = centre.query(
        "SELECT table, name FROM system.columns WHERE database = currentDatabase() AND table LIKE 'panel%' "
        "AND (name LIKE '%\\_id' OR name = 'customer')"
    ).rows
    assert named == []


def test_the_engine_computes_them_by_itself(centre: Embedded) -> None:
    (before,) = centre.query("SELECT sum(contacts) FROM panel_contacts").rows[0]
    centre.execute("ALTER TABLE panel_contacts MODIFY REFRESH AFTER 1 SECOND")
    put(centre, stitched(contact("another", channel="voice", started_at=2 * START), 1, "customer_id:1"))
    assert eventually(centre, "SELECT sum(contacts) FROM panel_contacts", before + 1)


def eventually(centre: Embedded, sql: str, value: int, within_s: float = 60) -> bool:
    deadline = time.monotonic() + within_s
    while centre.query(sql).rows != [(value,)]:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True
