"""Genesys Cloud: conversation events as EventBridge gets them, and conversation details as analytics exports them.

The ids of both are made of the conversation's, a session's and what happened, so that where both tell of the same
moment of the same session they are one touchpoint, of which the conversation detail has the last word.
https://help.mypurecloud.com/articles/about-the-amazon-eventbridge-integration/
https://developer.genesys.cloud/analyticsdatamanagement/analytics/detail/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from journeys.touchpoint import Touchpoint
from producers.adapters.adapter import How
from producers.adapters.payload import Fields, Made, Unmapped, adapter, kept, some, until_invalid

VENDOR = "genesys_cloud"
PREFIX = "v2.detail.events.conversation."
CHANNELS = {"voice": "voice", "callback": "voice", "chat": "chat", "email": "email", "video": "video"}
MESSAGES = {
    "sms": "sms", "webmessaging": "chat", "twitter": "social", "instagram": "social",
}  # fmt: skip
"""By type of message; the others (Facebook, WhatsApp, LINE, Apple, open) are messengers."""
PASSED_ON = "TRANSFER"
"""How the ways end in which somebody passes a conversation on: CONSULT_TRANSFER, FORWARD_TRANSFER …"""


@adapter(VENDOR)
def adapt(fields: Fields, how: How) -> Iterator[Made]:
    """What one object becomes."""
    if "conversations" in fields.value:
        for one in fields.objects("conversations"):
            yield from until_invalid(_detail, one, how)
    elif "participants" in fields.value:
        yield from _detail(fields, how)
    else:
        event = fields.object("detail") if "detail" in fields.value else fields
        yield from _event(event, how)


def _event(event: Fields, how: How) -> Iterator[Made]:
    """https://developer.genesys.cloud/notificationsalerts/notifications/available-topics (v2.detail.events…)"""
    topic = event.required("topicName")
    body = event.object("eventBody")
    if not topic.startswith(PREFIX):
        yield Unmapped(topic)
        return
    conversation = body.required("conversationId")
    kind = topic.removeprefix(PREFIX).partition(".")[2]
    outcome = body.text("acdOutcome").upper() if kind == "acd.end" else ""
    what = _TYPES.get(kind) or _OUTCOMES.get(outcome, "")
    if not what:
        yield Unmapped(f"{PREFIX}{{id}}.{kind} {outcome}".strip())
        return
    if kind == "user.end" and body.text("disconnectType").upper().endswith(PASSED_ON):
        what = "transferred"
    direction = body.text("direction").lower()
    channel = _channel(body.text("mediaType"), body.text("messageType"))
    agent = body.text("userId") or body.text("answeredUserId")

    def spent(when: str, path: str) -> float | None:
        return body.seconds(path, per_second=1000) if kind == when else None

    yield Touchpoint(
        at=body.required_epoch("eventTime", per_second=1000),
        id=f"{conversation}/{body.required('sessionId')}/{what}",
        type=what,
        channel="ivr" if kind == "flow.start" and channel == "voice" else channel,
        contact_id=conversation,
        identifiers=_customer(body, direction, channel) if kind.startswith(("customer", "acd")) else {},
        queue=_named(body.text("queueId"), how) if kind in ("acd.start", "acd.end") else "",
        agent=agent if what in ("connected", "transferred", "agent_left", "wrapped_up") else "",
        direction=direction if what == "started" else "",
        wait_s=spent("acd.end", "connectedDurationMs"),
        talk_s=spent("user.end", "interactingDurationMs"),
        hold_s=spent("user.end", "heldDurationMs"),
        wrap_s=spent("acw", "wrapupDurationMs"),
        attributes=_kept(body),
    )


_TYPES = {
    "customer.start": "started",
    "flow.start": "flow_started",
    "acd.start": "queued",
    "user.end": "agent_left",
    "acw": "wrapped_up",
    "customer.end": "ended",
}
"""What an event is; user.start is only an agent's phone that rings."""
_OUTCOMES = {"ANSWERED": "connected", "ABANDON": "abandoned"}
"""Of acd.end."""


def _detail(detail: Fields, how: How) -> Iterator[Made]:
    """A conversation that is over, or as far as it has come."""
    conversation = detail.required("conversationId")
    start = detail.required_time("conversationStart", how)
    end = detail.time("conversationEnd", how)
    participants = detail.objects("participants")
    sessions = [(participant, session) for participant in participants for session in participant.objects("sessions")]
    made: list[dict[str, Any]] = []
    for participant, session in sessions:
        purpose = participant.required("purpose").lower()
        participant.ignore("participantName")
        media, direction = session.required("mediaType"), session.text("direction").lower()
        channel = _channel(media, session.text("messageType"))
        segments = session.objects("segments")
        metrics = {one.required("name"): one for one in session.objects("metrics")}
        common: dict[str, Any] = {"contact_id": conversation, "channel": channel}
        queue = _named(next((one.text("queueId") for one in segments if one.text("queueId")), ""), how)
        base = f"{conversation}/{session.required('sessionId')}"

        def happened(at: int, what: str, name: str = "", base: str = base, common: Any = common, **more: Any) -> None:
            made.append(common | {"at": at, "type": what, "id": f"{base}/{name or what}"} | more)

        if purpose in ("customer", "external"):
            if not any(one["type"] == "started" for one in made):
                found = _customer(session, direction, channel)
                happened(start, "started", direction=direction, identifiers=found)
                if end is not None:
                    happened(end, "ended")
        elif purpose in ("ivr", "workflow", "botflow"):
            for one in segments[:1]:
                happened(
                    one.required_time("segmentStart", how),
                    "flow_started",
                    channel="ivr" if channel == "voice" else channel,
                )
        elif purpose == "acd":
            for one in segments[:1]:
                happened(one.required_time("segmentStart", how), "queued", queue=queue)
            if "tAbandon" in metrics:
                at = metrics["tAbandon"].required_time("emitDate", how)
                happened(at, "abandoned", queue=queue, wait_s=_spent(metrics, "tAbandon"))
        elif purpose in ("agent", "user"):
            _agent(participant.text("userId"), segments, metrics, queue, happened, how)
        session.ignore("remote", "addressOther")
    revision = max((one["at"] for one in made), default=0)
    if not made:
        yield Unmapped("conversation without sessions")
        return
    made.sort(key=lambda one: one["at"])
    made[-1]["attributes"] = _kept(detail)
    for fact in made:
        yield Touchpoint(revision=revision, **fact)


def _agent(agent: str, segments: list[Fields], metrics: dict[str, Fields], queue: str, happened: Any, how: How) -> None:
    """What one session of an agent was: from the first word to the last, with holds and after-call work."""
    talks = [one for one in segments if one.text("segmentType").lower() in ("interact", "hold")]
    if not talks:
        return
    wait = _spent(metrics, "tAnswered")
    happened(talks[0].required_time("segmentStart", how), "connected", queue=queue, agent=agent, wait_s=wait)
    for place, one in enumerate(talks):
        if one.text("segmentType").lower() == "hold":
            happened(one.required_time("segmentStart", how), "held", f"held/{place}")
            following = talks[place + 1 : place + 2]
            if following and following[0].text("segmentType").lower() == "interact":
                happened(following[0].required_time("segmentStart", how), "resumed", f"resumed/{place}")
    left = talks[-1].time("segmentEnd", how)
    if left is not None:
        passed_on = talks[-1].text("disconnectType").upper().endswith(PASSED_ON)
        happened(
            left, "transferred" if passed_on else "agent_left", agent=agent,
            talk_s=_spent(metrics, "tTalkComplete"), hold_s=_spent(metrics, "tHeldComplete"),
        )  # fmt: skip
    for one in segments:
        if one.text("segmentType").lower() == "wrapup" and (over := one.time("segmentEnd", how)) is not None:
            happened(over, "wrapped_up", agent=agent, wrap_s=_spent(metrics, "tAcw"))


def _spent(metrics: dict[str, Fields], name: str) -> float | None:
    return metrics[name].seconds("value", per_second=1000) if name in metrics else None


def _channel(media: str, message: str) -> str:
    media = media.lower()
    if media == "message":
        return MESSAGES.get(message.lower(), "messenger")
    return CHANNELS.get(media) or media or "voice"


def _named(queue: str, how: How) -> str:
    return how.names.get(queue, queue)


def _customer(session: Fields, direction: str, channel: str) -> dict[str, str]:
    """Those at the customer's end: in an inbound conversation they are where it comes from."""
    found = some(genesys_contact=session.text("externalContactId"))
    ends = ("dnis", "addressTo") if direction == "outbound" else ("ani", "addressFrom")
    ours = ("ani", "addressFrom") if direction == "outbound" else ("dnis", "addressTo")
    for name in ends:
        value = session.text(name)
        bare = value.partition(":")[2] if value.startswith(("tel:", "mailto:")) else value
        if channel == "email" and "@" in bare:
            found |= some(email=bare)
        elif channel in ("voice", "sms") and bare.lstrip("+").isdigit():
            found |= some(phone=bare)
        elif channel in ("social", "messenger") and bare:
            found |= some(social=bare)
    for name in ours:
        session.text(name)
    return found


def _kept(fields: Fields) -> dict[str, Any]:
    fields.ignore("subject", "callbackUserName", "remoteName")
    return kept(VENDOR, fields)
