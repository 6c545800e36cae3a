"""Who is there for which queue, and how much of an agent of several."""

from __future__ import annotations

import pytest

from journeys.settings import DEFAULTS, convert
from journeys.staffing.crew import crew, shares, staffed
from journeys.workload import SEEN_MS, AgentNow

NOW = 1_772_442_000_000
LATER = NOW + 3_600_000
VOICE, CHAT, SALES = ("billing", "voice"), ("billing", "chat"), ("sales", "voice")


def agent(name: str, state: str, *queues: str, **more: object) -> AgentNow:
    return AgentNow(name, NOW, state, NOW, LATER, queues=queues, **more)  # type: ignore[arg-type]


def test_parts_of_an_agent_make_one() -> None:
    work = {VOICE: 9.0, CHAT: 0.0, SALES: 1.0}
    found = shares(("billing", "sales"), work)
    assert sum(found.values()) == pytest.approx(1)
    assert found[VOICE] > found[SALES] > found[CHAT] > 0
    assert shares(("elsewhere",), work) == {}


def test_states_are_counted_by_place() -> None:
    everybody = crew(
        [
            agent("ann", "available", "sales"),
            agent("bob", "available", "sales", in_hand={"voice": 1}),
            agent("cem", "after_contact_work", "sales"),
            agent("dee", "lunch", "sales"),
            agent("eva", "offline", "sales"),
            AgentNow("fay", NOW, "available", NOW, NOW, queues=("sales",)),  # too long ago
            agent("gus", "busy", "sales"),
        ],
        NOW,
        DEFAULTS,
    )
    found = staffed(everybody, {SALES: 1.0})[SALES]
    assert (found.available, found.busy, found.after_contact_work, found.away) == (1, 2, 1, 1)
    assert found.staffed == 5


def test_how_many_contacts_at_once() -> None:
    everybody = crew(
        [agent(name, "available", "billing", in_hand={"chat": n}) for name, n in (("a", 3), ("b", 2), ("c", 0))],
        NOW,
        DEFAULTS,
    )
    assert staffed(everybody, {CHAT: 1.0})[CHAT].concurrency == 2.5
    assert staffed([], {CHAT: 1.0})[CHAT].concurrency == 1


def test_skills_are_those_of_events_and_of_settings() -> None:
    settings = convert({"staffing": {"skills": {"ann": ["vip"], "red": ["sales", "chat"]}}})
    (ann,) = crew([agent("ann", "available", "billing", skills=("faults",), team="red")], NOW, settings)
    assert ann.queues == ("billing",)
    assert ann.skills == ("billing", "chat", "faults", "sales", "vip")


def test_who_tells_no_state_is_seen_by_the_contacts() -> None:
    silent = AgentNow("ann", NOW, in_hand={"voice": 1}, queues=("sales",))
    found = staffed(crew([silent], NOW + 60_000, DEFAULTS), {SALES: 1.0})[SALES]
    assert found.busy == 1
    assert staffed(crew([silent], NOW + SEEN_MS, DEFAULTS), {SALES: 1.0})[SALES].staffed == 0
