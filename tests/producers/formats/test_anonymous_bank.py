"""Each reading rule of the bank's file and each glitch in it, on rows made up in its shape."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeys.touchpoint import Touchpoint
from producers.formats.anonymous_bank import COLUMNS, read
from producers.formats.rows import BadLine, WrongFormat

HEADER = "\t".join(COLUMNS)
SHARED = Path(__file__).parents[4] / "shared" / "data" / "anonymous_bank_1999-02-01_14.tsv"

# line, call, customer, priority, type, date, IVR in, out, s, queue in, out, s, outcome, service in, out, s, server
ANSWERED = "AA9001 101 777 2 PS 990201 10:00:00 10:00:10 10 10:00:10 10:00:40 30 AGENT 10:00:41 10:03:41 180 AGENT90"
AT_ONCE = "AA9001 102 0 0 NW 990201 10:00:00 10:00:10 10 0:00:00 0:00:00 0 AGENT 10:00:09 10:02:00 111 AGENT90"
ABANDONED = "AA9001 103 777 2 PS 990201 10:00:00 10:00:10 10 10:00:10 10:00:14 4 HANG 0:00:00 0:00:00 0 NO_SERVER"
IVR_ONLY = "AA9001 104 0 0 PS 990201 10:00:00 10:00:25 25 0:00:00 0:00:00 0 HANG 0:00:00 0:00:00 0 NO_SERVER"
PHANTOM = "AA9001 105 0 0 PS 990201 10:00:00 10:00:25 25 0:00:00 0:00:00 0 PHANTOM 0:00:00 0:00:00 0 NO_SERVER"
CALL_BACK = "AA9001 106 0 0 TT 990201 10:00:00 10:00:10 10 10:00:10 10:00:40 30 AGENT 10:00:41 10:03:41 180 AGENT90"
NO_SERVICE_TIMES = "AA9001 107 0 0 PS 990201 10:00:00 10:00:10 10 10:00:10 10:00:40 30 AGENT 0:00:00 0:00:00 0 AGENT90"
NO_TIMES_AT_ALL = "AA9001 108 0 0 PS 990201 10:00:00 10:00:10 10 0:00:00 0:00:00 0 AGENT 0:00:00 0:00:00 0 NO_SERVER"
NEGATIVE_IVR = "AA9001 109 0 0 PS 990201 10:01:00 10:00:10 -50 10:00:10 10:01:40 90 AGENT 10:01:41 10:03:41 120 AGENT90"
EARLY_SERVICE = "AA9001 110 0 0 PS 990201 10:00:00 10:00:10 10 10:00:10 10:00:40 30 AGENT 10:00:05 10:03:41 216 AGENT90"
HANG_SERVED = "AA9001 111 0 0 PS 990201 10:00:00 10:00:10 10 10:00:10 10:00:40 30 HANG 10:00:40 10:02:00 80 NO_SERVER"
MIDNIGHT = "AA9001 112 0 0 PS 990201 23:59:40 23:59:50 10 23:59:50 0:00:20 30 AGENT 0:00:21 0:03:00 159 AGENT90"
AT_MIDNIGHT = "AA9001 113 0 0 PS 990201 23:59:40 23:59:50 10 23:59:50 0:00:00 10 HANG 0:00:00 0:00:00 0 NO_SERVER"
BACKWARDS = "AA9001 114 0 0 PS 990201 10:01:00 10:00:10 -50 0:00:00 0:00:00 0 HANG 0:00:00 0:00:00 0 NO_SERVER"
SPREADSHEET = "AA9001 115 6.1E+11 0 PS 990201 10:00:00 10:00:25 25 0:00:00 0:00:00 0 HANG 0:00:00 0:00:00 0 NO_SERVER"


def rows(*calls: str) -> list[bytes]:
    return [f"{line}\n".encode() for line in (HEADER, *(call.replace(" ", "\t") for call in calls))]


def refuse(bad: BadLine) -> None:
    raise bad


def said(call: str) -> list[tuple[str, str, str]]:
    """Type, channel and local time (UTC+2 in February) of each touchpoint."""
    return [
        (touchpoint.type, touchpoint.channel, f"{datetime.fromtimestamp(touchpoint.at / 1000 + 7200, UTC):%d %H:%M:%S}")
        for touchpoint in read(rows(call), refuse)
    ]


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        pytest.param(
            ANSWERED,
            [("started", "ivr", "01 10:00:00"), ("queued", "voice", "01 10:00:10"),
             ("connected", "voice", "01 10:00:41"), ("ended", "voice", "01 10:03:41")],
            id="answered from the queue",
        ),
        pytest.param(
            AT_ONCE,
            [("started", "ivr", "01 10:00:00"), ("connected", "voice", "01 10:00:09"),
             ("ended", "voice", "01 10:02:00")],
            id="answered without queueing",
        ),
        pytest.param(
            ABANDONED,
            [("started", "ivr", "01 10:00:00"), ("queued", "voice", "01 10:00:10"),
             ("abandoned", "voice", "01 10:00:14")],
            id="abandoned: ends with the queue",
        ),
        pytest.param(
            IVR_ONLY, [("started", "ivr", "01 10:00:00"), ("ended", "ivr", "01 10:00:25")], id="left in the IVR"
        ),
        pytest.param(PHANTOM, [], id="phantom: ignored"),
        pytest.param(
            NO_SERVICE_TIMES,
            [("started", "ivr", "01 10:00:00"), ("queued", "voice", "01 10:00:10"),
             ("connected", "voice", "01 10:00:40"), ("ended", "voice", "01 10:00:40")],
            id="answered, no service times: at and until the queue's end",
        ),
        pytest.param(
            NO_TIMES_AT_ALL,
            [("started", "ivr", "01 10:00:00"), ("connected", "voice", "01 10:00:10"),
             ("ended", "voice", "01 10:00:10")],
            id="answered, neither queue nor service times: at and until the IVR's end",
        ),
        pytest.param(
            NEGATIVE_IVR,
            [("started", "ivr", "01 10:01:00"), ("queued", "voice", "01 10:01:00"),
             ("connected", "voice", "01 10:01:41"), ("ended", "voice", "01 10:03:41")],
            id="IVR that ends before it began: nothing before the start",
        ),
        pytest.param(
            EARLY_SERVICE,
            [("started", "ivr", "01 10:00:00"), ("queued", "voice", "01 10:00:10"),
             ("connected", "voice", "01 10:00:10"), ("ended", "voice", "01 10:03:41")],
            id="service before the queue: connected not before queued",
        ),
        pytest.param(
            HANG_SERVED,
            [("started", "ivr", "01 10:00:00"), ("queued", "voice", "01 10:00:10"),
             ("abandoned", "voice", "01 10:00:40")],
            id="hung up, yet with service times: they are ignored",
        ),
        pytest.param(
            MIDNIGHT,
            [("started", "ivr", "01 23:59:40"), ("queued", "voice", "01 23:59:50"),
             ("connected", "voice", "02 00:00:21"), ("ended", "voice", "02 00:03:00")],
            id="past midnight",
        ),
        pytest.param(
            AT_MIDNIGHT,
            [("started", "ivr", "01 23:59:40"), ("queued", "voice", "01 23:59:50"),
             ("abandoned", "voice", "02 00:00:00")],
            id="the queue ends on the stroke of midnight",
        ),
        pytest.param(
            BACKWARDS, [("started", "ivr", "01 10:01:00"), ("ended", "ivr", "01 10:01:00")], id="ends before it began"
        ),
    ],
)  # fmt: skip
def test_a_call_reads_as(call: str, expected: list[tuple[str, str, str]]) -> None:
    assert said(call) == expected


def test_all_that_a_call_says() -> None:
    assert list(read(rows(ANSWERED), refuse)) == [
        Touchpoint(
            917856000000, "AA9001101/1", "started", "ivr", "AA9001101", {"customer_id": "777"}, intent="PS",
            direction="inbound", source="anonymous-bank",
        ),
        Touchpoint(
            917856010000, "AA9001101/2", "queued", "voice", "AA9001101", queue="PS", source="anonymous-bank"
        ),
        Touchpoint(
            917856041000, "AA9001101/3", "connected", "voice", "AA9001101", queue="PS", agent="AGENT90", wait_s=30,
            source="anonymous-bank",
        ),
        Touchpoint(917856221000, "AA9001101/4", "ended", "voice", "AA9001101", talk_s=180, source="anonymous-bank"),
    ]  # fmt: skip


def test_reported_durations_win_over_times() -> None:
    connected, ended = list(read(rows(NEGATIVE_IVR), refuse))[2:]
    assert (connected.wait_s, ended.talk_s) == (90, 120)
    (abandoned,) = [touchpoint for touchpoint in read(rows(ABANDONED), refuse) if touchpoint.type == "abandoned"]
    assert (abandoned.wait_s, abandoned.queue) == (4, "PS")


def test_call_backs_are_outbound_and_all_else_inbound() -> None:
    assert [next(read(rows(call), refuse)).direction for call in (CALL_BACK, ANSWERED)] == ["outbound", "inbound"]


def test_customer_0_is_nobody_and_no_server_is_no_agent() -> None:
    started, connected, _ = read(rows(NO_TIMES_AT_ALL), refuse)
    assert started.identifiers == {}
    assert connected.agent == ""


def test_a_customer_id_is_text() -> None:
    assert next(read(rows(SPREADSHEET), refuse)).identifiers == {"customer_id": "6.1E+11"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"date": "991301"}, "2: date: expected a date as yymmdd (got '991301')"),
        ({"vru_entry": "25:00:00"}, "2: vru_entry: expected a time as h:mm:ss (got '25:00:00')"),
        ({"ser_exit": "late"}, "2: ser_exit: expected a time as h:mm:ss (got 'late')"),
        ({"q_time": "-3"}, "2: q_time: expected a whole number, 0 or more (got '-3')"),
        ({"outcome": "GONE"}, "2: outcome: expected one of AGENT, HANG, PHANTOM (got 'GONE')"),
        ({"call_id": ""}, "2: call_id: is empty (got '')"),
        ({"server": "A\tB"}, "2: expected 17 columns (got 18)"),
        ({"server": "\udcff"}, "2: not UTF-8: invalid start byte"),
    ],
)
def test_a_bad_line_is_named_and_the_next_is_read(change: dict[str, str], message: str) -> None:
    row = dict(zip(COLUMNS, ANSWERED.split(" "), strict=True)) | change
    line = "\t".join(row.values()).encode("utf-8", "surrogateescape") + b"\n"
    refused: list[BadLine] = []
    header, good = rows(IVR_ONLY)
    assert len(list(read([header, line, b"\n", good], refused.append))) == 2
    assert [str(bad)[: len(message)] for bad in refused] == [message]


@pytest.mark.parametrize("lines", [[], [b"\n"], [b"id\ttime\n"], [b"\xff\xfe"]])
def test_a_file_of_another_kind_is_refused(lines: list[bytes]) -> None:
    with pytest.raises(WrongFormat, match="1: expected the tab-separated columns"):
        list(read(lines, refuse))


clock = st.builds("{}:{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
maybe = st.one_of(st.just("0:00:00"), clock)


@given(clock, clock, maybe, maybe, st.sampled_from(["AGENT", "HANG"]), maybe, maybe)
def test_whatever_the_times_a_call_stays_in_order_and_within_its_bounds(
    entry: str, left: str, q_start: str, q_exit: str, outcome: str, ser_start: str, ser_exit: str
) -> None:
    call = f"AA9 1 0 0 PS 990201 {entry} {left} 1 {q_start} {q_exit} 1 {outcome} {ser_start} {ser_exit} 1 X"
    touchpoints = list(read(rows(call), refuse))
    rank = {"started": 0, "queued": 1, "connected": 2, "abandoned": 2, "ended": 3}
    ranks = [rank[touchpoint.type] for touchpoint in sorted(touchpoints, key=lambda one: (one.at, one.id))]
    assert ranks == sorted(ranks)
    assert touchpoints[0].type == "started"
    assert all(touchpoints[0].at <= touchpoint.at <= touchpoints[-1].at for touchpoint in touchpoints)
    assert touchpoints[-1].at - touchpoints[0].at < 24 * 3_600_000


@pytest.mark.skipif(not SHARED.exists(), reason="the bank's file is not here")
def test_the_whole_file_adds_up_to_the_figures_counted_independently() -> None:
    calls: dict[str, list[Touchpoint]] = defaultdict(list)
    with open(SHARED, "rb") as lines:
        for touchpoint in read(lines, refuse):
            calls[touchpoint.contact_id].append(touchpoint)
    by_type = [{touchpoint.type: touchpoint for touchpoint in call} for call in calls.values()]
    answered = [call for call in by_type if "connected" in call]
    waits = [call["connected"].wait_s or 0 for call in answered]
    abandoned = [call["abandoned"].wait_s or 0 for call in by_type if "abandoned" in call]
    services = [call["ended"].talk_s or 0 for call in answered]
    customers = {one for call in by_type for one in call["started"].identifiers.values()}
    assert len(calls) == 17_313
    assert (len(answered), len(abandoned), sum(call.keys() == {"started", "ended"} for call in by_type)) == (
        14_405, 1_885, 1_023,
    )  # fmt: skip
    assert sum(wait <= 20 for wait in waits) == 9_163
    assert (sum(wait <= 20 for wait in abandoned), sum(wait <= 5 for wait in abandoned)) == (651, 161)
    assert sum(waits) / len(waits) == pytest.approx(34.405, abs=5e-4)
    assert sum(services) / len(services) == pytest.approx(166.856, abs=5e-4)
    assert len(customers) == 2_641
    last = max(touchpoint.at for call in calls.values() for touchpoint in call)
    assert datetime.fromtimestamp(last / 1000, UTC) == datetime(1999, 2, 14, 22, 0, 30, tzinfo=UTC)
