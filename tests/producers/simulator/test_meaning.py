"""What is said, asked, planted and told of the agents, and the truth about it."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, date, datetime
from itertools import pairwise
from statistics import fmean

import pytest

from journeys import agents
from journeys.agents import AgentEvent
from journeys.touchpoint import READ, Touchpoint
from producers.simulator import Need, Scenario, agent_states, simulate, truth
from producers.simulator.centre import INTENTS, NODES, OPTS_OUT, RESOLVED, TRANSFERRED
from producers.simulator.phrases import AGENT, CUSTOMER, THINGS
from producers.simulator.scenarios import (
    ARTICLE_FAILS,
    NODE_FAILS,
    PASSED_ON_ESCALATED,
    PASSED_ON_RESOLVED,
    TEAM_TRANSFERS,
    planted,
)

DAY = date(2026, 1, 5)
MIDNIGHT = int(datetime(2026, 1, 5, tzinfo=UTC).timestamp() * 1000)
TEN = MIDNIGHT + 10 * 3_600_000
SEED = 7
SIZE = 6000
PLANTED = Scenario("order-3", "fault/report", "support_voice-2", from_hour=10)

Contacts = dict[str, list[Touchpoint]]


def contacts_of(touchpoints: list[Touchpoint]) -> Contacts:
    contacts: Contacts = defaultdict(list)
    for touchpoint in touchpoints:
        contacts[touchpoint.contact_id].append(touchpoint)
    return contacts


@pytest.fixture(scope="module")
def plain() -> list[Touchpoint]:
    return list(simulate(SEED, DAY, SIZE))


@pytest.fixture(scope="module")
def needs() -> list[Need]:
    return list(truth(SEED, DAY, SIZE))


@pytest.fixture(scope="module")
def troubled() -> list[Touchpoint]:
    return list(simulate(SEED, DAY, SIZE, scenario=PLANTED))


@pytest.fixture(scope="module")
def states() -> list[AgentEvent]:
    return list(agent_states(SEED, DAY, SIZE))


def test_the_stock_of_phrases_is_large_and_no_phrase_has_two_tones() -> None:
    assert min(len(stock) for stock in CUSTOMER.values()) >= 25
    phrases = [phrase for stock in CUSTOMER.values() for phrase in stock]
    assert len({*phrases, *AGENT}) == len(phrases) + len(AGENT)
    assert THINGS.keys() == INTENTS.keys()


def test_attributes_that_mean_something_are_all_told(plain: list[Touchpoint]) -> None:
    told = {name for touchpoint in plain for name in touchpoint.attributes}
    assert told >= (READ | {"text"}) - {"topic", "sentiment_by"}
    assert not any("{" in str(touchpoint.attributes.get("text")) for touchpoint in plain)


def test_menus_have_nodes_and_some_callers_want_a_human(plain: list[Touchpoint]) -> None:
    ivr = [touchpoint for touchpoint in plain if touchpoint.channel == "ivr"]
    chosen = Counter(one.attributes["node"] for one in ivr if one.type == "menu_chosen")
    assert set(chosen) == {node for nodes in NODES.values() for node in nodes}
    opted_out = sum(one.type == "opted_out" for one in ivr)
    assert opted_out / (opted_out + chosen.total()) == pytest.approx(OPTS_OUT, abs=0.015)


def test_an_agent_is_in_one_team_and_teams_share_a_queues_work(plain: list[Touchpoint]) -> None:
    teams: dict[str, set[str]] = defaultdict(set)
    work: dict[str, Counter[str]] = defaultdict(Counter)
    for one in plain:
        if one.type == "connected":
            teams[one.agent].add(one.attributes["team"])
            work[one.queue][one.attributes["team"]] += 1
    assert all(len(own) == 1 for own in teams.values())
    for queue in ("support_voice", "billing_voice", "support_chat"):
        assert set(work[queue]) == {f"{queue}-{number}" for number in (1, 2, 3)}
        assert min(work[queue].values()) > 0.4 * max(work[queue].values())


def test_what_is_said_is_said_during_the_conversation_and_is_no_more_than_an_eighth(plain: list[Touchpoint]) -> None:
    said = 0
    for contact in contacts_of(plain).values():
        talking = False
        for one in contact:
            if one.type == "message":
                assert talking, contact
                assert ("text" in one.attributes) != ("sentiment" in one.attributes)
                assert one.channel != "voice" or -1 <= one.attributes["sentiment"] <= 1
                said += 1
            elif one.type in ("connected", "ended", "held", "resumed"):
                talking = one.type in ("connected", "resumed")
    assert 0.05 < said / len(plain) < 0.125


def test_moods_fall_where_the_truth_says_and_stay_low(plain: list[Touchpoint], needs: list[Need]) -> None:
    contacts = contacts_of(plain)
    drops = [drop for need in needs for drop in need.drops]
    assert len(drops) > 15
    assert len({drop.contact_id for drop in drops}) == len(drops)
    before: list[float] = []
    for drop in drops:
        said = [one for one in contacts[drop.contact_id] if one.attributes.get("speaker") == "customer"]
        place = next(n for n, one in enumerate(said) if one.id == drop.touchpoint_id)
        assert said[place].at == drop.at
        assert 2 <= place <= len(said) - 1
        for one in said[place:]:
            if "text" in one.attributes:
                assert any(one.attributes["text"].startswith(start) for start in openings("angry"))
            else:
                assert one.attributes["sentiment"] < -0.3
        for one in said[:place]:
            if "text" in one.attributes:
                assert any(one.attributes["text"].startswith(start) for start in openings("pleased", "neutral"))
            else:
                before.append(one.attributes["sentiment"])
    assert min(before) > -0.4


def test_without_a_sudden_drop_a_mood_moves_little(plain: list[Touchpoint], needs: list[Need]) -> None:
    fallen = {drop.contact_id for need in needs for drop in need.drops}
    steps = [
        after.attributes["sentiment"] - before.attributes["sentiment"]
        for contact_id, contact in contacts_of(plain).items()
        if contact_id not in fallen
        for before, after in pairwise([one for one in contact if "sentiment" in one.attributes])
    ]
    assert len(steps) > 200
    assert min(steps) > -0.6
    assert abs(fmean(steps)) < 0.03


def openings(*tones: str) -> list[str]:
    """How the phrases of ``tones`` begin, up to what is filled in."""
    return [phrase.partition("{")[0] for tone, stock in CUSTOMER.items() if tone in tones for phrase in stock]


def test_surveys_follow_invitations_and_tell_how_it_was(plain: list[Touchpoint], needs: list[Need]) -> None:
    contacts = contacts_of(plain)
    invited = {one.attributes["about"] for one in plain if one.channel == "survey" and one.type == "sent"}
    answers = [one for one in plain if one.type == "surveyed"]
    assert all(contact_id in contacts for contact_id in invited)
    assert 0.3 < len(answers) / len(invited) < 0.55
    about = [one for one in answers if "about" in one.attributes]
    assert 0.5 < len(about) / len(answers) < 0.8
    assert all(one.attributes["about"] in invited for one in about)
    kinds = Counter(name for one in answers for name in one.attributes if name != "about")
    assert kinds.keys() == {"csat", "nps", "ces"}
    assert kinds["csat"] > 0.7 * len(answers)
    for name, least, most in (("csat", 1, 5), ("nps", 0, 10), ("ces", 1, 7)):
        assert all(least <= one.attributes.get(name, least) <= most for one in answers)
    csat: dict[bool, list[int]] = {True: [], False: []}
    for one in about:
        if "csat" in one.attributes:
            outcomes = [touchpoint.outcome for touchpoint in contacts[one.attributes["about"]] if touchpoint.outcome]
            csat[outcomes == ["resolved"]].append(one.attributes["csat"])
    assert fmean(csat[True]) > fmean(csat[False]) + 0.7
    evaluated = [one for one in plain if one.type == "evaluated"]
    assert len(evaluated) > 10
    assert all(0 <= one.attributes["qa"] <= 100 and contacts[one.contact_id][-1] is one for one in evaluated)


def test_what_is_planted_does_what_is_written_down(troubled: list[Touchpoint]) -> None:
    contacts = contacts_of(troubled)
    reads = [
        contact
        for contact in contacts.values()
        if contact[0].at >= TEN and any(one.attributes.get("article") == PLANTED.broken_article for one in contact)
        and contact[-1].at < MIDNIGHT + 23 * 3_600_000
    ]  # fmt: skip
    settled = sum(any(one.type == "resolved" for one in contact) for contact in reads)
    assert len(reads) > 50
    assert 1 - settled / len(reads) == pytest.approx(ARTICLE_FAILS, abs=0.05)
    calls = [
        contact
        for contact in contacts.values()
        if contact[0].at >= TEN and any(one.attributes.get("node") == PLANTED.bad_node for one in contact)
        and contact[0].channel == "ivr"
    ]  # fmt: skip
    assert len(calls) > 50
    dead = sum(contact[-1].type == "ended" and contact[-2].type == "failed" for contact in calls)
    assert dead / len(calls) == pytest.approx(NODE_FAILS, abs=0.06)
    taken: Counter[bool] = Counter()
    passed: Counter[bool] = Counter()
    ends: list[str] = []
    escalated = 0
    for contact in contacts.values():
        team, by_team = "", False
        if contact[0].at < TEN:
            continue
        for one in contact:
            if one.type == "connected" and one.queue.endswith("_voice"):
                team = one.attributes["team"]
                taken[team == PLANTED.transferring_team] += 1
            elif one.type == "transferred":
                passed[team == PLANTED.transferring_team] += 1
                by_team |= team == PLANTED.transferring_team
            elif by_team and one.type == "escalated":
                escalated += 1
            elif by_team and one.type == "ended":
                ends.append(one.outcome)
    assert 0.8 * TEAM_TRANSFERS < passed[True] / taken[True] < TEAM_TRANSFERS
    assert passed[False] / taken[False] == pytest.approx(TRANSFERRED, abs=0.03)
    assert ends.count("resolved") / len(ends) == pytest.approx(PASSED_ON_RESOLVED, abs=0.1)
    assert escalated / len(ends) == pytest.approx(PASSED_ON_ESCALATED, abs=0.1)
    assert RESOLVED["voice"] > PASSED_ON_RESOLVED


def test_the_truth_says_what_was_planted_and_nothing_happens_before(
    plain: list[Touchpoint], troubled: list[Touchpoint], needs: list[Need]
) -> None:
    def early(touchpoints: list[Touchpoint]) -> list[Touchpoint]:
        return [one for one in touchpoints if one.at < TEN]

    assert early(troubled) == early(plain)
    assert not any(need.struck for need in needs)
    struck = [struck for need in truth(SEED, DAY, SIZE, scenario=PLANTED) for struck in need.struck]
    assert {one.cause for one in struck} == {"order-3", "fault/report", "support_voice-2"}
    assert min(one.at for one in struck) >= TEN
    contacts = contacts_of(troubled)
    for one in struck:
        values = {value for touchpoint in contacts[one.contact_id] for value in touchpoint.attributes.values()}
        assert one.cause in values


def test_a_seed_plants_what_there_is() -> None:
    drawn = [planted(seed) for seed in range(1, 40)]
    assert len({scenario.broken_article for scenario in drawn}) > 5
    assert {scenario.broken_article.partition("-")[0] for scenario in drawn} == {"order", "billing"}
    assert {scenario.bad_node.partition("/")[0] for scenario in drawn} == {"billing", "fault", "technical"}
    assert planted(3) == planted(3)


@pytest.mark.parametrize("name", ["broken_article", "bad_node", "transferring_team"])
def test_a_scenario_names_what_does_not_exist(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name}: expected one of .*'nonsense'"):
        Scenario(**{name: "nonsense"})


def test_an_agent_serves_while_available_and_works_after(plain: list[Touchpoint], states: list[AgentEvent]) -> None:
    assert all(before.at <= after.at for before, after in pairwise(states))
    assert len({state.id for state in states}) == len(states)
    assert {state.state for state in states} == {"available", "after_contact_work", "break", "offline"}
    last: dict[str, str] = {}
    told = iter([*states, AgentEvent(2**60, "", "", "")])
    state = next(told)
    for one in plain:
        while state.at <= one.at and state.at < 2**60:
            assert last.get(state.agent) != state.state or state.state == "available"
            last[state.agent] = state.state
            state = next(told)
        if one.type in ("held", "message", "resumed") and one.agent:
            assert last[one.agent] == "available"
    assert Counter(last.values())["break"] < 5, "nobody is on a break all night"


def test_a_state_is_complete_and_meets_the_contract(states: list[AgentEvent]) -> None:
    for state in states[:2000]:
        assert agents.decode(agents.encode(state)) == state
        assert state.team.startswith(state.queues[0])
        assert state.site
        assert state.name
    slots = {tuple(state.queues): state.slots for state in states}
    assert slots["support_voice",] == {"voice": 1}
    assert slots["support_chat",] == {"chat": 3}


def test_who_is_told_of_the_agents_changes_nothing(plain: list[Touchpoint], states: list[AgentEvent]) -> None:
    on_duty = {state.agent for state in states}
    assert {one.agent for one in plain if one.agent and not one.agent.startswith("store.")} <= on_duty
    assert list(agent_states(SEED, DAY, SIZE))[:500] == states[:500]
    breaks = Counter(state.agent for state in states if state.state == "break")
    assert len(breaks) > 20
