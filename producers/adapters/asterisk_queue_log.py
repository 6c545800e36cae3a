"""Asterisk's queue log: a line for each thing that happens to a call in a queue.

https://docs.asterisk.org/Operation/Logging/Queue-Logs/: ``epoch|call id|queue|member|event|…``. Events about one member
of one queue (ADDMEMBER, PAUSE …) say nothing about the agent as a whole, who may be in others: they are unmapped. Those
about an agent become agent events.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from journeys.agents import AVAILABLE, OFFLINE, AgentEvent
from journeys.touchpoint import Invalid, Touchpoint, unread
from producers.adapters.adapter import How
from producers.adapters.asterisk import CHANNEL, contact, id_of, member
from producers.adapters.numbers import is_extension, phone
from producers.adapters.payload import Fields, Made, Unmapped, from_bytes, kept, until_invalid

_SERVED = ("holdtime", "calltime", "origposition")
_LEFT = ("position", "origposition", "waittime")
PARAMETERS = {
    "ENTERQUEUE": ("url", "callerid", "origposition", "calleridname"),
    "CONNECT": ("holdtime", "bridgedchanneluniqueid", "ringtime"),
    "COMPLETEAGENT": _SERVED,
    "COMPLETECALLER": _SERVED,
    "ABANDON": _LEFT,
    "EXITWITHTIMEOUT": _LEFT,
    "EXITEMPTY": _LEFT,
    "EXITWITHKEY": ("key", *_LEFT),
    "WITHDRAW": (*_LEFT, "info"),
    "TRANSFER": ("extension", "context", *_SERVED),
    "BLINDTRANSFER": ("extension", "context", *_SERVED),
    "ATTENDEDTRANSFER": ("method", "to", *_SERVED),
}
"""What stands behind the event, by Asterisk's names for it."""
KINDS = {
    "ENTERQUEUE": "queued",
    "CONNECT": "connected",
    "COMPLETEAGENT": "ended",
    "COMPLETECALLER": "ended",
    "ABANDON": "abandoned",
    "EXITWITHTIMEOUT": "transferred",
    "EXITEMPTY": "transferred",
    "EXITWITHKEY": "transferred",
    "WITHDRAW": "transferred",
    "TRANSFER": "transferred",
    "BLINDTRANSFER": "transferred",
    "ATTENDEDTRANSFER": "transferred",
}
"""Who leaves a queue unanswered and did not hang up goes on in the dial plan: to another queue, to a voice mail."""
STATES = {
    "AGENTLOGIN": AVAILABLE,
    "AGENTCALLBACKLOGIN": AVAILABLE,
    "UNPAUSEALL": AVAILABLE,
    "PAUSEALL": "paused",
    "AGENTLOGOFF": OFFLINE,
    "AGENTCALLBACKLOGOFF": OFFLINE,
}


@from_bytes("asterisk-queue-log")
def adapt(raw: bytes, how: How) -> Iterator[Made]:
    lines = [line for line in raw.splitlines() if line.strip()]
    if not lines:
        yield Invalid("null_value", "", raw[:40], "there is nothing in it")
    for number, line in enumerate(lines, 1):
        try:
            event, fields = _fields(line, f"line {number}" if len(lines) > 1 else "")
        except Invalid as invalid:
            yield invalid
        else:
            yield from until_invalid(partial(_event, event), fields, how)


def _fields(line: bytes, path: str) -> tuple[str, Fields]:
    """The event of a line, and its fields by Asterisk's names."""
    try:
        cells = line.decode().strip().split("|")
    except UnicodeDecodeError as error:
        raise Invalid("not_text", path, line[:40], unread(error)) from None
    if len(cells) < 5:
        raise Invalid("invalid_field", path, line[:80], "expected five fields at least, with | between")
    time, callid, queue, agent, event, *found = cells
    fixed = {"time": time, "callid": callid, "queuename": queue, "agent": agent}
    return event, Fields(fixed | _named(event, found), path)


def _event(event: str, fields: Fields, how: How) -> Iterator[Made]:
    if state := STATES.get(event):
        yield _state(fields, state, event, how)
    elif kind := KINDS.get(event):
        yield _touchpoint(fields, kind, event, how)
    else:
        yield Unmapped(event)


def _named(event: str, found: list[str]) -> dict[str, str]:
    """Parameters by name; those that this Asterisk has beyond are data1 … data5, as in its table."""
    names = PARAMETERS.get(event, ())
    if event == "ATTENDEDTRANSFER" and found[:1] == ["LINK"]:  # to two channels, where the other ways have one
        names = ("method", "to", "and", *_SERVED)
    return {names[place] if place < len(names) else f"data{place + 1}": one for place, one in enumerate(found)}


def _touchpoint(fields: Fields, kind: str, event: str, how: How) -> Touchpoint:
    at = fields.required_epoch("time")
    contact_id = contact(how, fields.required("callid"))
    waited = fields.seconds("holdtime")
    if waited is None:
        waited = fields.seconds("waittime")
    talked = fields.seconds("calltime")
    caller = fields.text("callerid")
    reason = event if event not in ("ENTERQUEUE", "CONNECT", "ABANDON") else ""
    fields.ignore("calleridname")
    return Touchpoint(
        at, id_of(contact_id, at, kind, event, waited, talked), kind, CHANNEL, contact_id, phone(caller),
        queue=member(fields.text("queuename")), agent=member(fields.text("agent")), direction="inbound", wait_s=waited,
        talk_s=talked,
        attributes=kept("asterisk", fields, reason=reason, extension=caller if is_extension(caller) else ""),
    )  # fmt: skip


def _state(fields: Fields, state: str, event: str, how: How) -> AgentEvent:
    at = fields.required_epoch("time")
    agent = fields.required("agent")
    return AgentEvent(at, f"{contact(how, agent)}/{at}/{event}", agent, state)
