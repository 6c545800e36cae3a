"""Intercom: conversations with customers, and what they gave for them.

Notifications by topic: https://developers.intercom.com/docs/references/webhooks/webhook-models; the conversation in
them: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations/conversation

A conversation is a contact. It waits from when the customer begins it until a teammate replies (a bot does not count),
and ends when it is closed. A notification that is delivered again has the same conversation part, and so the same ids.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from journeys.touchpoint import Touchpoint
from producers.adapters.adapter import How
from producers.adapters.payload import Fields, Made, Unmapped, adapter, kept, some
from producers.adapters.words import plain

CHANNELS = {
    "conversation": "chat",
    "email": "email",
    "facebook": "messenger",
    "instagram": "messenger",
    "whatsapp": "messenger",
    "twitter": "social",
    "sms": "sms",
    "phone_call": "voice",
    "phone_switch": "voice",
}
"""By the type of a conversation's source."""
PEOPLE = frozenset({"user", "lead", "contact"})
IDENTIFYING = frozenset(
    {
        "contact.user.created", "contact.user.updated", "contact.lead.created", "contact.lead.updated",
        "contact.lead.signed_up", "contact.lead.added_email", "contact.email.updated", "contact.created",
        "contact.signed_up", "contact.added_email", "user.created", "user.email.updated",
    }
)  # fmt: skip
"""Topics that tell more of who a customer is."""
_PRIVATE = (
    "user", "contacts", "source", "conversation_message", "conversation_parts", "assignee", "teammates", "title",
    "conversation_rating.remark", "conversation_rating.contact", "conversation_rating.teammate", "first_contact_reply",
    "ai_agent.content_sources", "ai_agent.rating_remark",
)  # fmt: skip
"""People and their words: read where a touchpoint has a place for them, and not kept beside."""


class Conversation(NamedTuple):
    """What all touchpoints of a notification have in common."""

    item: Fields
    at: int
    key: str
    """Begins the ids: the conversation and its part."""
    contact_id: str
    channel: str
    identifiers: dict[str, str]
    text: str
    author: Fields

    def touchpoint(
        self, kind: str, *, direction: str = "", agent: str = "", queue: str = "", **attributes: object
    ) -> Touchpoint:
        """With what is not mapped of the conversation in its attributes."""
        return Touchpoint(
            self.at, f"{self.key}/{kind}", kind, self.channel, self.contact_id, self.identifiers, queue=queue,
            agent=agent, direction=direction, attributes=kept("intercom", self.item, **attributes),
        )  # fmt: skip

    @property
    def teammate(self) -> str:
        return self.author.text("id") if self.author.text("type") == "admin" else ""

    @property
    def team(self) -> str:
        return self.item.text("team_assignee_id")


@adapter("intercom")
def adapt(payload: Fields, how: How) -> Iterator[Made]:
    topic = payload.required("topic")
    if topic in IDENTIFYING:
        yield _identified(payload, payload.object("data.item"))
    elif read := _READ.get(topic):
        yield from read(_conversation(payload, payload.object("data.item")))
    else:
        yield Unmapped(topic)


def _conversation(payload: Fields, item: Fields) -> Conversation:
    item.ignore(*_PRIVATE)
    contact_id = f"intercom:{item.required('id')}"
    source = item.object("source" if item.value.get("source") else "conversation_message")
    parts = item.objects("conversation_parts.conversation_parts")
    said = parts[-1] if parts else source  # a notification has the part that it is about, and no other
    at = said.epoch("created_at") or item.epoch("updated_at") or payload.required_epoch("created_at")
    if not parts:
        at = item.epoch("created_at") or at
    people = item.objects("contacts.contacts")
    person = people[0] if people else item.object("user")
    return Conversation(
        item,
        at,
        f"{contact_id}/{said.text('id') or at}",
        contact_id,
        CHANNELS.get(source.text("type"), "chat"),
        _who(person, source.object("author")),
        plain(said.text("body")),
        said.object("author"),
    )


def _who(person: Fields, author: Fields) -> dict[str, str]:
    """Of whoever the conversation is with; its first message has the address where that is a customer's."""
    address = author.text("email") if author.text("type") in PEOPLE else ""
    return some(
        customer_id=person.text("external_id") or person.text("user_id"),
        email=person.text("email") or address,
        phone=person.text("phone"),
        intercom=person.text("id"),
    )


def _began(conversation: Conversation) -> Iterator[Made]:
    yield Touchpoint(
        conversation.at, f"{conversation.key}/1-queued", "queued", conversation.channel, conversation.contact_id,
        conversation.identifiers, queue=conversation.team, direction="inbound",
    )  # fmt: skip
    yield from _customer(conversation)


def _customer(conversation: Conversation) -> Iterator[Made]:
    yield conversation.touchpoint("message", direction="inbound", text=conversation.text, speaker="customer")


def _teammate(conversation: Conversation) -> Iterator[Made]:
    agent = conversation.teammate
    if agent:
        yield Touchpoint(
            conversation.at, f"{conversation.key}/connected", "connected", conversation.channel,
            conversation.contact_id, conversation.identifiers, agent=agent,
        )  # fmt: skip
    speaker = "agent" if agent else "bot"
    yield conversation.touchpoint("message", agent=agent, text=conversation.text, speaker=speaker)


def _wrote(conversation: Conversation) -> Iterator[Made]:
    agent = conversation.teammate
    yield conversation.touchpoint("message", direction="outbound", agent=agent, text=conversation.text, speaker="agent")


def _assigned(conversation: Conversation) -> Iterator[Made]:
    """Passed on, if somebody had replied already; else only routed."""
    kind = "transferred" if conversation.item.epoch("statistics.first_admin_reply_at") else "assigned"
    yield conversation.touchpoint(
        kind, queue=conversation.team, assigned_to=conversation.item.text("admin_assignee_id")
    )


def _ended(conversation: Conversation) -> Iterator[Made]:
    yield conversation.touchpoint("ended", agent=conversation.teammate)


def _opened(conversation: Conversation) -> Iterator[Made]:
    yield conversation.touchpoint("reopened", agent=conversation.teammate)


def _rated(conversation: Conversation) -> Iterator[Made]:
    rating = conversation.item.object("conversation_rating")
    at = rating.epoch("updated_at") or conversation.at
    score = rating.number("rating")
    if score is None:
        raise rating.wrong("rating", "is required")
    remark = rating.text("remark")
    attributes = kept(
        "intercom", conversation.item, csat=score, about=conversation.contact_id, text=remark,
        speaker="customer" if remark else "",
    )  # fmt: skip
    yield Touchpoint(
        at, f"{conversation.contact_id}/rated", "surveyed", "survey", "", conversation.identifiers,
        direction="inbound", attributes=attributes, revision=at,
    )  # fmt: skip


_READ: dict[str, Callable[[Conversation], Iterator[Made]]] = {
    "conversation.user.created": _began,
    "conversation.contact.created": _began,
    "conversation.user.replied": _customer,
    "conversation.contact.replied": _customer,
    "conversation.admin.replied": _teammate,
    "conversation.operator.replied": _teammate,
    "conversation.admin.single.created": _wrote,
    "conversation.admin.assigned": _assigned,
    "conversation.admin.closed": _ended,
    "conversation.operator.closed": _ended,
    "conversation.admin.opened": _opened,
    "conversation.rating.added": _rated,
}


def _identified(payload: Fields, person: Fields) -> Made:
    at = person.epoch("updated_at") or payload.required_epoch("created_at")
    return Touchpoint(at, f"intercom:{payload.required('id')}", "identify", "chat", "", _who(person, Fields({})))
