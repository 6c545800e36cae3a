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
from producers.adapters.networks import international, member
from producers.adapters.payload import Fields, Made, Unmapped, adapter, kept, some, until_invalid

VENDOR = "genesys-cloud"
PREFIX = "v2.detail.events.conversation."
CHANNELS = {"voice": "voice", "callback": "voice", "chat": "chat", "email": "email", "video": "video"}
MESSAGES = {
    "sms": "sms", "webmessaging": "chat", "twitter": "social", "instagram": "social",
}  # fmt: skip
"""By type of message; the others (Facebook, WhatsApp, LINE, Apple, open) are messengers."""
NETWORKS = {"facebook": "messenger", "instagram": "instagram"}
"""Types of messages whose senders are known by an id of Meta's; those of WhatsApp are their numbers."""
_ORDER = (
    "started", "flow_started", "transferred", "queued", "connected", "held", "resumed", "agent_left", "abandoned",
    "ended", "wrapped_up",
)  # fmt: skip
"""Of moments that share a time."""


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
    direction = body.text("direction").lower()
    channel = _channel(body.text("mediaType"), body.text("messageType"))
    agent = body.text("userId") or body.text("answeredUserId")

    def spent(when: str, path: str) -> float | None:
        return body.seconds(path, per_second=1000) if kind == when else None

    yield Touchpoint(
        at=body.required_epoch("eventTime", per_second=1000),
        id=_id(conversation, what, body.required("sessionId")),
        type=what,
        channel="ivr" if kind == "flow.start" and channel == "voice" else channel,
        contact_id=conversation,
        identifiers=_customer(body, direction, channel),
        queue=_named(body.text("queueId"), how) if kind in ("acd.start", "acd.end") else "",
        agent=agent if what in ("connected", "agent_left", "wrapped_up") else "",
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
        direction = session.text("direction").lower()
        channel = _channel(session.required("mediaType"), session.text("messageType"))
        segments = session.objects("segments")
        metrics = {one.required("name"): one for one in session.objects("metrics")}
        queue = _named(next((one.text("queueId") for one in segments if one.text("queueId")), ""), how)
        common = {"contact_id": conversation, "channel": channel}
        id_ = session.required("sessionId")

        def happened(at: int, what: str, place: str = "", id_: str = id_, common: Any = common, **more: Any) -> None:
            made.append(common | {"at": at, "type": what, "id": _id(conversation, what, id_ + place)} | more)

        if purpose in ("customer", "external"):
            if not any(one["type"] == "started" for one in made):
                found = _customer(session, direction, channel)
                happened(start, "started", direction=direction, identifiers=found)
                if end is not None:
                    happened(end, "ended")
        elif purpose in ("ivr", "workflow", "botflow"):
            where = "ivr" if channel == "voice" else channel
            for one in segments[:1]:
                happened(one.required_time("segmentStart", how), "flow_started", channel=where)
        elif purpose == "acd":
            for one in segments[:1]:
                happened(one.required_time("segmentStart", how), "queued", queue=queue)
            if "tAbandon" in metrics:
                at = metrics["tAbandon"].required_time("emitDate", how)
                happened(at, "abandoned", queue=queue, wait_s=_spent(metrics, "tAbandon"))
        elif purpose in ("agent", "user"):
            _agent(participant.text("userId"), segments, metrics, queue, happened, how)
        session.ignore("remote", "addressOther")
    if not made:
        yield Unmapped("conversation without sessions")
        return
    made.sort(key=lambda one: (one["at"], one["id"]))
    made += _transfers(made)
    detail.ignore("participants")  # with names and addresses of people; what there is to know of them was read
    made[0]["attributes"] = _kept(detail)
    revision = max(one["at"] for one in made)
    for fact in made:
        yield Touchpoint(revision=revision, **fact)


def _transfers(made: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each time that a conversation which an agent had is queued, or taken, again: it was passed on before that."""
    found, had, waits = [], False, False
    for one in made:
        if one["type"] in ("queued", "connected") and had and not waits:
            passed_on = {name: one[name] for name in ("contact_id", "channel", "at")}
            session = one["id"].rpartition("/")[2]
            found.append(passed_on | {"type": "transferred", "id": _id(one["contact_id"], "transferred", session)})
        had = had or one["type"] == "connected"
        waits = one["type"] == "queued" or (waits and one["type"] != "connected")
    return found


def _agent(agent: str, segments: list[Fields], metrics: dict[str, Fields], queue: str, happened: Any, how: How) -> None:
    """What one session of an agent was. Its durations stand with its beginning: it may end after the next has begun."""
    talks = [one for one in segments if one.text("segmentType").lower() in ("interact", "hold")]
    if not talks:
        return
    happened(
        talks[0].required_time("segmentStart", how), "connected", queue=queue, agent=agent,
        wait_s=_spent(metrics, "tAnswered"), talk_s=_spent(metrics, "tTalkComplete"),
        hold_s=_spent(metrics, "tHeldComplete"), wrap_s=_spent(metrics, "tAcw"),
    )  # fmt: skip
    for place, one in enumerate(talks):
        if one.text("segmentType").lower() == "hold":
            happened(one.required_time("segmentStart", how), "held", f".{place}")
            following = talks[place + 1 : place + 2]
            if following and following[0].text("segmentType").lower() == "interact":
                happened(following[0].required_time("segmentStart", how), "resumed", f".{place}")
    left = talks[-1].time("segmentEnd", how)
    if left is not None:
        how_left = {"disconnect_type": talks[-1].text("disconnectType")}
        happened(left, "agent_left", agent=agent, attributes={"genesys_cloud": how_left})
    for one in segments:
        if one.text("segmentType").lower() == "wrapup" and (over := one.time("segmentEnd", how)) is not None:
            code = {"wrap_up_code": one.text("wrapUpCode")}
            happened(over, "wrapped_up", agent=agent, attributes={"genesys_cloud": code})


def _id(conversation: str, what: str, session: str) -> str:
    return f"{conversation}/{_ORDER.index(what):02}-{what}/{session}"


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
    message = session.text("messageType").lower()
    ends = ("dnis", "addressTo") if direction == "outbound" else ("ani", "addressFrom")
    ours = ("ani", "addressFrom") if direction == "outbound" else ("dnis", "addressTo")
    for name in ends:
        value = session.text(name)
        bare = value.partition(":")[2] if value.startswith(("tel:", "mailto:")) else value
        if channel == "email" and "@" in bare:
            found |= some(email=bare)
        elif channel in ("voice", "sms") and bare.lstrip("+").isdigit():
            found |= some(phone=bare)
        elif message == "whatsapp":
            found |= some(phone=international(bare))
        elif message in NETWORKS:
            found |= member(NETWORKS[message], bare)
        elif channel in ("social", "messenger"):
            found |= some(social=bare)
    for name in ours:
        session.text(name)
    return found


def _kept(fields: Fields) -> dict[str, Any]:
    fields.ignore("subject", "callbackUserName", "remoteName")
    return kept("genesys_cloud", fields)
