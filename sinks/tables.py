"""Every table that the sinks write: names, and the columns of a block in their order.

The types themselves are the migrations' (migrations/*.sql); here is what a block's values are. A test holds the two
against each other.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal[
    "text", "texts", "time", "time?", "seconds", "seconds?", "numbers", "flag", "count", "int32", "int64", "uint64"
]  # fmt: skip
"""text: str or bytes (UTF-8); texts: sequence of str; time: int, ms since the epoch; seconds: float, of which numbers
are a sequence; ``?``: or None."""


class Table(NamedTuple):
    name: str
    columns: dict[str, Kind]


_VERSION: dict[str, Kind] = {"version": "uint64", "is_deleted": "flag"}

TOUCHPOINTS = Table(
    "touchpoints",
    {
        "id": "text",
        "time": "time",
        "channel": "text",
        "type": "text",
        "contact_id": "text",
        "intent": "text",
        "queue": "text",
        "agent": "text",
        "direction": "text",
        "outcome": "text",
        "reference": "text",
        "source": "text",
        "wait_s": "seconds?",
        "talk_s": "seconds?",
        "hold_s": "seconds?",
        "wrap_s": "seconds?",
        "invited": "flag",
        "raw": "text",
    },
)
CONTACTS = Table(
    "contacts",
    {
        "contact_id": "text",
        "customer": "text",
        "identified": "flag",
        "journey_id": "text",
        "part_of": "text",
        "channel": "text",
        "intent": "text",
        "direction": "text",
        "attempt": "text",
        "started_at": "time",
        "ended_at": "time",
        "closed": "flag",
        "times_out_at": "time",
        "outcome": "text",
        "resolution": "text",
        "queue": "text",
        "wait_s": "seconds",
        "talk_s": "seconds",
        "hold_s": "seconds",
        "wrap_s": "seconds",
        "transfers": "count",
        "conferences": "count",
        "escalations": "count",
        "agents": "texts",
        "references": "texts",
        "containment_failed": "flag",
        "invited": "flag",
        "touchpoints": "count",
        "first_repeat_same_at": "time?",
        "first_repeat_any_at": "time?",
        "repeat_of_same": "text",
        "repeat_of_any": "text",
        "redial_at": "time?",
        "redial_id": "text",
        "redial": "text",
        "queues": "texts",
        "teams": "texts",
        "articles": "texts",
        "nodes": "texts",
        "stages": "texts",
        "stage_s": "numbers",
        "friction": "texts",
        "sentiment_first": "seconds?",
        "sentiment_last": "seconds?",
        "sentiment_low": "seconds?",
        "csat": "seconds?",
        "nps": "seconds?",
        "ces": "seconds?",
        "qa": "seconds?",
        "survey_of": "text",
        "survey_joined_by": "text",
        "resolved_by": "text",
        "passed_on": "texts",
        **_VERSION,
    },
)
QUEUE_VISITS = Table(
    "queue_visits",
    {
        "visit_id": "text",
        "contact_id": "text",
        "queue": "text",
        "channel": "text",
        "direction": "text",
        "entered_at": "time",
        "left_at": "time?",
        "ended_at": "time?",
        "outcome": "text",
        "wait_s": "seconds?",
        "talk_s": "seconds",
        "hold_s": "seconds",
        "wrap_s": "seconds",
        "agent": "text",
        "target_s": "seconds",
        "short_s": "seconds",
        "times_out_at": "time",
        **_VERSION,
    },
)
JOURNEYS = Table(
    "journeys",
    {
        "journey_id": "text",
        "customer": "text",
        "identified": "flag",
        "intent": "text",
        "opened_at": "time",
        "last_at": "time",
        "closes_at": "time",
        "contacts": "count",
        "channels": "texts",
        "switches": "count",
        "repeats": "count",
        "first_channel": "text",
        "last_channel": "text",
        "references": "texts",
        **_VERSION,
    },
)
SIGNALS = Table(
    "signals",
    {
        "signal_id": "text",
        "kind": "text",
        "customer": "text",
        "journey_id": "text",
        "at": "time",
        "contact_id": "text",
        "previous_id": "text",
        "from_channel": "text",
        "to_channel": "text",
        "cause": "text",
        "details": "text",
        **_VERSION,
    },
)
NEXT_STEPS = Table(
    "next_steps",
    {
        "contact_id": "text",
        "customer": "text",
        "journey_id": "text",
        "at": "time",
        "from_channel": "text",
        "p_15m": "seconds?",
        "p_1h": "seconds?",
        "p_1d": "seconds?",
        "base_15m": "seconds?",
        "base_1h": "seconds?",
        "base_1d": "seconds?",
        "channel": "text",
        "share": "seconds",
        "p_switch": "seconds",
        "reasons": "texts",
        "as_of": "time",
        "learned_until": "time",
        "trials": "count",
        **_VERSION,
    },
)
QUEUE_INTERVALS = Table(
    "queue_intervals",
    {
        "interval_id": "text",
        "queue": "text",
        "channel": "text",
        "starts_at": "time",
        "interval_s": "count",
        "entered": "count",
        "answered": "count",
        "abandoned": "count",
        "short_abandoned": "count",
        "transferred": "count",
        "called_back": "count",
        "waiting": "count",
        "answered_within": "count",
        "abandoned_within": "count",
        "wait_answered_s": "seconds",
        "wait_abandoned_s": "seconds",
        "longest_wait_s": "seconds",
        "talk_s": "seconds",
        "hold_s": "seconds",
        "wrap_s": "seconds",
        "target_s": "seconds",
        **_VERSION,
    },
)
IDENTIFIERS = Table(
    "identifiers",
    {
        "identifier": "text",
        "kind": "text",
        "owner": "text",
        "state": "text",
        "contacts": "count",
        "sets": "count",
        "evidence": "text",
        "links": "texts",
        "unlinks": "texts",
        "change": "text",
        "changed_at": "time",
        **_VERSION,
    },
)
DEAD_LETTERS = Table(
    "dead_letters",
    {
        "letter_id": "text",
        "topic": "text",
        "partition": "int32",
        "offset": "int64",
        "stage": "text",
        "reason": "text",
        "message": "text",
        "key": "text",
        "value": "text",
        "at": "time",
    },
)
TABLES = (
    TOUCHPOINTS,
    CONTACTS,
    QUEUE_VISITS,
    JOURNEYS,
    SIGNALS,
    NEXT_STEPS,
    QUEUE_INTERVALS,
    IDENTIFIERS,
    DEAD_LETTERS,
)
