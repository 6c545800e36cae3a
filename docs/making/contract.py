"""docs/reference/contract.md: the types that events are read with, as `touchpath schema` prints them."""

from __future__ import annotations

from typing import Any

import msgspec

from docs.making.markdown import code, fenced, page, table
from journeys.schema import definitions
from journeys.touchpoint import LIFE_CYCLE, MAX_BYTES, READ, SELF_SERVICE
from streams.topics import AGENTS, TOUCHPOINTS
from touchpath.asyncapi import document

_SHOWN = ("CloudEvent", "Data", "AgentCloudEvent", "AgentData")


def text() -> str:
    found = definitions("{name}")
    examples = document()["components"]["messages"]
    return page(
        "The contract",
        "journeys/touchpoint.py and journeys/agents.py",
        f"""Events are CloudEvents 1.0 in structured JSON, touchpoints on `{TOUCHPOINTS}`, what agents do on `{AGENTS}`;
at most {MAX_BYTES // 1024} KiB each. For tools there is `touchpath schema` ([the
schema](../connect/schema.md)); how to send them is in [publish](../connect/publish.md).""",
        "## Touchpoints",
        fenced(_example(examples["touchpoint"]), "json"),
        "The event:",
        _fields(found["CloudEvent"]),
        "Its `data`:",
        _fields(found["Data"]),
        f"""Types are an open list. These have a meaning: {_words((*LIFE_CYCLE, *SELF_SERVICE))}. So have these
attributes: {_words(sorted(READ))}, and `text`, which becomes a sentiment and is let go
([definitions](../definitions.md)).""",
        "## Agents",
        fenced(_example(examples["agentEvent"]), "json"),
        "The event:",
        _fields(found["AgentCloudEvent"]),
        "Its `data`:",
        _fields(found["AgentData"]),
    )


def _example(message: dict[str, Any]) -> str:
    return msgspec.json.format(msgspec.json.encode(message["examples"][0]["payload"])).decode()


def _words(words: tuple[str, ...] | list[str]) -> str:
    return ", ".join(map(code, words))


def _fields(schema: dict[str, Any]) -> str:
    required = set(schema.get("required", ()))
    return table(
        ("field", "type", "required", "meaning"),
        [
            (code(name), _type(kind), "yes" if name in required else "", kind.get("description", ""))
            for name, kind in schema["properties"].items()
        ],
    )


def _type(kind: dict[str, Any]) -> str:
    """In words, from JSON Schema."""
    if "anyOf" in kind:
        return " or ".join(_type(one) for one in kind["anyOf"])
    if "$ref" in kind:
        return "object, below"
    if "const" in kind:
        return code(f'"{kind["const"]}"')
    if "enum" in kind:
        return " or ".join("null" if value is None else code(f'"{value}"') for value in kind["enum"])
    said = str(kind.get("type", "any"))
    if kind.get("format") == "date-time":
        return "time (RFC 3339, with an offset)"
    if said == "array":
        return f"array of {_type(kind.get('items', {}))}"
    if said == "object" and isinstance(kind.get("additionalProperties"), dict):
        return f"object of {_type(kind['additionalProperties'])}"
    limits = [
        f"{words} {kind[key]}"
        for key, words in (("minLength", "from"), ("maxLength", "to"), ("minimum", "from"), ("maximum", "to"))
        if key in kind
    ]
    unit = " characters" if said == "string" else ""
    return f"{said}, {' '.join(limits)}{unit}" if limits else said
