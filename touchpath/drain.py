"""When all that was published is stored.

Exactly: let E be the ends of journey.touchpoints when the publisher's last acknowledgement had come. All is stored once

1. the workers' group has committed every input of the first stage up to E, then of what that stage forwards to itself
   up to the ends which that has *then*; likewise each later stage's inputs, in the order of the topology;
2. what the contact and the identity stage tell each other has come to rest: until a round brought no new record, or for
   as many rounds as there can be, two for each kind of identifier;
   What agents told meanwhile is among those, up to the ends which journey.agents has once the touchpoints are taken;
3. every sink's group has committed every topic that it reads up to the ends which those have then.

A transaction writes its outputs before it commits its offsets, so the ends taken after an input is done hold all that
came of it. Committed "up to" an end means that no committed record lies between the two: a transaction's marker has an
offset too, and no group needs to commit past one. An end counts as reached only when the last stable offset has passed
it, that is, when no open transaction lies before it. What others publish meanwhile does not keep us waiting.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from streams import topics
from touchpath.brokers import Brokers, Offsets
from touchpath.problem import Problem

_POLL_S = 0.1
TALK = (topics.EVIDENCE, topics.OWNERS)
"""What stages tell each other, back and forth."""
STAGES: tuple[tuple[str, ...], ...] = (
    (topics.TOUCHPOINTS,),
    (topics.ROUTED, topics.AGENTS),
    TALK,
    (topics.RESOLVED, topics.VISITS, topics.SERVICES, topics.AGENTS_ROUTED),
    (topics.REDIALS, topics.TALLIES),
    (topics.FLOORS, topics.SCHEDULES),
)
"""The inputs of the stages, in the order in which they fill."""
_MOST_ROUNDS = 16


def ends_of_touchpoints(brokers: Brokers, partitions: int) -> Offsets:
    """What a drain is to wait for; to be taken after the publisher's flush."""
    return brokers.ends([topics.TOUCHPOINTS], partitions)


def drain(
    brokers: Brokers,
    partitions: int,
    published: Offsets,
    workers: str,
    sinks: Mapping[str, Iterable[str]],
    watch: Callable[[str, int], None] = lambda step, left: None,
    patience_s: float = 120.0,
    stages: Sequence[Sequence[str]] = STAGES,
) -> None:
    """Return when all up to ``published`` is stored (see above). ``sinks``: by group, the topics that it reads.

    ``watch`` is called a few times a second with what is waited for and how many offsets are left; it may raise.
    Raises ``Problem`` if nothing moves for ``patience_s``.
    """
    for step in stages:
        ends = published if step == stages[0] else brokers.ends(step, partitions)
        what = f"workers: {', '.join(step)}"
        _wait(brokers, workers, ends, what, watch, patience_s)
        rounds = _MOST_ROUNDS if step == TALK else 0
        while rounds and (news := _since(brokers, step, partitions, ends)):
            ends, rounds = news, rounds - 1
            _wait(brokers, workers, ends, what, watch, patience_s)
    read = {group: brokers.ends(names, partitions) for group, names in sinks.items()}
    for group, ends in read.items():
        _wait(brokers, group, ends, "sink", watch, patience_s)


def lag(brokers: Brokers, partitions: int, group: str, names: Sequence[str]) -> dict[str, int]:
    """By topic, the offsets between what ``group`` has committed and what it could read; markers are counted too."""
    ends = brokers.stable(brokers.ends(names, partitions))
    left = _left(brokers, brokers.committed(group), ends)
    return {name: sum(n for place, n in left.items() if place.topic == name) for name in names}


def _wait(
    brokers: Brokers, group: str, ends: Offsets, what: str, watch: Callable[[str, int], None], patience_s: float
) -> None:
    best, moved = None, time.monotonic()
    while True:
        committed = brokers.committed(group)
        left = _left(brokers, committed, ends)
        stable = brokers.stable(ends)
        open_transactions = any(stable[place] < end for place, end in ends.items())
        total = sum(left.values())
        watch(what, total)
        if not open_transactions:
            # A look at the records only where few are left: there are that many to read otherwise.
            starts = {place: ends[place] - n for place, n in left.items()}
            if not total:
                return
            if total < 1000 and not brokers.records_between(starts, {place: ends[place] for place in left}):
                return
        if best is None or total < best:
            best, moved = total, time.monotonic()
        elif time.monotonic() - moved > patience_s:
            raise Problem(f"nothing has moved for {patience_s:.0f} s: {what}: {total} left in group {group}")
        time.sleep(_POLL_S)


def _since(brokers: Brokers, names: Sequence[str], partitions: int, before: Offsets) -> Offsets:
    """The ends of today, if records have come since ``before``; nothing if none has."""
    ends = brokers.ends(names, partitions)
    grown = [place for place, end in ends.items() if end > before[place]]
    came = brokers.records_between({place: before[place] for place in grown}, {place: ends[place] for place in grown})
    return ends if came else {}


def _left(brokers: Brokers, committed: Offsets, ends: Offsets) -> Offsets:
    """Offsets between committed and end, where there are any. What was deleted meanwhile is no one's to read."""
    unknown = [place for place in ends if place not in committed]
    first = brokers.beginnings(unknown) if unknown else {}
    left = {place: end - committed.get(place, first.get(place, 0)) for place, end in ends.items()}
    return {place: n for place, n in left.items() if n > 0}
