"""The contract as JSON Schema (draft 2020-12), made from the types that events are read with.

What no schema says: an event has at most 32 KiB, its time is 1990 or later, and has an offset. Fields that the schema
does not know are kept, and read by nobody.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from typing import Any

import msgspec

from journeys import agents, touchpoint
from journeys.agents import AgentCloudEvent, AgentData
from journeys.touchpoint import FACTS, FORGET, OF_TWO, CloudEvent, Data

DRAFT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]


def json_schema() -> Schema:
    """Of both kinds of events; each is also a definition of its own, ``CloudEvent`` and ``AgentCloudEvent``."""
    return {
        "$schema": DRAFT,
        "title": "touchpath",
        "description": "What services tell: touchpoints (CloudEvent), and what agents do (AgentCloudEvent).",
        "anyOf": [{"$ref": f"#/$defs/{kind.__name__}"} for kind in (CloudEvent, AgentCloudEvent)],
        "$defs": definitions("#/$defs/{name}"),
    }


def definitions(ref_template: str) -> dict[str, Schema]:
    """By name; they refer to each other by ``ref_template``, in which ``{name}`` is the other's."""
    kinds = (CloudEvent, AgentCloudEvent, Data, AgentData)
    _, found = msgspec.json.schema_components(kinds, ref_template=ref_template)
    for kind in kinds:
        for name, text in said_of_fields(kind).items():
            found[kind.__name__]["properties"][name]["description"] = text
    for kind, version in ((CloudEvent, touchpoint.SCHEMA), (AgentCloudEvent, agents.SCHEMA)):
        found[kind.__name__]["properties"]["dataschema"]["const"] = version
    found[CloudEvent.__name__]["allOf"] = [
        _where(FACTS, {"required": ["identifiers"], "properties": {"identifiers": {"minProperties": 1}}}),
        _where(OF_TWO, {"required": ["other"], "properties": {"other": {"minProperties": 1}}}),
        _where(
            {FORGET},
            {
                "anyOf": [
                    {"required": ["identifiers"], "properties": {"identifiers": {"minProperties": 1}}},
                    {"required": ["contact_id"], "properties": {"contact_id": {"type": "string", "minLength": 1}}},
                ]
            },
        ),
    ]
    return found


def _where(types: frozenset[str] | set[str], data: Schema) -> Schema:
    """What holds of the data of events of some types."""
    of_types = {"required": ["type"], "properties": {"type": {"enum": sorted(types)}}}
    return {"if": of_types, "then": {"properties": {"data": data}}}


def said_of_fields(kind: type) -> dict[str, str]:
    """The text under each field of a class, which Python keeps nowhere but in the source."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(definition, ast.ClassDef)
    said = {}
    for field, text in zip(definition.body, definition.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            assert isinstance(field.target, ast.Name)
            said[field.target.id] = " ".join(str(text.value.value).split())
    return said
