"""Calls of a bank's call centre as the Technion published them ("Anonymous Bank"): one call a line, tab-separated.

A line says what became of a call; the touchpoints are what a switch would have said while it happened. What the file
reports wins over differences of times, and its glitches (clock times that run backwards, services without times) move
no touchpoint out of the call: see docs/decisions/anonymous-bank.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from journeys.touchpoint import Touchpoint
from producers.formats.rows import BadLine, Reject, WrongFormat

COLUMNS = [
    "vru+line", "call_id", "customer_id", "priority", "type", "date", "vru_entry", "vru_exit", "vru_time",
    "q_start", "q_exit", "q_time", "outcome", "ser_start", "ser_exit", "ser_time", "server",
]  # fmt: skip
SOURCE = "anonymous-bank"
TIME_ZONE = ZoneInfo("Asia/Jerusalem")
CALL_BACK = "TT"
_OUTCOMES = ("AGENT", "HANG", "PHANTOM")
_HALF_DAY = timedelta(hours=12)


class Call(NamedTuple):
    """A line, read but not yet interpreted. Times are of the day of the start, local; None: not given (0:00:00)."""

    contact_id: str
    customer_id: str
    type: str
    vru_entry: datetime
    vru_exit: datetime
    q_start: datetime | None
    q_exit: datetime
    q_time: float
    outcome: str
    ser_start: datetime | None
    ser_exit: datetime | None
    ser_time: float
    server: str


def read(lines: Iterable[bytes], reject: Reject) -> Iterator[Touchpoint]:
    """The touchpoints of each call, in the order of the lines; phantom calls have none."""
    numbered = enumerate(lines, 1)
    _, header = next(numbered, (1, b""))
    if header.decode("utf-8", "replace").rstrip("\r\n").split("\t") != COLUMNS:
        raise WrongFormat(f"1: expected the tab-separated columns {' '.join(COLUMNS)}")
    for number, line in numbered:
        if not line.strip():
            continue
        try:
            call = _call(number, line)
        except BadLine as bad:
            reject(bad)
            continue
        if call.outcome != "PHANTOM":
            yield from touchpoints(call)


def touchpoints(call: Call) -> Iterator[Touchpoint]:
    """What happened in ``call``, in order; ids end in the rank of what they say, so that ties sort right."""
    start = call.vru_entry
    end = max(start, _end(call))
    queue = call.type

    def happened(rank: int, what: str, channel: str, moment: datetime, **more: Any) -> Touchpoint:
        at = int(moment.timestamp() * 1000)
        return Touchpoint(at, f"{call.contact_id}/{rank}", what, channel, call.contact_id, source=SOURCE, **more)

    def within(earliest: datetime, moment: datetime) -> datetime:
        return min(max(earliest, _after(start, moment)), end)

    yield happened(
        1, "started", "ivr", start,
        identifiers={"customer_id": call.customer_id} if call.customer_id else {},
        intent=call.type, direction="outbound" if call.type == CALL_BACK else "inbound",
    )  # fmt: skip
    entered = within(start, call.q_start or start)
    if call.q_start:
        yield happened(2, "queued", "voice", entered, queue=queue)
    if call.outcome == "AGENT":
        answered = within(entered, call.ser_start or (call.q_exit if call.q_start else call.vru_exit))
        agent = call.server if call.server != "NO_SERVER" else ""
        yield happened(3, "connected", "voice", answered, queue=queue, agent=agent, wait_s=call.q_time)
        yield happened(4, "ended", "voice", end, talk_s=call.ser_time)
    elif call.q_start:
        yield happened(3, "abandoned", "voice", end, queue=queue, wait_s=call.q_time)
    else:
        yield happened(4, "ended", "ivr", end)


def _end(call: Call) -> datetime:
    if call.outcome == "AGENT" and call.ser_exit:
        return _after(call.vru_entry, call.ser_exit)
    return _after(call.vru_entry, call.q_exit if call.q_start else call.vru_exit)


def _after(start: datetime, moment: datetime) -> datetime:
    """``moment`` on the day after if it lies over 12 h before the start: the call passed midnight."""
    return moment + timedelta(days=1) if start - moment > _HALF_DAY else moment


def _call(number: int, line: bytes) -> Call:
    try:
        cells = line.decode().rstrip("\r\n").split("\t")
    except UnicodeDecodeError as error:
        raise BadLine(number, "", line[:40], f"not UTF-8: {error.reason}") from None
    if len(cells) != len(COLUMNS):
        raise BadLine(number, "", len(cells), f"expected {len(COLUMNS)} columns")
    row = dict(zip(COLUMNS, cells, strict=True))

    def bad(column: str, problem: str) -> BadLine:
        return BadLine(number, column, row[column], problem)

    def whole(column: str) -> int:
        if not row[column].isascii() or not row[column].isdigit():
            raise bad(column, "expected a whole number, 0 or more")
        return int(row[column])

    def required(column: str) -> str:
        if not row[column]:
            raise bad(column, "is empty")
        return row[column]

    try:
        day = datetime.strptime(row["date"], "%y%m%d").replace(tzinfo=TIME_ZONE)
    except ValueError:
        raise bad("date", "expected a date as yymmdd") from None

    def moment(column: str) -> datetime:
        parts = row[column].split(":")
        if len(parts) == 3 and all(part.isascii() and part.isdigit() for part in parts):
            hour, minute, second = map(int, parts)
            if hour < 24 and minute < 60 and second < 60:
                return day.replace(hour=hour, minute=minute, second=second)
        raise bad(column, "expected a time as h:mm:ss")

    def given(column: str) -> datetime | None:
        return moment(column) if row[column] != "0:00:00" else None

    if row["outcome"] not in _OUTCOMES:
        raise bad("outcome", f"expected one of {', '.join(_OUTCOMES)}")
    # Text, not a number: a spreadsheet has turned some into 6.02701E+11.
    customer = required("customer_id")
    return Call(
        required("vru+line") + required("call_id"), customer if customer != "0" else "", required("type"),
        moment("vru_entry"), moment("vru_exit"), given("q_start"), moment("q_exit"), whole("q_time"), row["outcome"],
        given("ser_start"), given("ser_exit"), whole("ser_time"), required("server"),
    )  # fmt: skip
