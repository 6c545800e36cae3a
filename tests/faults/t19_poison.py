"""T19: events of every bad kind between good ones; and good ones whose key is missing or not their contact's."""

from __future__ import annotations

from collections import Counter
from random import Random

from kafka import KafkaProducer

from journeys.touchpoint import encode
from producers.delivery import TOPIC
from tests.faults.harness import PARTITIONS, Bench
from tests.faults.logs import look_and_compare
from tests.faults.poison import KINDS, MOST_BYTES
from tests.faults.slices import Slice, stirred
from tests.faults.trial import Result, Trial

POISON = 10_000
BOMBS = 10
_BOMB_BYTES = 20_000_000


def run(bench: Bench, seed: int, scale: float) -> Result:
    rng = Random(seed)
    opened = bench.worker.metric("journey_recoveries_total")
    part = bench.next_slice(seed, 3_000)
    expected, acknowledged = _publish(bench, part, rng, round(POISON * scale))
    bench.drain(120)
    bench.check()  # nothing has ended
    result = bench.compare(part)
    found = dict(bench.store.query("SELECT reason, count() FROM dead_letters FINAL GROUP BY reason").rows)
    letters = sum(found.values())
    off = sum(abs(found.get(reason, 0) - expected[reason]) for reason in found.keys() | expected.keys())
    result.figures["unbalanced"] += abs(acknowledged - result.figures["touchpoints"] - letters)
    result.remarks += [
        f"{reason}: {found.get(reason, 0)} of {expected[reason]}"
        for reason in sorted(found.keys() | expected.keys())
        if found.get(reason, 0) != expected[reason]
    ]
    restarts = bench.worker.metric("journey_recoveries_total") - opened
    figures = {"poison": sum(expected.values()), "dead letters": letters, "wrong reasons": off, "restarts": restarts}
    figures |= {f"  {reason}": count for reason, count in sorted(found.items())}
    keyed_anew = bench.worker.metric("journey_stage_events_total", stage="contact", event="routed")
    return result.add(Result(figures | {"keyed anew": keyed_anew}))


def _publish(bench: Bench, part: Slice, rng: Random, poison: int) -> tuple[Counter[str], int]:
    """By reason the bad events that were acknowledged, and how many of all were."""
    kinds = [list(KINDS.values())[number % len(KINDS)] for number in range(poison)]
    good = stirred(part.touchpoints, rng)
    todo: list[int] = [0] * len(good) + [1] * len(kinds)
    rng.shuffle(todo)
    expected: Counter[str] = Counter()
    pending = []
    with KafkaProducer(
        bootstrap_servers=bench.kafka.bootstrap, acks="all", linger_ms=20, max_request_size=2 * MOST_BYTES
    ) as producer:
        for bad in todo:
            if bad:
                reason, make = kinds.pop()
                key = rng.choice((None, b"poison", b"\xff\xfe", b"poison-contact-1"))
                value = make(rng)
                if value is None and key is None:  # the client refuses to send nothing at all
                    key = b"poison"
                pending.append((producer.send(TOPIC, value, key=key), "", reason))
            else:
                fact = good.pop(0)
                own = fact.contact_id.encode()
                key = rng.choice((own, None, b"someone else's", b"\xff\xfe"))
                partition = None if key == own else rng.randrange(PARTITIONS)
                pending.append((producer.send(TOPIC, encode(fact), key=key, partition=partition), fact.id, ""))
        producer.flush(120)
    # A batch that is small on the wire and huge when unpacked; the broker takes it, whatever is in it.
    with KafkaProducer(
        bootstrap_servers=bench.kafka.bootstrap,
        acks="all",
        compression_type="gzip",
        max_request_size=2 * _BOMB_BYTES,
        batch_size=2 * _BOMB_BYTES,
    ) as bomber:
        for _ in range(max(1, BOMBS * poison // POISON)):
            pending.append((bomber.send(TOPIC, b" " * _BOMB_BYTES, key=b"bomb"), "", "too_large"))
            bomber.flush(60)
    for future, good_id, reason in pending:
        future.get(1)
        if good_id:
            part.ledger.add(good_id)
        else:
            expected[reason] += 1
    return expected, len(pending)


TRIAL = Trial(
    "T19",
    "poison events",
    runs=1,
    run=run,
    bench=Bench,
    most={"wrong reasons": 0, "restarts": 0},
    at_end={"topic duplicates": 0, "versions fallen": 0},
    least={"keyed anew": 1},
    finish=look_and_compare,
)
