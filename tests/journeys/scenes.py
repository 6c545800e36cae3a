"""Touchpoints for tests: small scenes by hand, and whole centres by hypothesis."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from journeys.agents import AgentEvent
from journeys.pseudonyms import KEY_BYTES, Pseudonyms
from journeys.settings import DEFAULTS, convert
from journeys.touchpoint import FACTS, Touchpoint

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
KEY, OLDER_KEY = bytes(range(KEY_BYTES)), bytes(reversed(range(KEY_BYTES)))
PSEUDONYMS = Pseudonyms([KEY], DEFAULTS)
START = 1_767_225_600_000  # 2026-01-01T00:00:00Z

OFFICE = convert(
    {
        "sites": {
            "berlin": {
                "time_zone": "Europe/Berlin",
                "opening": {
                    **{day: ["08:00-12:00", "13:00-18:00"] for day in ("mon", "tue", "wed", "thu")},
                    "fri": "22:00-06:00",
                },
                "country": "DE",
                "holidays": ["2026-01-12"],
            },
            "santiago": {"time_zone": "America/Santiago"},
        },
        "calendar": {"site": "berlin", "working_time": ["fcr", "waits", "stages"]},
        "queues": {"sales": {"site": "santiago"}},
        "journeys": {"repeat_windows_days": [5, 1, 2]},
    }
)
"""A site that closes at noon, at night and at weekends but for a night shift, and one that never does."""

CHANNELS = ("voice", "chat", "web", "app", "messenger", "ivr", "email", "fax", "survey")
TYPES = (
    "started", "queued", "connected", "held", "resumed", "transferred", "abandoned", "called_back", "ended",
    "wrapped_up", "failed", "resolved", "visited", "searched", "article_viewed", "opted_out", "escalated",
    "conferenced",
)  # fmt: skip
ATTRIBUTES: tuple[dict[str, Any], ...] = (
    {}, {}, {}, {"page": "/Pricing"}, {"page": "/faq", "topic": "cancelling"}, {"order_state": "cart"}, {"results": 0},
    {"order_state": "paid"}, {"results": 3}, {"csat": 5}, {"nps": 2, "ces": 7}, {"sentiment": 0.5},
    {"sentiment": "POSITIVE"}, {"sentiment": -0.1}, {"sentiment": -0.7}, {"sentiment": "NEGATIVE"},
    {"sentiment": -1, "speaker": "agent"}, {"sentiment": "awful"}, {"csat": 2}, {"nps": "9"}, {"csat": 6},
    {"ces": 7, "about": "a"}, {"qa": 80.5, "about": "t3"}, {"article": "a1"}, {"article": "a2"}, {"node": "n1"},
    {"node": "n2"}, {"team": "x"}, {"team": "y"},
)  # fmt: skip
# Times at which windows and gaps meet their edges, so that ties and exact limits come up often.
STEPS = (0, MINUTE, 29 * MINUTE, 30 * MINUTE, HOUR, 4 * HOUR, DAY, 3 * DAY, 7 * DAY, 14 * DAY, 30 * DAY)


@st.composite
def touchpoints(draw: st.DrawFn, most: int = 30) -> list[Touchpoint]:
    """A small centre's touchpoints, ids distinct, in no particular order."""
    made = []
    for number in range(draw(st.integers(1, most))):
        contact = draw(st.sampled_from(("", "a", "b", "c", "d", "e", "f", "g")))
        at = (
            START + draw(st.sampled_from(STEPS)) + draw(st.sampled_from(STEPS)) + draw(st.sampled_from((0, 0, 1, 5000)))
        )
        made.append(
            Touchpoint(
                at=at,
                id=f"t{number}",
                type=draw(st.sampled_from(TYPES)),
                channel=draw(st.sampled_from(CHANNELS)),
                contact_id=contact or f"t{number}",
                identifiers=draw(
                    st.sampled_from(
                        ({}, {}, {"customer_id": "1"}, {"customer_id": "2"}, {"phone": "5"}, {"cookie": "x"})
                    )
                ),
                intent=draw(st.sampled_from(("", "", "billing", "fault", "other"))),
                reference=draw(st.sampled_from(("", "", "", "case-1", "case-2"))),
                queue=draw(st.sampled_from(("", "sales", "service"))),
                agent=draw(st.sampled_from(("", "ann", "bob"))),
                direction=draw(st.sampled_from(("", "", "inbound", "outbound"))),
                wait_s=draw(st.sampled_from((None, None, 3.0, 20.0, 21.5))),
                talk_s=draw(st.sampled_from((None, None, 60.0))),
                invited=draw(st.booleans()),
                attributes=draw(st.sampled_from(ATTRIBUTES)),
            )
        )
    return draw(st.permutations(made))


@st.composite
def asked(draw: st.DrawFn, most: int = 30) -> list[Touchpoint]:
    """Two customers who are heard in a few contacts, and then asked how it was."""
    made = []
    for number in range(draw(st.integers(1, most))):
        kind = draw(
            st.sampled_from(("said", "said", "said", "served", "served", "served", "surveyed", "surveyed", "sent"))
        )
        contact = draw(st.sampled_from("ab" if kind == "said" else "abcdef"))
        attributes: dict[str, object] = {}
        channel = "chat"
        if kind == "said":
            attributes["sentiment"] = draw(st.sampled_from((0.5, 0.5, 0.0, -0.1, -0.6, "NEGATIVE", "NEGATIVE")))
        elif kind != "served":
            alone = "survey", f"t{number}"
            channel, contact = draw(st.sampled_from((alone, alone, ("survey", "s"), ("voice", contact))))
            attributes["about"] = draw(st.sampled_from(("", "", "", "", "", "a", "s", "s", "elsewhere")))
            if kind == "surveyed":
                attributes["nps"] = draw(st.integers(-1, 11))
        made.append(
            Touchpoint(
                at=START + draw(st.sampled_from((0, MINUTE, HOUR, 2 * HOUR, DAY, 6 * DAY))) + number * 1000,
                id=f"t{number}",
                type="connected" if kind == "served" else kind,
                channel=channel,
                contact_id=contact,
                identifiers={"customer_id": draw(st.sampled_from("112"))},
                intent=draw(st.sampled_from(("", "billing", "fault"))),
                reference=draw(st.sampled_from(("", "", "", "", "", "", "", "case-1"))),
                direction="outbound" if kind == "sent" else "",
                attributes=attributes,
            )
        )
    return draw(st.permutations(made))


NAMES = {
    "customer_id": ("1", "2", "3"),
    "email": ("m@x", "n@x"),
    "phone": ("5", "6"),
    "device": ("tablet",),
    "cookie": ("x", "y"),
}


def some_identifiers(least: int = 0) -> st.SearchStrategy[dict[str, str]]:
    """Identifiers of a few kinds, few enough that they meet again."""
    of_kind = st.sampled_from(sorted(NAMES)).flatmap(
        lambda kind: st.tuples(st.just(kind), st.sampled_from(NAMES[kind]))
    )
    return st.lists(of_kind, min_size=least, max_size=3).map(dict)


@st.composite
def people(draw: st.DrawFn, most: int = 25) -> list[Touchpoint]:
    """Touchpoints whose identifiers join, conflict and change, with explicit facts among them."""
    made = []
    for number in range(draw(st.integers(1, most))):
        fact = draw(st.sampled_from(("", "", "", "", *sorted(FACTS))))
        contact = "" if fact else draw(st.sampled_from(("", "", "a", "b", "c", "d", "e")))
        made.append(
            Touchpoint(
                at=START + draw(st.sampled_from(STEPS)) + draw(st.sampled_from(STEPS)),
                id=f"t{number}",
                type=fact or draw(st.sampled_from(("queued", "connected", "ended", "visited"))),
                channel=draw(st.sampled_from(("voice", "chat", "web"))),
                contact_id=contact or f"t{number}",
                identifiers=draw(some_identifiers(1 if fact else 0)),
                intent=draw(st.sampled_from(("", "billing", "fault"))),
                other=draw(some_identifiers(1)) if fact in ("link", "unlink", "alias", "auto") else {},
            )
        )
    return draw(st.permutations(made))


STATES = ("available", "on_contact", "after_contact_work", "break", "offline")


@st.composite
def shifts(draw: st.DrawFn, most: int = 20) -> list[AgentEvent]:
    """Agent events of the agents of ``touchpoints``, at the times at which those happen, and of an idle one."""
    made = []
    for number in range(draw(st.integers(0, most))):
        at = START + draw(st.sampled_from(STEPS)) + draw(st.sampled_from(STEPS)) + draw(st.sampled_from((0, 0, 7001)))
        made.append(
            AgentEvent(
                at,
                f"s{number}",
                draw(st.sampled_from(("ann", "bob", "eve"))),
                draw(
                    st.sampled_from(("available", "available", "on_contact", "after_contact_work", "break", "offline"))
                ),
                draw(st.sampled_from(({}, {"voice": 1, "chat": 3}, {"chat": 2, "email": 0}))),
                draw(st.sampled_from(((), ("sales",), ("sales", "service")))),
                draw(st.sampled_from(("", "north", "south"))),
                name=draw(st.sampled_from(("", "Ann"))),
                type=draw(st.sampled_from(("agent_state_changed",) * 5 + ("agent_logged_in",))),
            )
        )
    return draw(st.permutations(made))
