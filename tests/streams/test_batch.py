from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from journeys.partition import partition_of
from journeys.pseudonyms import Pseudonyms
from journeys.settings import DEFAULTS
from streams.batch import EPOCH_BITS, SEQUENCE_BITS, Batch, RecordTooLarge
from streams.dead_letters import Letter, Seal, Unopened
from tests.journeys.scenes import KEY, OLDER_KEY, PSEUDONYMS

TOPICS = {"out": 4, "dead-letters": 2}


@dataclass
class Event:
    key: bytes | None = b"k"
    value: bytes | None = b"v"
    topic: str = "in"
    partition: int = 3
    offset: int = 7
    timestamp: int = 1_000
    headers: list[tuple[str, bytes]] = field(default_factory=list)


def batch(state=None, **options):
    return Batch("stage", 3, options.pop("records", []), state or {}, TOPICS, **options)


def test_load_sees_own_saves_and_deletions():
    made = batch({b"a": b"1", b"b": b"2", b"c": b"3"})
    assert made.load([b"a", b"b", b"missing"]) == {b"a": b"1", b"b": b"2"}
    made.save(b"a", b"new")
    made.save(b"b", None)
    assert made.load([b"a", b"b", b"c", b"missing"]) == {b"a": b"new", b"c": b"3"}


@pytest.mark.parametrize("key", [b"", b"\x00meta"])
def test_reserved_keys_are_refused(key):
    with pytest.raises(ValueError, match="reserved"):
        batch().save(key, b"1")


def test_emit_goes_to_the_partition_of_its_key():
    made = batch()
    made.emit("out", b"key", b"1")
    made.emit("out", b"key", b"2", partition=0)
    made.emit("out", None, b"3")
    places = {(topic, n): [output.value for output in outputs] for (topic, n), outputs in made.outputs.items()}
    assert places[("out", 0)][0] == b"2"
    assert b"1" in places[("out", partition_of(b"key", 4))]
    assert b"3" in places[("out", partition_of(b"", 4))]


def test_emit_to_an_unknown_topic_is_an_error():
    with pytest.raises(KeyError, match="nowhere"):
        batch().emit("nowhere", b"k", b"v")


def test_too_large_is_refused():
    made = batch(max_record_bytes=10)
    with pytest.raises(RecordTooLarge, match="out is 11 bytes, the limit is 10"):
        made.emit("out", b"k", b"x" * 11)
    with pytest.raises(RecordTooLarge):
        made.save(b"k", b"x" * 11)


def test_reject_keeps_what_came_and_tells_why():
    made = batch()
    made.reject(Event(headers=[("trace", b"1")]), "bad_json", "unexpected end")
    ((place, (output,)),) = made.outputs.items()
    assert place == ("dead-letters", 1)
    assert (output.key, output.value, output.timestamp) == (b"k", b"v", 1_000)
    assert list(output.headers) == [
        ("trace", b"1"),
        ("__connect.errors.topic", b"in"),
        ("__connect.errors.partition", b"3"),
        ("__connect.errors.offset", b"7"),
        ("__connect.errors.stage", b"stage"),
        ("__connect.errors.exception.class.name", b"bad_json"),
        ("__connect.errors.exception.message", b"unexpected end"),
    ]
    assert made.rejected == {"bad_json": 1}


@pytest.mark.parametrize(
    "record",
    [
        Event(value=b"v" * 20_000_000),
        Event(value=b"v" * 999_990),
        Event(key=b"k" * 900_000, value=b"v" * 900_000),
        Event(value=b"v" * 10, headers=[("trace", b"h" * 1_000_000)]),
    ],
    ids=["came compressed", "nearly", "key", "headers"],
)
def test_a_dead_letter_is_never_too_large_for_the_broker(record):
    made = batch(max_record_bytes=1_000_000)
    made.reject(record, "too_large", "much")
    ((output,),) = made.outputs.values()
    headers = dict(output.headers)
    assert len(output.key) + len(output.value) + sum(map(len, headers)) + sum(map(len, headers.values())) <= 1_000_000
    assert record.value.startswith(output.value)
    assert headers["__connect.errors.value.bytes"] == str(len(record.value)).encode()
    assert headers["__connect.errors.exception.class.name"] == b"too_large"


def test_under_a_seal_nothing_of_the_event_is_to_be_seen():
    made = batch(seal=Seal(PSEUDONYMS))
    event = Event(key=b"+4930123456", value=b"of +4930123456", headers=[("caller", b"+4930123456")])
    made.reject(event, "bad_json", "unexpected end", "unexpected end of '+4930123456' \ud800")
    ((output,),) = made.outputs.values()
    assert output.key is None
    assert b"4930123456" not in output.value
    assert output.headers == [
        ("__connect.errors.topic", b"in"),
        ("__connect.errors.partition", b"3"),
        ("__connect.errors.offset", b"7"),
        ("__connect.errors.stage", b"stage"),
        ("__connect.errors.exception.class.name", b"bad_json"),
        ("__connect.errors.exception.message", b"unexpected end"),
    ]
    said = "unexpected end of '+4930123456' \\ud800"
    letter = Letter(b"+4930123456", b"of +4930123456", (("caller", b"+4930123456"),), said)
    assert Seal(PSEUDONYMS).open(output.value) == letter
    assert Seal(Pseudonyms([OLDER_KEY, KEY], DEFAULTS)).open(output.value) == letter
    for other, sealed in ((Pseudonyms([OLDER_KEY], DEFAULTS), output.value), (PSEUDONYMS, b"x" + output.value)):
        with pytest.raises(Unopened):
            Seal(other).open(sealed)


@pytest.mark.parametrize("limit", [1_000_000, 100_000])
@pytest.mark.parametrize(("key", "value", "header"), [
    (1, 20_000_000, 1), (1, 999_990, 1), (1, 700_000, 1), (900_000, 900_000, 1), (1, 10, 1_000_000), (1, 74_200, 1),
])  # fmt: skip
def test_a_sealed_letter_is_never_too_large_for_the_broker(limit, key, value, header):
    made = batch(max_record_bytes=limit, seal=Seal(PSEUDONYMS))
    record = Event(key=b"k" * key, value=b"v" * value, headers=[("trace", b"h" * header)])
    made.reject(record, "too_large", "much", "much " * 10_000)
    ((output,),) = made.outputs.values()
    headers = dict(output.headers)
    assert len(output.value) + sum(map(len, headers)) + sum(map(len, headers.values())) <= limit
    letter = Seal(PSEUDONYMS).open(output.value)
    assert record.value.startswith(letter.value)
    assert record.key.startswith(letter.key)
    whole = (letter.value, letter.headers) == (record.value, tuple(record.headers))
    assert whole == ("__connect.errors.value.bytes" not in headers)
    if not whole:
        assert headers["__connect.errors.value.bytes"] == str(value).encode()
        assert len(output.value) > limit * 0.7 or value < limit * 0.7


def test_headers_count_for_the_size_of_a_record():
    with pytest.raises(RecordTooLarge, match="out"):
        batch(max_record_bytes=100).emit("out", b"k", b"v", headers=[("trace", b"h" * 100)])


def test_versions_grow_with_the_sequence_and_fit_in_47_bits():
    made = batch(sequence=5)
    assert [made.next_version(), made.next_version(), made.sequence] == [6, 7, 7]
    last = batch(sequence=2**SEQUENCE_BITS - 2, epoch=2**EPOCH_BITS - 1).next_version()
    assert last == 2**47 - 1
    assert batch(epoch=1).next_version() > batch(sequence=2**SEQUENCE_BITS - 2).next_version()


def test_a_child_is_taken_over_or_forgotten():
    made = batch({b"a": b"1"}, epoch=2)
    made.save(b"b", b"2")
    lost, kept = made.child([]), made.child([])
    lost.save(b"a", b"lost")
    lost.emit("out", b"k", b"lost", 0)
    lost.next_version()
    assert kept.load([b"a", b"b"]) == {b"a": b"1", b"b": b"2"}
    kept.save(b"b", None)
    kept.emit("out", b"k", b"kept", 0)
    kept.count("seen", 2)
    kept.observe(9)
    version = kept.next_version()
    made.absorb(kept)
    assert made.load([b"a", b"b"]) == {b"a": b"1"}
    assert [output.value for output in made.outputs["out", 0]] == [b"kept"]
    assert (made.counts, made.newest_at) == ({"seen": 2}, 9)
    assert made.next_version() == version + 1
