"""Asterisk's manager interface: what it tells, as it happens, of callers in queues.

https://docs.asterisk.org/Latest_API/API_Documentation/AMI_Events/: blocks of ``Name: value`` with an empty line
between. An event has its time only where manager.conf says ``timestampevents = yes``; without one it is refused. Feed
this or the queue log of a server, not both: the two tell the same with different clocks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from journeys.agents import AVAILABLE, OFFLINE, AgentEvent
from journeys.touchpoint import Invalid, Touchpoint, unread
from producers.adapters.adapter import How
from producers.adapters.asterisk import CHANNEL, contact, id_of
from producers.adapters.numbers import is_extension, phone
from producers.adapters.payload import Fields, Made, Unmapped, from_bytes, kept, until_invalid

KINDS = {
    "QueueCallerJoin": "queued",
    "QueueCallerAbandon": "abandoned",
    "AgentConnect": "connected",
    "AgentComplete": "ended",
}
STATES = {"AgentLogin": AVAILABLE, "AgentLogoff": OFFLINE}
_PRIVATE = ("CallerIDName", "ConnectedLineNum", "ConnectedLineName", "DestCallerIDName", "DestConnectedLineNum",
            "DestConnectedLineName", "DestCallerIDNum")  # fmt: skip
_BETWEEN = re.compile(r"(?:\r?\n[ \t]*){2,}")


@from_bytes("asterisk-ami")
def adapt(raw: bytes, how: How) -> Iterator[Made]:
    try:
        blocks = [block for block in _BETWEEN.split(raw.decode("utf-8-sig")) if block.strip()]
    except UnicodeDecodeError as error:
        raise Invalid("not_text", "", raw[:40], unread(error)) from None
    if not blocks:
        raise Invalid("null_value", "", raw[:40], "there is nothing in it")
    for number, block in enumerate(blocks, 1):
        yield from until_invalid(_block, _fields(block, f"[{number}]" if len(blocks) > 1 else ""), how)


def _fields(block: str, path: str) -> Fields:
    pairs = (line.split(":", 1) for line in block.split("\n"))
    return Fields({pair[0].strip(): pair[1].strip() for pair in pairs if len(pair) == 2}, path)


def _block(fields: Fields, how: How) -> Iterator[Made]:
    if fields.text("Response"):
        yield Unmapped("Response")
        return
    event = fields.required("Event")
    if state := STATES.get(event):
        yield _state(fields, state, event, how)
    elif kind := KINDS.get(event):
        yield _touchpoint(fields, kind, event, how)
    else:
        yield Unmapped(event)


def _touchpoint(fields: Fields, kind: str, event: str, how: How) -> Touchpoint:
    at = _time(fields)
    contact_id = contact(how, fields.required("Uniqueid"))
    caller = fields.text("CallerIDNum")
    waited, talked = fields.seconds("HoldTime"), fields.seconds("TalkTime")
    reason = fields.text("Reason")
    if kind == "ended" and reason == "transfer":
        kind = "transferred"
    fields.ignore(*_PRIVATE)
    return Touchpoint(
        at, id_of(contact_id, at, kind, event, waited, talked), kind, CHANNEL, contact_id, phone(_known(caller)),
        queue=fields.text("Queue"), agent=fields.text("MemberName") or fields.text("Interface"), direction="inbound",
        wait_s=waited, talk_s=talked,
        attributes=kept("asterisk", fields, reason=reason, extension=caller if is_extension(caller) else ""),
    )  # fmt: skip


def _state(fields: Fields, state: str, event: str, how: How) -> AgentEvent:
    at, agent = _time(fields), fields.required("Agent")
    return AgentEvent(at, f"{contact(how, agent)}/{at}/{event}", agent, state)


def _time(fields: Fields) -> int:
    if not fields.text("Timestamp"):
        raise fields.wrong("Timestamp", "is required: set timestampevents = yes in manager.conf")
    return fields.required_epoch("Timestamp")


def _known(number: str) -> str:
    return "" if number == "<unknown>" else number
