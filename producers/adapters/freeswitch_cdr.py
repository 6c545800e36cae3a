"""FreeSWITCH's call detail records as mod_json_cdr writes and posts them: one a leg.

https://developer.signalwire.com/freeswitch/FreeSWITCH-Explained/Modules/mod_json_cdr_3966100. As JSON, or in a form
(``cdr=``), be it in base64; values may be URL-encoded, which the record does not say: so they are decoded. (A value
that has %41 in it and is not encoded would be misread.) What counts is the caller's leg; those that the switch made
itself, to agents, are unmapped. Of a caller of mod_callcenter the record says queue, waiting and agent.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from journeys.touchpoint import Invalid, Touchpoint
from producers.adapters.adapter import How
from producers.adapters.freeswitch import CHANNEL, US, contact, left, since
from producers.adapters.numbers import ends
from producers.adapters.payload import Fields, Made, Unmapped, form, from_bytes, kept, objects, until_invalid

_NAMES = (
    "caller_id_name", "effective_caller_id_name", "origination_caller_id_name", "sip_from_display", "sip_cid_name",
    "callee_id_name", "sip_contact_params", "last_sent_callee_id_name", "initial_callee_id_name",
)  # fmt: skip


@from_bytes("freeswitch-cdr")
def adapt(raw: bytes, how: How) -> Iterator[Made]:
    for record in objects(_document(raw)):
        if isinstance(record, Invalid):
            yield record
        else:
            yield from until_invalid(_leg, record, how)


def _document(raw: bytes) -> bytes:
    """The JSON, out of its form if it is in one."""
    if not raw.lstrip().startswith(b"cdr="):
        return raw
    text = form(raw).text("cdr")
    if text.lstrip().startswith("{"):
        return text.encode(errors="surrogatepass")
    try:
        return b64decode(text.replace(" ", "+"), validate=True)  # a form reads + as a space
    except ValueError:
        raise Invalid("not_json", "cdr", text[:40], "neither JSON nor base64") from None


def _leg(record: Fields, how: How) -> Iterator[Made]:
    given = record.object("variables")
    if not given.value:
        raise record.wrong("variables", "is required")
    fields = Fields(_decoded(given.value), "variables")
    way = fields.text("direction") or record.text("channel_data.direction")
    if way == "outbound" and (fields.text("originator") or fields.text("cc_side") == "agent"):
        yield Unmapped("leg to an agent" if fields.text("cc_side") == "agent" else "b-leg")
        return
    number = fields.text("caller_id_number") or fields.text("sip_from_user")
    dialled = fields.text("destination_number") or fields.text("sip_to_user")
    direction, who = ("outbound", {"phone": dialled}) if way == "outbound" and dialled else ends(number, dialled)
    if not direction:
        yield Unmapped("internal call")
        return
    yield from _call(fields, direction, who)


def _decoded(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: unquote(value) if isinstance(value, str) else value for name, value in values.items()}


def _call(fields: Fields, direction: str, who: dict[str, str]) -> Iterator[Made]:
    contact_id = contact(fields.required("uuid"))
    key = f"{contact_id}/cdr"
    began, ended = _time(fields, "start"), _time(fields, "end")
    if began is None or ended is None:
        raise fields.wrong("start_uepoch" if began is None else "end_uepoch", "is required")
    yield Touchpoint(began, f"{key}-1", "started", CHANNEL, contact_id, who, direction=direction)
    queue = fields.text("cc_queue")
    joined = _second(fields, "cc_queue_joined_epoch", began) if queue else None
    if joined is not None:
        yield Touchpoint(joined, f"{key}-2", "queued", CHANNEL, contact_id, who, queue=queue)
        taken = _second(fields, "cc_queue_answered_epoch", began)
        waited = since(fields, "cc_queue_joined_epoch", "cc_queue_answered_epoch")
        agent = fields.text("cc_agent")
    else:
        taken = _time(fields, "bridge") if direction == "inbound" else _time(fields, "answer")
        waited, agent = fields.seconds("waitsec") if taken is not None else None, ""
    held = fields.seconds("hold_accum_seconds")
    talked = None
    if taken is not None:
        yield Touchpoint(
            taken, f"{key}-3", "connected", CHANNEL, contact_id, who, queue=queue, agent=agent, wait_s=waited
        )
        talked = max(0.0, (ended - taken) / 1000 - (held or 0.0))
    elif joined is not None and (gone := _second(fields, "cc_queue_canceled_epoch", began)) is not None:
        reason = fields.text("cc_cancel_reason")
        waited = since(fields, "cc_queue_joined_epoch", "cc_queue_canceled_epoch")
        yield Touchpoint(
            gone, f"{key}-3", left(reason), CHANNEL, contact_id, who, queue=queue, wait_s=waited,
            attributes={"reason": reason} if reason else {},
        )  # fmt: skip
    fields.ignore(*_NAMES)
    attributes = kept("freeswitch", fields, reason=fields.text("hangup_cause"))
    yield Touchpoint(
        ended, f"{key}-4", "ended", CHANNEL, contact_id, who, direction=direction, talk_s=talked,
        hold_s=held if taken is not None else None, attributes=attributes,
    )  # fmt: skip


def _time(fields: Fields, what: str) -> int | None:
    """In microseconds, else in seconds; 0 stands for never."""
    if fields.number(f"{what}_uepoch"):
        return fields.epoch(f"{what}_uepoch", per_second=US)
    return _second(fields, f"{what}_epoch", 0)


def _second(fields: Fields, name: str, earliest: int) -> int | None:
    """A time that is cut to whole seconds, so not before ``earliest``; 0 stands for never."""
    at = fields.epoch(name) if fields.number(name) else None
    return None if at is None else max(earliest, at)
