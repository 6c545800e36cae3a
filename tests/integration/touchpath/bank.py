"""A file in the bank's format, the real one or one made up, and its figures counted from its lines.

Nothing here is touchpath's: it reads the file in its own way, so that the two can be held against each other.
"""

from __future__ import annotations

import csv
import random
from bisect import bisect_left
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

REAL = Path(__file__).parents[4] / "shared" / "data" / "anonymous_bank_1999-02-01_14.tsv"
NEVER = "0:00:00"
HEADER = [
    "vru+line", "call_id", "customer_id", "priority", "type", "date", "vru_entry", "vru_exit", "vru_time",
    "q_start", "q_exit", "q_time", "outcome", "ser_start", "ser_exit", "ser_time", "server",
]  # fmt: skip

# What the real file holds, counted by others before any of this was written.
KNOWN = {
    "contacts": 17_313,
    "answered": 14_405,
    "abandoned_in_queue": 1_885,
    "left_in_ivr": 1_023,
    "answered_within_target": 9_163,
    "abandoned_within_target": 651,
    "abandoned_short": 161,
    "mean_wait_answered_s": 34.405,
    "mean_service_answered_s": 166.856,
    "identified_customers": 2_641,
    "service_level": {
        "answered_only": 0.6361,
        "all_offered": 0.5625,
        "ours": 0.5859,
        "cisco": 0.5859,
        "amazon_connect": 0.6025,
        "genesys": 0.5681,
    },
    "fcr": {
        (1, "any_intent"): (1_784, 3_231, 255),
        (1, "same_intent"): (1_739, 3_274, 257),
        (3, "any_intent"): (2_373, 2_504, 393),
        (3, "same_intent"): (2_339, 2_535, 396),
        (7, "any_intent"): (2_760, 1_207, 1_303),
        (7, "same_intent"): (2_725, 1_229, 1_316),
    },
    "redials": (729, 218),
}


class Call(NamedTuple):
    contact_id: str
    customer: str
    kind: str
    answered: bool
    queued: bool
    wait: int
    service: int
    start: datetime
    end: datetime


def count(file: Path) -> dict[str, Any]:
    """The figures of KNOWN, from the lines of ``file``."""
    with open(file, encoding="utf-8", newline="") as lines:
        calls = [_call(row) for row in csv.DictReader(lines, delimiter="\t") if row["outcome"] != "PHANTOM"]
    answered = [call for call in calls if call.answered]
    gave_up = [call for call in calls if not call.answered and call.queued]
    within = sum(call.wait <= 20 for call in answered)
    left_soon = sum(call.wait <= 20 for call in gave_up)
    short = sum(call.wait <= 5 for call in gave_up)
    offered = len(answered) + len(gave_up)
    return {
        "contacts": len(calls),
        "answered": len(answered),
        "abandoned_in_queue": len(gave_up),
        "left_in_ivr": len(calls) - offered,
        "answered_within_target": within,
        "abandoned_within_target": left_soon,
        "abandoned_short": short,
        "mean_wait_answered_s": round(sum(call.wait for call in answered) / len(answered), 3),
        "mean_service_answered_s": round(sum(call.service for call in answered) / len(answered), 3),
        "identified_customers": len({call.customer for call in calls if call.customer}),
        "service_level": {
            "answered_only": round(within / len(answered), 4),
            "all_offered": round(within / offered, 4),
            "ours": round(within / (offered - left_soon), 4),
            "cisco": round(within / (offered - left_soon), 4),
            "amazon_connect": round((within + left_soon) / offered, 4),
            "genesys": round(within / (offered - short), 4),
        },
        "fcr": {
            (days, scope): _fcr(calls, days, scope == "same_intent")
            for days in (1, 3, 7)
            for scope in ("any_intent", "same_intent")
        },
        "redials": _redials(calls),
    }


def _call(row: dict[str, str]) -> Call:
    day = datetime.strptime(row["date"], "%y%m%d")  # noqa: DTZ007 (one time zone, and no change of the clock in it)

    def at(column: str) -> datetime:
        hours, minutes, seconds = map(int, row[column].split(":"))
        return day + timedelta(hours=hours, minutes=minutes, seconds=seconds)

    answered, queued = row["outcome"] == "AGENT", row["q_start"] != NEVER
    start = at("vru_entry")
    end = at("ser_exit" if answered and row["ser_exit"] != NEVER else "q_exit" if queued else "vru_exit")
    if start - end > timedelta(hours=12):
        end += timedelta(days=1)
    return Call(
        contact_id=row["vru+line"] + row["call_id"],
        customer=row["customer_id"] if row["customer_id"] != "0" else "",
        kind=row["type"],
        answered=answered,
        queued=queued,
        wait=int(row["q_time"]),
        service=int(row["ser_time"]),
        start=start,
        end=max(start, end),
    )


def _next_after(calls: list[Call], call: Call, same_kind: bool) -> datetime | None:
    """When the customer next rang after the end of ``call``."""
    starts = sorted(
        other.start
        for other in calls
        if other.customer == call.customer and other.kind != "TT" and other is not call
        if not same_kind or other.kind == call.kind
    )
    index = bisect_left(starts, call.end)
    return starts[index] if index < len(starts) else None


def _fcr(calls: list[Call], days: int, same_kind: bool) -> tuple[int, int, int]:
    """Broken, confirmed and pending when the last call had ended."""
    as_of, window = max(call.end for call in calls), timedelta(days=days)
    broken = confirmed = pending = 0
    for own in _by_customer(calls).values():
        for call in own:
            if call.answered and call.kind != "TT":
                again = _next_after(own, call, same_kind)
                if again is not None and again - call.end <= window:
                    broken += 1
                elif call.end + window <= as_of:
                    confirmed += 1
                else:
                    pending += 1
    return broken, confirmed, pending


def _redials(calls: list[Call]) -> tuple[int, int]:
    """Inbound calls given up in a queue, and how many of those were followed by another within the hour."""
    gave_up = redialled = 0
    for own in _by_customer(calls).values():
        for call in own:
            if call.queued and not call.answered and call.kind != "TT":
                again = _next_after(own, call, same_kind=False)
                gave_up += 1
                redialled += again is not None and again - call.end <= timedelta(hours=1)
    return gave_up, redialled


def _by_customer(calls: list[Call]) -> dict[str, list[Call]]:
    found: dict[str, list[Call]] = {}
    for call in calls:
        if call.customer:
            found.setdefault(call.customer, []).append(call)
    return found


def make(file: Path, calls: int, seed: int) -> None:
    """Write a file of the bank's shape: its channels, its night shift, its glitches; phantoms and call-backs too."""
    rng = random.Random(seed)
    rows = [HEADER, *(_row(rng, number, calls // 6) for number in range(calls))]
    file.write_text("".join("\t".join(row) + "\n" for row in rows), encoding="utf-8")


def _row(rng: random.Random, number: int, customers: int) -> list[str]:
    second = rng.randrange(86_400)
    entry = second
    outcome = rng.choices(("AGENT", "HANG", "PHANTOM"), (80, 18, 2))[0]
    in_ivr = rng.randrange(3, 40)
    leaves_ivr = entry + in_ivr
    queued = rng.random() < 0.7
    wait = min(600, round(rng.expovariate(1 / 40))) if queued else 0
    leaves_queue = leaves_ivr + wait
    service = round(rng.expovariate(1 / 170)) if outcome == "AGENT" else 0
    shown = rng.random() > 0.01  # some answered calls have no service times

    def clock(moment: int, given: bool = True) -> str:
        moment = max(1, moment % 86_400)  # exactly midnight would read as "never"
        return f"{moment // 3600}:{moment // 60 % 60:02}:{moment % 60:02}" if given else NEVER

    served = outcome == "AGENT" and shown
    return [
        f"AA01{rng.randrange(1, 17):02}", str(number), str(rng.randrange(1, customers) if rng.random() < 0.4 else 0),
        str(rng.randrange(3)), rng.choices(("PS", "NE", "NW", "IN", "PE", "TT"), (65, 12, 12, 5, 3, 3))[0],
        f"9902{rng.randrange(1, 15):02}", clock(entry), clock(leaves_ivr), str(in_ivr),
        clock(leaves_ivr, queued), clock(leaves_queue, queued), str(wait), outcome,
        clock(leaves_queue, served), clock(leaves_queue + service, served), str(service if served else 0),
        f"AGENT{rng.randrange(1, 40):02}" if served else "NO_SERVER",
    ]  # fmt: skip
