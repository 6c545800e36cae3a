"""The contract as an AsyncAPI 3 document (https://www.asyncapi.com/docs/reference/specification/v3.0.0): which topics
take what, with which key."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from journeys import agents, touchpoint
from journeys.schema import definitions
from streams import topics

CONTENT_TYPE = "application/cloudevents+json"
"""Structured mode: https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/kafka-protocol-binding.md"""


def document() -> dict[str, Any]:
    """Seen from touchpath, which receives what services send."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "touchpath",
            "version": version("touchpath"),
            "description": "Touchpoints of customers, and what agents do, as CloudEvents 1.0 in structured JSON.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": {
            "touchpoints": _channel(topics.TOUCHPOINTS, "touchpoint", "One event, in one channel, about one customer."),
            "agents": _channel(topics.AGENTS, "agentEvent", "What an agent does from now on."),
        },
        "operations": {
            "receiveTouchpoint": _operation("touchpoints", "touchpoint"),
            "receiveAgentEvent": _operation("agents", "agentEvent"),
        },
        "components": {
            "messages": {
                "touchpoint": _message(
                    "CloudEvent",
                    "data.contact_id; where there is none, id",
                    {
                        "specversion": "1.0",
                        "id": "e-1",
                        "source": "ivr",
                        "type": "queued",
                        "time": "2026-01-01T10:00:00.123Z",
                        "dataschema": touchpoint.SCHEMA,
                        "data": {
                            "channel": "voice",
                            "contact_id": "call-17",
                            "identifiers": {"customer_id": "42"},
                            "queue": "billing",
                        },
                    },
                ),
                "agentEvent": _message(
                    "AgentCloudEvent",
                    "data.agent",
                    {
                        "specversion": "1.0",
                        "id": "e-2",
                        "source": "desktop",
                        "type": agents.STATE_CHANGED,
                        "time": "2026-01-01T10:00:00.123Z",
                        "dataschema": agents.SCHEMA,
                        "data": {"agent": "a-7", "state": agents.AVAILABLE, "slots": {"voice": 1, "chat": 3}},
                    },
                ),
            },
            "schemas": definitions("#/components/schemas/{name}"),
        },
    }


def _channel(topic: str, message: str, description: str) -> dict[str, Any]:
    return {
        "address": topic,
        "description": description,
        "messages": {message: {"$ref": f"#/components/messages/{message}"}},
        "bindings": {"kafka": {"topic": topic, "bindingVersion": "0.5.0"}},
    }


def _operation(channel: str, message: str) -> dict[str, Any]:
    return {
        "action": "receive",
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{message}"}],
    }


def _message(schema: str, key: str, example: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": schema,
        "contentType": CONTENT_TYPE,
        "payload": {"$ref": f"#/components/schemas/{schema}"},
        "bindings": {"kafka": {"key": {"type": "string", "description": key}, "bindingVersion": "0.5.0"}},
        "examples": [{"payload": example}],
    }
