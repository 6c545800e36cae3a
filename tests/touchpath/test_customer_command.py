"""`touchpath customer` and `touchpath identity audit`, on a store that the stages' own messages filled."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

import msgspec
import pytest

from journeys import Touchpoint
from journeys.settings import DEFAULTS
from sinks.embedded import Embedded
from sinks.embedded_server import Server
from sinks.migrate import migrate
from sinks.rows import READERS
from tests.journeys.scenes import DAY, HOUR, KEY, MINUTE, OLDER_KEY, PSEUDONYMS, START
from tests.sinks.messages import identifier, put
from tests.streams.pipeline import Pipeline
from touchpath.cli import main
from touchpath.customer_record import record
from touchpath.identity_audit import Changed, Shared, audit
from touchpath.layout import Layout
from touchpath.queries import Served

ANN, BOB = {"customer_id": "7"}, {"customer_id": "8"}
MAIL, PHONE, COOKIE = {"email": "ann@example.org"}, {"phone": "+9725"}, {"cookie": "x"}
TABLET = {"device": "tablet"}
CALL = {"intent": "billing", "queue": "billing"}


def scene() -> list[Touchpoint]:
    """Ann reads, signs in, chats, gives up, calls and calls again; Bob and she use a shop's tablet."""

    def event(number: int, at: int, kind: str, channel: str, contact: str, **fields: Any) -> Touchpoint:
        return Touchpoint(START + at, f"t{number}", kind, channel, contact, **fields)

    return [
        event(1, 0, "article_viewed", "web", "visit", identifiers=COOKIE, intent="billing"),
        event(2, MINUTE, "identify", "web", "t2", identifiers=ANN | MAIL | COOKIE),
        event(3, 10 * MINUTE, "queued", "chat", "chat", identifiers=MAIL, **CALL),
        event(4, 15 * MINUTE, "abandoned", "chat", "chat", wait_s=300.0, **CALL),
        event(5, 20 * MINUTE, "queued", "voice", "call", identifiers=ANN | MAIL | PHONE, **CALL),
        event(6, 21 * MINUTE, "connected", "voice", "call", agent="dana", wait_s=60.0, **CALL),
        event(7, 30 * MINUTE, "ended", "voice", "call", talk_s=540.0, **CALL),
        event(8, 2 * DAY, "queued", "voice", "again", identifiers=PHONE, **CALL),
        event(9, 2 * DAY + MINUTE, "connected", "voice", "again", agent="[red]eli", wait_s=60.0, **CALL),
        event(10, 2 * DAY + HOUR, "ended", "voice", "again", talk_s=60.0, **CALL),
        event(11, DAY, "visited", "store", "shop-1", identifiers=ANN | TABLET),
        event(12, DAY + HOUR, "visited", "store", "shop-2", identifiers=BOB | TABLET),
        event(13, DAY + 2 * HOUR, "visited", "store", "shop-3", identifiers=TABLET),
        event(14, DAY, "link", "app", "t14", identifiers={"social": "@ann"}, other=MAIL),
        event(15, DAY, "unlink", "app", "t15", identifiers=BOB, other=MAIL),
        event(16, DAY, "block", "app", "t16", identifiers={"device": "kiosk"}),
        event(17, DAY, "visited", "web", "v17", identifiers={"cookie": "7"}),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory whose store holds what became of the scene."""
    directory = tmp_path_factory.mktemp("data")
    Layout(directory).keys.write_bytes(urlsafe_b64encode(OLDER_KEY) + b"\n" + urlsafe_b64encode(KEY))
    pipeline = Pipeline(2)
    for touchpoint in scene():
        pipeline.publish(touchpoint)
    pipeline.drain()
    store = Embedded(directory / "store")
    migrate(store)
    put(store, *(record for topic in READERS for record in pipeline.records(topic)))
    store.close()
    return directory


@pytest.fixture
def run(data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a command on the data; gives (status, stdout, stderr)."""
    for name in ("TOUCHPATH_CLICKHOUSE", "TOUCHPATH_PRIVACY_KEYS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("touchpath.terminal.ANSWERS.width", 160)

    def run(*arguments: str) -> tuple[object, str, str]:
        monkeypatch.setattr(sys, "argv", ["touchpath", *arguments, "--data", str(data)])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return ended.value.code, shown(told.out), shown(told.err)

    return run


def hidden(identifier: str) -> str:
    kind, _, value = identifier.partition(":")
    return f"{kind}:{PSEUDONYMS.of(kind, value)}"


CLEAR = {
    hidden(one): one
    for one in (
        *(f"{kind}:{value}" for fact in scene() for kind, value in (*fact.identifiers.items(), *fact.other.items())),
        *("social:ann", "customer_id:8"),
    )
}


def shown(text: str) -> str:
    """``text`` with what its pseudonyms stand for."""
    for pseudonym, clear in CLEAR.items():
        text = text.replace(pseudonym, clear)
    return text


def lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


def test_who_why_and_what_happened(run: Any) -> None:
    status, out, _ = run("customer", "email:ann@example.org")
    assert status == 0
    told = lines(out)
    assert told[0] == "email:ann@example.org (email:ann@example.org) belongs to customer_id:7"
    # Periods of 30 days: the one that holds the scene begins on 2025-12-08.
    assert "seen with customer_id:7 in 2 contacts, 2025-12-08 to 2026-01-03" in told
    assert "linked with social:ann by an explicit fact" in told
    assert "unlinked from customer_id:8 by an explicit fact" in told
    own = told[told.index("identifiers of customer_id:7") + 1 :]
    assert {line.split()[0] for line in own[:5]} == {
        "customer_id:7", "email:ann@example.org", "phone:+9725", "cookie:x", "social:ann",
    }  # fmt: skip
    at = next(number for number, line in enumerate(told) if line.startswith("billing, open, 2026-01-01 to 2026-01-03"))
    assert told[at].endswith(": 5 contacts, 4 switches, 3 repeats")
    assert told[at + 1 : at + 3] == [
        "stages use 10 min → service 24 h → unknown 24 h → service 60 min",
        "effort 60 of 100: 3 repeats 30, abandonment 15, repeated explanation 15",
    ]
    at = told.index("2026-01-01 00:00 web self-service")
    assert told[at + 1 : at + 5] == [
        "2026-01-01 00:10 chat billing: abandoned after 5 min; switch from web (choice); repeat of web",
        "2026-01-01 00:20 voice billing: answered by dana after 60 s; switch from chat (abandoned); "
        "redial after an abandonment; repeat of web",
        "2026-01-02 00:00 store open; switch from voice (choice); repeat of voice",
        "2026-01-03 00:00 voice billing: answered by [red]eli after 60 s; switch from store (choice); repeat of voice; "
        "repeated explanation",
    ]


def test_the_same_as_an_object(run: Any) -> None:
    status, out, _ = run("customer", "cookie:x", "--json")
    assert status == 0
    found = json.loads(out)
    assert found["as_of"] == "2026-01-03T01:00:00Z"
    assert found["identifier"] == {
        "identifier": "cookie:x", "kind": "cookie", "state": "owned", "owner": "customer_id:7", "contacts": 1,
    }  # fmt: skip
    (reason,) = found["reasons"]
    assert found["asked"] == "cookie:x"
    assert sorted((one["identifier"], one["owner"]) for one in reason["seen_with"]) == [
        ("customer_id:7", "customer_id:7"), ("email:ann@example.org", "customer_id:7"),
    ]  # fmt: skip
    assert (reason["contacts"], reason["not_after"]) == (1, "2026-01-03T01:00:00Z")
    steps = {step["contact_id"]: step for story in found["journeys"] for step in story["contacts"]}
    assert list(steps) == ["visit", "chat", "call", "shop-1", "again"]
    assert [(mark["mark"], mark["of_contact_id"]) for mark in steps["call"]["marks"]] == [
        ("switch", "chat"), ("redial", "chat"), ("repeat", "visit"),
    ]  # fmt: skip
    assert steps["again"]["marks"] == [
        {"mark": "switch", "of_contact_id": "shop-1", "of_channel": "store", "cause": "choice"},
        {"mark": "repeat", "of_contact_id": "call", "of_channel": "voice", "cause": ""},
    ]
    assert (steps["call"]["agents"], steps["call"]["wait_s"], steps["call"]["talk_s"]) == (["dana"], 60.0, 540.0)


@pytest.mark.parametrize(
    ("wanted", "first"),
    [
        ("+9725", "phone:+9725 (+9725) belongs to customer_id:7"),
        ("@ann", "social:ann (@ann) belongs to customer_id:7"),
        ("email:Ann@Example.org ", "email:ann@example.org (email:Ann@Example.org) belongs to customer_id:7"),
        ("ANN@example.org", "email:ann@example.org (ANN@example.org) belongs to customer_id:7"),
        ("customer_id:8", "customer_id:8 (customer_id:8) is a customer"),
        ("8", "customer_id:8 (8) is a customer"),
        ("cookie:7", "cookie:7 (cookie:7) is a customer of its own: no stronger identifier claims it"),
        ("tablet", "device:tablet (tablet) is shared: it belongs to nobody"),
        ("device:kiosk", "device:kiosk (device:kiosk) is blocked: it belongs to nobody, by an explicit fact"),
        (hidden("phone:+9725"), "phone:+9725 belongs to customer_id:7"),
        (hidden("phone:+9725").partition(":")[2], "phone:+9725 belongs to customer_id:7"),
        ("anonymous:shop-3", "anonymous:shop-3 is an anonymous contact: no identifier in it belongs to anybody"),
    ],
)
def test_who_it_is(run: Any, wanted: str, first: str) -> None:
    status, out, _ = run("customer", wanted)
    assert (status, lines(out)[0]) == (0, first)


def test_the_evidence_of_what_is_shared(run: Any) -> None:
    told = lines(run("customer", "device:tablet")[1])
    assert sorted(told[1:]) == [
        "seen with customer_id:7 in 1 contact, 2025-12-08 to 2026-01-03",
        "seen with customer_id:8 in 1 contact, 2025-12-08 to 2026-01-03",
    ]


@pytest.mark.parametrize(
    ("wanted", "status", "said"),
    [
        ("email:nobody@example.org", 1, "email:nobody@example.org: nobody is known by this identifier"),
        ("anonymous:none", 1, "anonymous:none: nobody is known by this identifier"),
        ("o'hara\\", 1, "o'hara\\: nobody is known by this identifier"),
        ("7", 2, "IDENTIFIER 7: means more than one customer; give one of cookie:7, customer_id:7"),
        (" ", 2, "IDENTIFIER: expected one such as email:ann@example.org, got ' '"),
        ("\udcff", 2, "IDENTIFIER: expected text in UTF-8, got '\\udcff'"),
    ],
)
def test_one_line_where_it_cannot_be_told(run: Any, wanted: str, status: int, said: str) -> None:
    assert run("customer", wanted) == (status, "", f"touchpath customer: {said}\n")


def test_without_keys_only_pseudonyms_are_found(data: Path, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    Layout(data).keys.rename(data / "elsewhere")
    try:
        status, _, said = run("customer", "+9725")
        assert (status, said.count("\n")) == (1, 1)
        assert "there are no keys" in said
        assert run("customer", hidden("phone:+9725"))[0] == 0
        assert run("customer", "anonymous:shop-3")[0] == 0
    finally:
        (data / "elsewhere").rename(Layout(data).keys)


def test_the_audit(run: Any) -> None:
    found = json.loads(run("identity", "audit", "--json")[1])
    assert found["as_of"] == "2026-01-03T01:00:00Z"
    assert {(row["kind"], row["state"]): row["identifiers"] for row in found["counts"]} == {
        ("customer_id", "owned"): 2,
        ("email", "owned"): 1,
        ("phone", "owned"): 1,
        ("social", "owned"): 1,
        ("cookie", "owned"): 1,
        ("cookie", "unclaimed"): 1,
        ("device", "shared"): 1,
        ("device", "blocked"): 1,
    }
    assert found["shared"] == [{"identifier": "device:tablet", "contacts": 2, "sets": 2}]
    assert sorted(tuple(row.values()) for row in found["customers"]) == [
        ("cookie:7", 1, 1), ("customer_id:7", 5, 5), ("customer_id:8", 1, 1),
    ]  # fmt: skip
    assert found["changed"] == []  # the scene's records are of long ago
    status, out, _ = run("identity", "audit")
    told = lines(out)
    assert status == 0
    assert told[0] == "identifiers as of 2026-01-03 01:00:00 UTC"
    assert "device 0 0 1 1" in told
    assert "device:tablet 2 2 sets" in told
    assert "customer_id:7 5 5" in told


def test_while_it_runs_the_store_is_asked(data: Path, run: Any) -> None:
    """Over HTTP the answers are those of the directory itself."""
    alone = [json.loads(run("customer", wanted, "--json")[1]) for wanted in ("customer_id:7", "tablet")]
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    store = Embedded(data / "store")
    server = Server(store, 0)
    try:
        port = asyncio.run_coroutine_threadsafe(server.start(), loop).result(30)
        served = Served(f"http://127.0.0.1:{port}")
        found = [record(served, wanted, PSEUDONYMS, DEFAULTS) for wanted in ("customer_id:7", "tablet")]
        assert [json.loads(shown(msgspec.json.encode(one).decode())) for one in found] == alone
        assert audit(served).shared == (Shared(hidden("device:tablet"), 2, 2),)
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result(30)
        store.close()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def test_joins_and_splits_of_the_day(tmp_path: Path) -> None:
    store = Embedded(tmp_path / "store")
    migrate(store)
    now = int(time.time() * 1000)
    put(
        store,
        identifier("phone:1", change="joined", changed_at=now),
        identifier("phone:2", change="joined", changed_at=now - DAY - MINUTE),
        identifier("phone:3", "phone:3", "unclaimed", change="parted", changed_at=now - HOUR),
        identifier("cookie:1", change="moved", changed_at=now),
        identifier("cookie:2"),
    )
    assert audit(store).changed == (Changed("cookie", 0, 0, 1), Changed("phone", 1, 1, 0))
    store.close()
