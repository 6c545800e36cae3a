"""FreeSWITCH's mod_callcenter: what it tells, as it happens, of callers in its queues.

Events ``callcenter::info`` of the event socket, as JSON or as plain text:
https://developer.signalwire.com/freeswitch/FreeSWITCH-Explained/Modules/mod_callcenter_1049389. The time is
Event-Date-Timestamp, in microseconds. Beside CC-… an event repeats all that is known of the channel, which is not kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from journeys.agents import AVAILABLE, OFFLINE, AgentEvent
from journeys.touchpoint import Invalid, Touchpoint, unread
from producers.adapters.adapter import How
from producers.adapters.freeswitch import CHANNEL, US, contact, left, since
from producers.adapters.numbers import is_extension, phone
from producers.adapters.payload import Fields, Made, Unmapped, from_bytes, kept, objects, until_invalid

STATES = {
    "Available": AVAILABLE,
    "Available (On Demand)": AVAILABLE,
    "On Break": "break",
    "Logged Out": OFFLINE,
}
_BETWEEN = re.compile(r"(?:\r?\n[ \t]*){2,}")
_OWN = "CC-"


@from_bytes("freeswitch-callcenter")
def adapt(raw: bytes, how: How) -> Iterator[Made]:
    for fields in objects(raw) if raw.lstrip()[:1] in (b"{", b"[") else _blocks(raw):
        if isinstance(fields, Invalid):
            yield fields
        else:
            yield from until_invalid(_event, fields, how)


def _blocks(raw: bytes) -> Iterator[Fields | Invalid]:
    """Plain text: ``Name: value`` with the value URL-encoded, and an empty line between events."""
    try:
        blocks = [block for block in _BETWEEN.split(raw.decode("utf-8-sig")) if block.strip()]
    except UnicodeDecodeError as error:
        yield Invalid("not_text", "", raw[:40], unread(error))
        return
    if not blocks:
        yield Invalid("null_value", "", raw[:40], "there is nothing in it")
    for number, block in enumerate(blocks, 1):
        pairs = (line.split(":", 1) for line in block.split("\n"))
        found = {pair[0].strip(): unquote(pair[1].strip()) for pair in pairs if len(pair) == 2}
        yield Fields(found, f"[{number}]" if len(blocks) > 1 else "")


def _event(fields: Fields, how: How) -> Iterator[Made]:
    action = fields.text("CC-Action")
    if not action:
        yield Unmapped(fields.text("Event-Subclass") or fields.required("Event-Name"))
        return
    fields.ignore("CC-Member-CID-Name", *(name for name in fields.value if not name.startswith(_OWN)))
    if action == "agent-status-change":
        yield from _state(fields)
    elif action in ("member-queue-start", "member-queue-resume"):
        yield _touchpoint(fields, "queued", action)
    elif action == "bridge-agent-start":
        waited = since(fields, "CC-Member-Joined-Time", "CC-Agent-Answered-Time")
        yield _touchpoint(fields, "connected", action, waited=waited)
    elif action == "member-queue-end":
        yield _left(fields, action)
    else:
        yield Unmapped(action)


def _left(fields: Fields, action: str) -> Touchpoint:
    cause, reason = fields.required("CC-Cause"), fields.text("CC-Cancel-Reason")
    if cause == "Terminated":
        talked = since(fields, "CC-Agent-Answered-Time", "CC-Member-Leaving-Time")
        return _touchpoint(fields, "ended", action, talked=talked, reason=fields.text("CC-Hangup-Cause"))
    waited = since(fields, "CC-Member-Joined-Time", "CC-Member-Leaving-Time")
    return _touchpoint(fields, left(reason), action, waited=waited, reason="" if reason == "NONE" else reason)


def _touchpoint(
    fields: Fields,
    kind: str,
    action: str,
    *,
    waited: float | None = None,
    talked: float | None = None,
    reason: str = "",
) -> Touchpoint:
    at = _time(fields)
    contact_id = contact(fields.required("CC-Member-Session-UUID"))
    caller = fields.text("CC-Member-CID-Number")
    return Touchpoint(
        at, f"{contact_id}/{fields.text('Event-Date-Timestamp')}/{action}", kind, CHANNEL, contact_id, phone(caller),
        queue=fields.text("CC-Queue"), agent=fields.text("CC-Agent"), direction="inbound", wait_s=waited, talk_s=talked,
        attributes=kept("freeswitch", fields, reason=reason, extension=caller if is_extension(caller) else ""),
    )  # fmt: skip


def _state(fields: Fields) -> Iterator[Made]:
    status = fields.required("CC-Agent-Status")
    agent, at = fields.required("CC-Agent"), _time(fields)
    state = STATES.get(status, status)
    yield AgentEvent(at, f"freeswitch:{agent}/{fields.text('Event-Date-Timestamp')}/{state}", agent, state)


def _time(fields: Fields) -> int:
    return fields.required_epoch("Event-Date-Timestamp", per_second=US)
