"""What our own messages look like in a log, with identifiers in the places where they may come from."""

from __future__ import annotations

import asyncio
import logging
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from aiokafka import TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from journeys.pseudonyms import Pseudonyms
from journeys.settings import DEFAULTS, IDENTIFIERS
from journeys.touchpoint import Invalid
from producers.delivery import Account
from streams.batch import Batch, RecordTooLarge
from streams.processing import process
from tests.journeys.scenes import PSEUDONYMS
from tests.streams.pipeline import Rec
from touchpath.logs import log_to_file
from touchpath.redaction import redact

HIDDEN = PSEUDONYMS.of("phone", "+4930123456")
log = logging.getLogger("tests.redaction")


@pytest.fixture
def written(tmp_path: Path) -> Any:
    """What the log holds, without its first columns."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    file = tmp_path / "part.log"
    log_to_file(file)
    yield lambda: file.read_text()
    for handler in root.handlers:
        handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("for anna.b+x@example.co.uk, twice", "for [redacted], twice"),
        ("of 'Anna Ö. <änna@bücher.example>'", "of 'Anna Ö. <[redacted]>'"),
        ("customer_id:C-100 moved", "[redacted] moved"),
        ("state of b'iphone:+49 30 123456' is 7 bytes", "state of b'i[redacted]' is 7 bytes"),
        (f"state of b'kemail:{HIDDEN}' is 7 bytes", "state of b'[redacted]' is 7 bytes"),
        (f"{HIDDEN} and loyalty_card:{HIDDEN}", "[redacted] and [redacted]"),
        (
            "called +49 (0)30 123-456 or 0049 30 123456 or +4930123456.",
            "called [redacted] or [redacted] or [redacted].",
        ),
        ("got '4930123456' and \"4930123456\"", "got '[redacted]' and \"[redacted]\""),
    ],
)
def test_what_goes(text: str, want: str) -> None:
    assert redact(text) == want


@pytest.mark.parametrize(
    "text",
    [
        "journey.touchpoints/3@123456789: unreadable",
        "journey.contact.changelog/0 ends at 12345678, 123456789 was committed: it was replaced",
        f"partition contact/0: ready in 0.12 s, 12345678 records, from {{{TopicPartition('a', 1)}: 12345678}}",
        "127.0.0.1:9092 and http://127.0.0.1:38123/metrics and [::1]:9092",
        "time: 1767225600000 is over 3600000 ms after its arrival",
        "0192f0c4-7a11-7001-8000-000123456789 was acknowledged",
        "2026-01-01T00:00:00.123Z INFO touchpath.sink.0a1b2c3d: 12,345,678 rows",
        "email: expected text; session: expired, device: none",
        "fetching org.apache.kafka:kafka_2.13:4.1.1 into /home/user/.cache (once)",
        "OffsetAndMetadata(offset=12345678, metadata='')",
        "took 1e+300 or 1.5e+08 s",
    ],
)
def test_what_stays(text: str) -> None:
    assert redact(text) == text


@given(
    st.sampled_from(IDENTIFIERS), st.from_regex(r"\+?[1-9][0-9]{6,14}|[a-z0-9.]{1,20}@[a-z]{1,9}\.com", fullmatch=True)
)
def test_no_identifier_passes_by_its_name_or_its_form(kind: str, value: str) -> None:
    for text in (f"of {kind}:{value}", f"{kind}:{value}, twice", f"b'l{kind}:{value}'", f"({value!r})"):
        assert value not in redact(text)


def test_what_we_log_when_things_go_wrong(written: Any, tmp_path: Path) -> None:
    class Stage:
        name, inputs, schema, linger_s, fewest = "contact", ("in",), 1, 0.0, 1

        def process(self, batch: Batch) -> None:
            raise RecordTooLarge("state of b'c+4930123456' is 7 bytes")

        def migrate(self, key: bytes, value: bytes, schema: int) -> bytes | None:
            return value

    process(Stage(), Batch("contact", 0, [Rec("in", 0, 12345678, 0, b"k", b"v")], {}, {"dead-letters": 1}))

    def unlucky(event: str, error: Exception | None) -> None:
        raise Invalid("invalid_field", "data.identifiers", {"phone": "4930123456"}, "no")

    Account(on_delivery=unlucky).settle(["4930123456"], None)
    log.error("%s/%d@%d: unreadable: %s", "journey.signals", 3, 123456789, f"line 1: got 'customer_id:{HIDDEN}'")
    log.info("%d touchpoints published by %s at %s", 12345678, "4930123456", "127.0.0.1:9092")
    told = written()
    for clear in ("4930123456", "anna@example.com", str(HIDDEN)):
        assert clear not in told
    assert "stage contact, partition 0: 1 records failed, attempt 1: RecordTooLarge" in told
    assert "Traceback" in told
    assert "on_delivery failed for event [redacted]" in told
    assert "journey.signals/3@123456789: unreadable: line 1: got '[redacted]'" in told
    assert "12345678 touchpoints published by [redacted] at 127.0.0.1:9092" in told


def test_what_libraries_log_is_seen_too(written: Any) -> None:
    logging.getLogger("aiokafka.consumer").error("no %r for %s", {"offset": 12345678}, ValueError("anna@example.com"))
    with closing(asyncio.new_event_loop()) as loop:
        loop.call_exception_handler({"message": "lost", "exception": KeyError("+4930123456")})
    told = written()
    assert "no {'offset': 12345678} for [redacted]" in told
    assert "lost" in told
    assert "4930123456" not in told


def test_pseudonyms_under_any_key_go() -> None:
    other = Pseudonyms([b"k" * 32], DEFAULTS)
    for value in ("a", "b", "c", "+4930123456"):
        assert redact(f"x {other.of('cookie', value)} y") == "x [redacted] y"
