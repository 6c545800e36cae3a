"""`touchpath dlq`: what was refused is counted by anybody, and opened by those who have the key."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from journeys import Touchpoint
from journeys.agents import AgentEvent
from journeys.agents import decode as decode_state
from journeys.settings import Collector, Hook, Settings
from journeys.touchpoint import Invalid, decode, encode
from producers.collector.origin import Origin
from sinks import settlements
from sinks.embedded import Embedded
from sinks.migrate import migrate
from sinks.rows import READERS
from streams import topics
from streams.dead_letters import Letter, Seal
from tests.journeys.scenes import KEY, OLDER_KEY, PSEUDONYMS, START
from tests.sinks.messages import Message, put
from tests.streams.pipeline import Pipeline
from touchpath.cli import app
from touchpath.collecting import sealer
from touchpath.dead_letters import Again, Found
from touchpath.layout import Layout
from touchpath.moments import moment
from touchpath.problem import BadInput, Problem
from touchpath.vendor_letters import Rereading, hooks_of

NOT_JSON = b'{"source":"kiosk","id":"+4930123456"'
NO_CHANNEL = b'{"specversion":"1.0","id":"e2","source":"kiosk","type":"queued","time":"2026-01-01T00:00:00Z","data":{}}'


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOUCHPATH_PRIVACY_KEYS", raising=False)
    monkeypatch.delenv("TOUCHPATH_CLICKHOUSE", raising=False)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with two of a stage's dead letters, one of them discarded, and one of the sink's."""
    tmp_path = tmp_path_factory.mktemp("data")
    pipeline = Pipeline()
    pipeline.append(topics.TOUCHPOINTS, 0, b"c1", NOT_JSON, START, (("caller", b"+4930123456"),))
    pipeline.append(topics.TOUCHPOINTS, 0, b"c2", NO_CHANNEL, START + 1000)
    pipeline.publish(Touchpoint(START, "t1", "visited", "web", "c1"))
    pipeline.drain()
    store = Embedded(tmp_path / "store")
    migrate(store)
    put(store, *(record for topic in READERS for record in pipeline.records(topic)))
    (first, second) = store.query("SELECT letter_id, key, value, message FROM dead_letters ORDER BY at").rows
    assert first[1] == ""
    assert "4930123456" not in "".join(first)
    key, value = settlements.message(second[0], "discarded")
    put(store, Message(settlements.TOPIC, value, key=key))
    letters = READERS[topics.DEAD_LETTERS]()
    found = Message("journey.signals", b"{broken", timestamp=START - 1)
    for unreadable in READERS["journey.signals"]().take(found):
        letters.add(unreadable)  # type: ignore[attr-defined]
    store.insert(letters.table, letters.columns())
    store.close()
    Layout(tmp_path).keys.write_bytes(urlsafe_b64encode(OLDER_KEY) + b"\n" + urlsafe_b64encode(KEY))
    return tmp_path


def shown(data: Path, *arguments: str) -> list[dict[str, object]]:
    done = CliRunner().invoke(app, ["dlq", "show", "--data", str(data), *arguments])
    assert done.exit_code == 0, done.exception
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_letters_are_opened_newest_first(data: Path) -> None:
    discarded, first, of_sink = shown(data)
    assert (first["reason"], first["key"], first["value"]) == ("not_json", "c1", NOT_JSON.decode())
    assert (first["headers"], first["state"]) == ({"caller": "+4930123456"}, "open")
    assert 'got b\'{"source":"kiosk"' in str(first["message"])
    assert (discarded["reason"], discarded["state"]) == ("invalid_field", "discarded")
    assert (of_sink["stage"], of_sink["reason"], of_sink["value"]) == ("sink", "unreadable", "{broken")
    assert len(shown(data, "--limit", "1")) == 1


@pytest.mark.parametrize(
    ("arguments", "reasons"),
    [
        (["--reason", "not_json", "--reason", "unreadable"], ["not_json", "unreadable"]),
        (["--stage", "contact"], ["invalid_field", "not_json"]),
        (["--topic", "journey.signals"], ["unreadable"]),
        (["--source", "kiosk"], ["invalid_field"]),
        (["--source", "ivr"], []),
        (["--state", "open"], ["not_json", "unreadable"]),
        (["--state", "discarded"], ["invalid_field"]),
        (["--since", "2026-01-01T00:00:00Z", "--until", "2026-01-01T01:00:01+01:00"], ["not_json"]),
        (["--since", "1m"], []),
        (["--id", "journey.touchpoints.dlq/0/0"], ["not_json"]),
    ],
)
def test_they_are_chosen(data: Path, arguments: list[str], reasons: list[str]) -> None:
    assert [letter["reason"] for letter in shown(data, *arguments)] == reasons


def test_they_are_counted_by_reason_and_source(data: Path) -> None:
    done = CliRunner().invoke(app, ["dlq", "list", "--data", str(data)])
    lines = {tuple(line.split()[:6]) for line in done.stdout.splitlines()}
    touchpoints = "journey.touchpoints"
    assert ("not_json", "contact", touchpoints, "1", "0", "0") in lines
    assert ("invalid_field", "contact", touchpoints, "0", "0", "1") in lines
    assert ("unreadable", "sink", "journey.signals", "1", "0", "0") in lines
    done = CliRunner().invoke(app, ["dlq", "list", "--by-source", "--data", str(data), "--source", "kiosk"])
    (line,) = done.stdout.splitlines()[1:]
    assert line.split()[:7] == ["kiosk", "invalid_field", "contact", touchpoints, "0", "0", "1"]


def test_without_their_key_they_stay_shut(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOUCHPATH_PRIVACY_KEYS", urlsafe_b64encode(OLDER_KEY).decode())
    done = CliRunner().invoke(app, ["dlq", "show", "--data", str(data)])
    assert isinstance(done.exception, Problem)
    assert str(done.exception).startswith("2 of 3 are sealed with keys that are not here")
    _, first, of_sink = map(json.loads, done.stdout.splitlines())
    assert (first["reason"], first["message"]) == ("not_json", "Input data was truncated")
    assert "4930123456" not in done.stdout
    assert of_sink["value"] == "{broken"


def found(value: bytes | None, topic: str = topics.TOUCHPOINTS, cut: int = 0, shut: bool = False) -> Found:
    letter = None if shut else Letter(b"c9", value, (("x", b"y"),), "")
    return Found({"letter_id": "journey.touchpoints.dlq/0/0", "topic": topic, "value_bytes": cut}, letter)


def again(hooks: dict[str, Hook] | None = None) -> Again:
    settings = Settings(collector=Collector(hooks=hooks or {}))
    return Again(PSEUDONYMS, Rereading(PSEUDONYMS, hooks_of(settings, None)))


def test_what_is_sent_again_is_hidden_as_it_leaves() -> None:
    touchpoint = Touchpoint(START, "e1", "message", "chat", "c1", {"phone": "+4930123456"}, attributes={"text": "Bad."})
    (sent,) = again().events(found(encode(touchpoint), topics.ROUTED))
    assert (sent.topic, sent.key, sent.headers) == (topics.TOUCHPOINTS, b"c1", ())
    assert b"30123456" not in sent.value
    taken = decode(sent.value)
    assert taken.identifiers == {"phone": PSEUDONYMS.of("phone", "+4930123456")}
    assert taken.attributes.keys() == {"sentiment", "sentiment_by"}
    nobody = encode(Touchpoint(START, "e2", "visited", "web", "c2"))
    assert list(again().events(found(nobody))) == [(topics.TOUCHPOINTS, b"c2", nobody, (("x", b"y"),))]


@pytest.mark.parametrize(
    ("letter", "reason"),
    [
        (found(NOT_JSON), "not_json"),
        (found(None), "null_value"),
        (found(NO_CHANNEL), "invalid_field"),
        (found(NO_CHANNEL, topics.AGENTS), "invalid_field"),
        (found(b"{}", topics.VISITS), "internal"),
        (found(b"{}", shut=True), "sealed"),
        (found(encode(Touchpoint(START, "e", "visited", "web", "c")), cut=2_000_000), "cut"),
    ],
)
def test_what_cannot_be_sent_again_says_why(letter: Found, reason: str) -> None:
    with pytest.raises(Invalid) as refused:
        list(again().events(letter))
    assert refused.value.reason == reason


CDR = (
    b'"","0041795550142","600","from-trunk","x","PJSIP/a","PJSIP/b","Dial","PJSIP/b","2026-03-01 13:00:00",'
    b'"2026-03-01 13:00:08","2026-03-01 13:02:08",128,120,"ANSWERED","DOCUMENTATION","1772366400.17",""\n'
)
SMS = b"MessageSid=SM1&From=%2B41795550142&To=%2B41445550100&Body=Where+is+my+order%3F"


TOLD = Origin("branch", "bern", "2026-03-01T12:30:00Z")


def of_vendor(vendor: str, value: bytes, origin: Origin = TOLD) -> Found:
    row = {"letter_id": "journey.touchpoints.dlq/0/0", "topic": f"collector/{vendor}", "value_bytes": 0}
    return Found(row | {"at": datetime(2026, 3, 2, tzinfo=UTC)}, Letter(None, value, origin.headers(), ""))


def test_a_payload_is_read_again_with_what_the_settings_say_now() -> None:
    letter = of_vendor("asterisk-cdr", CDR)
    with pytest.raises(Invalid, match="no time zone is set"):
        list(again({"branch": Hook(adapter="asterisk-cdr")}).events(letter))
    mended = again({"branch": Hook(adapter="asterisk-cdr", time_zone="Europe/Zurich", source="lausanne")})
    sent = list(mended.events(letter))
    made = [decode(one.value) for one in sent]
    assert [one.type for one in made] == ["started", "connected", "ended"]
    assert {(one.source, one.contact_id) for one in made} == {("bern", "bern:1772366400.17")}, "as it was when it came"
    assert made[0].identifiers == {"phone": PSEUDONYMS.of("phone", "+41795550142")}
    assert [one.key for one in sent] == [b"bern:1772366400.17"] * 3
    assert list(mended.events(letter)) == sent, "twice it is the same events"


def test_a_payload_without_a_time_has_that_at_which_it_came() -> None:
    (sent,) = again().events(of_vendor("twilio", SMS))
    assert datetime.fromtimestamp(decode(sent.value).at / 1000, UTC) == datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    (older,) = again().events(of_vendor("twilio", SMS, Origin()))  # a letter that does not say, but lay there by then
    assert datetime.fromtimestamp(decode(older.value).at / 1000, UTC) == datetime(2026, 3, 2, tzinfo=UTC)


def test_of_a_payload_that_is_still_refused_the_rest_can_be_sent() -> None:
    log = b"1772366400|x|NONE|Agent/7|AGENTLOGIN|c\nsoon|c1|billing|NONE|ABANDON|1|1|9\n1772366402|q|NONE|NONE|RELOAD|"
    events = again().events(of_vendor("asterisk-queue-log", log))
    state = next(events)
    with pytest.raises(Invalid, match=r"line 2\.time: expected a number"):
        next(events)
    assert state.topic == topics.AGENTS
    assert isinstance(decode_state(state.value), AgentEvent)
    with pytest.raises(Invalid) as gone:
        list(again().events(of_vendor("acme", log)))
    assert gone.value.reason == "no_adapter"


def test_a_vendor_s_letter_shows_what_would_come_of_it(tmp_path: Path) -> None:
    letter = sealer(Seal(PSEUDONYMS))(
        CDR + b"broken\n", "invalid_field", "told", "told whole", "collector/asterisk-cdr", Origin("branch", "", "")
    )
    store = Embedded(tmp_path / "store")
    migrate(store)
    put(store, Message(topics.DEAD_LETTERS, letter.value, key=letter.key, headers=tuple(letter.headers or ())))
    store.close()
    Layout(tmp_path).keys.write_bytes(urlsafe_b64encode(KEY))
    settings = tmp_path / "touchpath.toml"
    settings.write_text('[collector.hooks.branch]\nadapter = "asterisk-cdr"\ntime_zone = "Europe/Zurich"\n')
    (one,) = shown(tmp_path, "--settings", str(settings), "--source", "asterisk-cdr")
    assert one["headers"] == {"touchpath-hook": "branch"}
    found_again = one["again"]
    assert isinstance(found_again, dict)
    assert found_again["adapter"] == "asterisk-cdr"
    assert len(found_again["events"]) == 3
    assert found_again["refused"] == ["line 2: expected 16 to 21 columns (got ['broken'])"]


@pytest.mark.parametrize("value", ["yesterday", "2026-01-01T00:00:00", "7"])
def test_a_time_without_an_offset_or_a_unit_is_refused(value: str) -> None:
    with pytest.raises(BadInput, match=f"--since: expected how long ago.*got '{value}'"):
        moment("--since", value)


def test_what_a_settlement_says_is_checked() -> None:
    with pytest.raises(ValueError, match=r"one of replayed, discarded, got b'burnt'"):
        settlements.read(b"journey.touchpoints.dlq/0/0", b"burnt")
    (unreadable,) = READERS[settlements.TOPIC]().take(Message(settlements.TOPIC, b"replayed", key=None))
    assert "expected the id of a letter" in unreadable.message
