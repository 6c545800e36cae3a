"""The published schema takes what the program takes, and goes on to take what the last release's took."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from journeys import agents, touchpoint
from journeys.compatibility import breaks
from journeys.schema import json_schema
from journeys.touchpoint import Invalid

RELEASES = sorted(
    (Path(__file__).parents[2] / "docs/reference").glob("schema-*.json"),
    key=lambda file: [int(part) for part in file.stem.removeprefix("schema-").split(".")],
)
EVENT = {"id": "e1", "source": "ivr", "type": "queued", "time": "2026-01-01T10:00:00Z", "data": {"channel": "voice"}}
AGENT = EVENT | {"data": {"agent": "a-7", "state": "available"}}


def of(definition: str) -> Draft202012Validator:
    schema = json_schema()
    return Draft202012Validator({"$ref": f"#/$defs/{definition}", "$defs": schema["$defs"]})


def with_data(**fields: Any) -> dict[str, Any]:
    return EVENT | {"data": {"channel": "voice", **fields}}


def of_type(kind: str, **fields: Any) -> dict[str, Any]:
    return with_data(**fields) | {"type": kind}


@pytest.mark.parametrize(
    "event",
    [
        EVENT,
        EVENT | {"subject": None, "anything": [1]},
        EVENT | {"id": ""},
        EVENT | {"id": "x" * 256},
        EVENT | {"specversion": "0.3"},
        EVENT | {"dataschema": "touchpath:touchpoint:2"},
        EVENT | {"dataschema": touchpoint.SCHEMA},
        {name: value for name, value in EVENT.items() if name != "source"},
        with_data(contact_id=None, queue="", wait_s=0),
        with_data(wait_s=-1),
        with_data(wait_s=366 * 86_400 + 1),
        with_data(wait_s="3"),
        with_data(direction="sideways"),
        with_data(direction="inbound", invited=True),
        with_data(invited="yes"),
        with_data(identifiers={"phone": 3}),
        with_data(identifiers={"": "x"}),
        with_data(identifiers={"phone": "+49"}, attributes={"any": {"thing": 1}}),
        with_data(attributes=[]),
        with_data(channel=""),
        with_data(of_a_later_version=1),
        of_type("identify"),
        of_type("identify", identifiers={"phone": "1"}),
        of_type("link", identifiers={"phone": "1"}),
        of_type("link", identifiers={"phone": "1"}, other={"email": "a@b.example"}),
        of_type("block", identifiers={}),
        of_type("forget"),
        of_type("forget", contact_id=""),
        of_type("forget", contact_id="c1"),
        of_type("forget", identifiers={"phone": "1"}),
    ],
)
def test_a_touchpoint_is_taken_by_both_or_by_neither(event: dict[str, Any]) -> None:
    assert of("CloudEvent").is_valid(event) == is_read(touchpoint.decode, event)


@pytest.mark.parametrize(
    "event",
    [
        AGENT,
        AGENT | {"data": {"agent": "a-7"}},
        AGENT | {"data": {"agent": "", "state": "available"}},
        AGENT | {"data": {"agent": "a", "state": "break", "slots": {"chat": 1001}, "queues": ["billing"]}},
        AGENT | {"data": {"agent": "a", "state": "break", "slots": {"chat": 3}, "queues": ["billing"], "team": None}},
        AGENT | {"data": {"agent": "a", "state": "break", "queues": "billing"}},
        AGENT | {"dataschema": touchpoint.SCHEMA},
    ],
)
def test_an_agent_event_is_taken_by_both_or_by_neither(event: dict[str, Any]) -> None:
    assert of("AgentCloudEvent").is_valid(event) == is_read(agents.decode, event)


def is_read(decode: Callable[[bytes], object], event: dict[str, Any]) -> bool:
    try:
        decode(msgspec.json.encode(event))
    except Invalid:
        return False
    return True


def test_it_is_json_schema_and_says_what_fields_mean() -> None:
    schema = json_schema()
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(EVENT)
    assert "Case or order number" in schema["$defs"]["Data"]["properties"]["reference"]["description"]


@pytest.mark.parametrize("release", [pytest.param(RELEASES[-1], id=RELEASES[-1].stem)])
def test_what_the_last_release_took_is_taken(release: Path) -> None:
    assert breaks(json.loads(release.read_text()), json_schema()) == []


def change(*path: str, to: Any) -> Callable[[dict[str, Any]], None]:
    def changed(schema: dict[str, Any]) -> None:
        *way, last = path
        place = schema["$defs"]
        for name in way:
            place = place[int(name)] if isinstance(place, list) else place[name]
        if to is None:
            del place[last]
        else:
            place[last] = to

    return changed


DATA = ("Data", "properties")


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (change("AgentData", to=None), "AgentData: is gone"),
        (change(*DATA, "reference", to=None), "Data.reference: is gone"),
        (change("Data", "required", to=["channel", "queue"]), "Data.queue: is required now"),
        (change(*DATA, "invited", "type", to="string"), "Data.invited: type was boolean, is string"),
        (change(*DATA, "invited", "default", to=True), "Data.invited: left out meant False, means True"),
        (change(*DATA, "channel", "maxLength", to=20), "Data.channel: maxLength was 255, is 20"),
        (change(*DATA, "channel", "pattern", to="[a-z]+"), "Data.channel: pattern was none, is [a-z]+"),
        (change(*DATA, "channel", "enum", to=["web"]), "Data.channel: no longer takes any other"),
        (change(*DATA, "wait_s", "anyOf", "0", "minimum", to=1), "Data.wait_s: minimum was 0, is 1"),
        (change(*DATA, "wait_s", "anyOf", to=[{"type": "number"}]), "Data.wait_s: type was null, is number"),
        (change(*DATA, "wait_s", to={"type": "number", "default": None}), "Data.wait_s: type was null, is number"),
        (change(*DATA, "direction", "anyOf", "0", "enum", to=["inbound"]), "Data.direction: no longer takes outbound"),
        (change(*DATA, "identifiers", "propertyNames", "minLength", to=3), "Data.identifiers: minLength was 1, is 3"),
        (change(*DATA, "other", "additionalProperties", "maxLength", to=9), "Data.other.*: maxLength was 255, is 9"),
        (change("Data", "additionalProperties", to=False), "Data: additionalProperties was True, is False"),
        (change("AgentData", "properties", "queues", "items", "maxLength", to=1), "AgentData.queues.*: maxLength was"),
        (change("CloudEvent", "properties", "dataschema", "const", to="x:2"), "CloudEvent.dataschema: const was"),
        (change("CloudEvent", "properties", "data", "$ref", to="#/$defs/New"), "CloudEvent.data: was #/$defs/Data, is"),
        (change("CloudEvent", "allOf", "0", "then", to={}), "CloudEvent: a new condition"),
    ],
)
def test_a_break_is_named_by_its_field(changed: Callable[[dict[str, Any]], None], says: str) -> None:
    newer = copy.deepcopy(json_schema())
    changed(newer)
    (line,) = breaks(json_schema(), newer)
    assert line.startswith(says)


@pytest.mark.parametrize(
    "changed",
    [
        change(*DATA, "revision", to={"type": "integer", "default": 0}),
        change(*DATA, "channel", "maxLength", to=300),
        change(*DATA, "direction", "anyOf", "0", "enum", to=["inbound", "outbound", "internal"]),
        change(*DATA, "invited", to={"anyOf": [{"type": "boolean"}, {"type": "null"}], "default": False}),
        change("CloudEvent", "required", to=["id"]),
        change(*DATA, "reference", "description", to="Said otherwise."),
    ],
)
def test_what_only_takes_more_breaks_nothing(changed: Callable[[dict[str, Any]], None]) -> None:
    newer = copy.deepcopy(json_schema())
    changed(newer)
    assert breaks(json_schema(), newer) == []
