"""Zendesk: ticket events, messages, CSAT and agents' states, as its web hooks send them.

https://developer.zendesk.com/api-reference/webhooks/event-types/webhook-event-types/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from journeys import agents, surveys
from journeys.agents import AgentEvent
from journeys.touchpoint import Touchpoint
from producers.adapters.adapter import How
from producers.adapters.payload import Fields, Made, Unmapped, adapter, kept, some

VENDOR = "zendesk"
PREFIX = "zen:event-type:"
CHANNELS = {
    "web": "email", "email": "email", "api": "email", "rule": "email", "help_center": "email", "web_form": "email",
    "chat": "chat", "native_messaging": "chat", "messaging": "chat", "web_messenger": "chat",
    "sms": "sms", "voice": "voice", "phone": "voice", "mobile": "app", "mobile_sdk": "app",
    "facebook": "social", "twitter": "social", "x_corp_dm": "social", "instagram_dm": "social",
    "whatsapp": "messenger", "line": "messenger", "wechat": "messenger", "viber": "messenger",
    "telegram": "messenger", "apple_messages": "messenger", "google_rcs": "messenger",
}  # fmt: skip
"""By ``via.channel``: what comes by a web form is answered by e-mail, and is read as one. Others keep their name.
https://developer.zendesk.com/documentation/ticketing/reference-guides/via-object-reference/"""
SCORES = {"good": 5, "bad": 1}
"""Satisfied or not, on the scale of CSAT: only the percentage of the satisfied has a meaning then, not the mean."""
STATES = {"online": agents.AVAILABLE, "offline": agents.OFFLINE}
_SOLVED = frozenset({"solved", "closed"})


@adapter(VENDOR)
def adapt(event: Fields, how: How) -> Iterator[Made]:
    """What one event becomes."""
    kind = event.required("type").removeprefix(PREFIX)
    read = _KINDS.get(kind)
    if read is None:
        yield Unmapped(kind)
    else:
        yield from read(event, how)


def _created(event: Fields, how: How) -> Iterator[Made]:
    group = event.text("detail.group_id")
    queue = how.names.get(group, group)
    yield _touchpoint(event, how, "queued" if queue else "started", queue=queue, direction="inbound")


def _grouped(event: Fields, how: How) -> Iterator[Made]:
    group = event.text("event.current")
    if group:
        yield _touchpoint(event, how, "queued", queue=how.names.get(group, group))
    else:
        yield Unmapped("ticket.group_assignment_changed to no group")


def _assigned(event: Fields, how: How) -> Iterator[Made]:
    yield _touchpoint(event, how, "assigned", agent=event.text("event.current"))


def _commented(event: Fields, how: How) -> Iterator[Made]:
    """A reply that the customer sees; an agent's takes the ticket out of its queue. Handle time is told by no event."""
    comment = event.object("event.comment")
    if not comment.flag("is_public"):
        yield Unmapped("ticket.comment_added, an internal note")
        return
    staff = comment.flag("author.is_staff")
    author = comment.text("author.id")
    text = comment.text("body")
    event.ignore("event.comment.author", "event.comment.html_body", "event.comment.plain_body")
    if staff:
        yield _touchpoint(event, how, "connected", suffix="/connected", talk_s=0.0)
    own: dict[str, Any] = {"agent": author} if staff else {}
    said = {"text": text, "speaker": "agent" if staff else "customer"}
    yield _touchpoint(event, how, "message", said=said, **own)


def _changed(event: Fields, how: How) -> Iterator[Made]:
    now, before = event.text("event.current").lower(), event.text("event.previous").lower()
    if now in _SOLVED and before not in _SOLVED:
        yield _touchpoint(event, how, "ended", outcome="resolved")
    elif before in _SOLVED and now not in _SOLVED and now:
        yield _touchpoint(event, how, "reopened", outcome="unresolved")
    else:
        yield Unmapped(f"ticket.status_changed to {now or 'nothing'}")


def _rated(event: Fields, how: How) -> Iterator[Made]:
    said = event.text("event.satisfaction_score.score") or event.text("event.current")
    score = SCORES.get(said.lower()) or surveys.score_of("csat", said)
    event.ignore("event.satisfaction_score.comment")
    if score is None:
        raise event.wrong("event.satisfaction_score.score", "expected GOOD, BAD or 1 to 5")
    attributes = {"csat": score, "about": _contact_id(event)}
    made = _touchpoint(event, how, "surveyed", said=attributes)
    yield Touchpoint(
        made.at, made.id, made.type, surveys.CHANNEL, made.id, made.identifiers, reference=made.reference,
        attributes=made.attributes,
    )  # fmt: skip


def _messaged(event: Fields, how: How) -> Iterator[Made]:
    actor = event.text("event.actor.type").lower()
    speaker = {"end_user": "customer", "agent": "agent"}.get(actor, "system")
    who = event.text("event.actor.id")
    own: dict[str, Any] = {"agent": who} if speaker == "agent" else {}
    if speaker == "customer":
        own["identifiers"] = some(zendesk_user=who)
    event.ignore("event.actor.name")
    said = {"text": event.text("event.message.body"), "speaker": speaker}
    if speaker == "agent":
        yield _touchpoint(event, how, "connected", suffix="/connected", channel="chat", talk_s=0.0)
    yield _touchpoint(event, how, "message", channel="chat", said=said, **own)


def _agent(event: Fields, how: How) -> Iterator[Made]:
    state = event.required("event.new_unified_state.name").lower().replace(" ", "_")
    yield AgentEvent(
        at=event.required_time("time", how),
        id=event.required("id"),
        agent=event.required("detail.agent_id"),
        state=STATES.get(state, state),
    )


_KINDS = {
    "ticket.created": _created,
    "ticket.group_assignment_changed": _grouped,
    "ticket.agent_assignment_changed": _assigned,
    "ticket.comment_added": _commented,
    "ticket.status_changed": _changed,
    "ticket.csat_received": _rated,
    "messaging_ticket.message_added": _messaged,
    "agent.unified_state_changed": _agent,
}


def _touchpoint(
    event: Fields,
    how: How,
    type_: str,
    *,
    suffix: str = "",
    channel: str = "",
    said: dict[str, Any] | None = None,
    identifiers: dict[str, str] | None = None,
    **more: Any,
) -> Touchpoint:
    via = event.text("detail.via.channel").lower()
    event.ignore("detail.subject", "detail.description")  # text belongs in the attribute ``text`` alone
    requester = some(zendesk_user=event.text("detail.requester_id"))
    return Touchpoint(
        at=event.required_time("time", how),
        id=event.required("id") + suffix,
        type=type_,
        channel=channel or CHANNELS.get(via) or via or "email",
        contact_id=_contact_id(event),
        identifiers=requester if identifiers is None else requester | identifiers,
        reference=event.required("detail.id"),
        attributes={} if suffix else kept(VENDOR, event, **(said or {})),
        **more,
    )


def _contact_id(event: Fields) -> str:
    """Ticket numbers are an account's own."""
    return f"zendesk/{event.text('account_id')}/{event.required('detail.id')}"
