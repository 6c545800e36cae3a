from __future__ import annotations

import asyncio
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.inbox import Chunk, Inbox


@dataclass
class Numbered:
    offset: int


def chunk(start: int, end: int, topic: str = "in", step: int = 1) -> Chunk:
    return Chunk(topic, 0, start, end, [Numbered(offset) for offset in range(start, end, step)])


async def taken(inbox: Inbox, limit: int = 100):
    part = inbox.take(limit)
    return None if part is None else ([record.offset for record in part.records], part.positions)


async def test_merges_what_waits_and_tells_the_positions():
    inbox = Inbox(["in", "second"], 100)
    inbox.open({"in": 5, "second": 0})
    assert inbox.offer(chunk(5, 8))
    assert inbox.offer(chunk(0, 2, "second"))
    assert inbox.offer(chunk(8, 10))
    assert await taken(inbox) == ([5, 6, 7, 0, 1, 8, 9], {"in": 10, "second": 2})
    assert await taken(inbox) is None


async def test_splits_at_the_limit_and_at_offsets_that_exist():
    """Offsets have holes: the position of a part is where the next record stands."""
    inbox = Inbox(["in"], 100)
    inbox.open({"in": 0})
    inbox.offer(chunk(0, 10, step=3))
    assert await taken(inbox, 2) == ([0, 3], {"in": 6})
    assert await taken(inbox, 2) == ([6, 9], {"in": 10})


async def test_cuts_off_what_was_had_and_refuses_what_leaves_a_gap():
    inbox = Inbox(["in"], 100)
    assert inbox.offer(chunk(0, 5)), "closed: not wanted, no gap either"
    inbox.open({"in": 10})
    assert inbox.offer(chunk(0, 10))
    assert inbox.offer(chunk(8, 12))
    assert not inbox.offer(chunk(13, 15))
    assert inbox.expected("in") == 12
    assert await taken(inbox) == ([10, 11], {"in": 12})


async def test_markers_alone_move_the_position():
    inbox = Inbox(["in"], 100)
    inbox.open({"in": 3})
    inbox.offer(Chunk("in", 0, 3, 4, []))
    assert await taken(inbox) == ([], {"in": 4})


async def test_wants_no_more_than_its_capacity_and_one_chunk_at_a_time():
    inbox = Inbox(["in", "second"], 4)
    assert not inbox.wants("in"), "closed"
    inbox.open({"in": 0, "second": 0})
    assert inbox.wants("in")
    inbox.dispatched("in")
    assert not inbox.wants("in")
    assert inbox.expected("in") is None
    inbox.offer(chunk(0, 4))
    assert not inbox.wants("in"), "full"
    assert inbox.wants("second"), "a full topic holds up no other"
    await taken(inbox, 1)
    assert inbox.wants("in")


async def test_a_chunk_that_never_comes_is_waited_for_only_so_long():
    inbox = Inbox(["in"], 4, transit_s=0.02)
    inbox.open({"in": 3})
    inbox.dispatched("in")
    assert inbox.expected("in") is None
    await asyncio.sleep(0.03)
    assert inbox.expected("in") == 3
    assert inbox.wants("in")


async def test_wake_ends_the_waiting():
    inbox = Inbox(["in"], 4)
    inbox.open({"in": 0})
    waiting = asyncio.create_task(inbox.arrival(60))
    await asyncio.sleep(0)
    inbox.wake()
    assert await asyncio.wait_for(waiting, 1) is False


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_nothing_is_lost_or_doubled_whatever_is_dropped_or_read_again(data):
    """A consumer that seeks back, skips chunks and repeats them, as Faust does around rebalances."""

    async def go():
        log = sorted(data.draw(st.sets(st.integers(0, 60), max_size=40)))
        inbox = Inbox(["in"], 1_000)
        inbox.open({"in": 0})
        got, position = [], 0
        for _ in range(60):
            if position > 60 and inbox.expected("in") == 61:
                break
            end = min(61, position + data.draw(st.integers(1, 15)))
            piece = Chunk("in", 0, position, end, [Numbered(n) for n in log if position <= n < end])
            position = end
            action = data.draw(st.sampled_from(["deliver", "deliver", "drop", "back"]))
            if action == "back":
                position = data.draw(st.integers(0, position))
            elif action == "deliver" and not inbox.offer(piece):
                position = inbox.expected("in")
            if position > 60:
                position = inbox.expected("in")  # the watch over lost chunks
            if part := await taken(inbox, data.draw(st.integers(1, 10))):
                got += part[0]
        while part := await taken(inbox):
            got += part[0]
        assert got == [n for n in log if n < inbox.expected("in")]

    asyncio.run(go())
