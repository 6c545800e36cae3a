"""Messenger and Instagram: what customers write to a page, which buttons they tap, which ads they come from.

https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks/webhook-events; customer
feedback: https://developers.facebook.com/docs/messenger-platform/send-messages/templates/customer-feedback-template

A customer is known by an id that is the page's own (PSID). There is no conversation's id: messages that are less
than half an hour apart read as one visit (docs/definitions.md). Receipts (``delivery``, ``read``) name a moment and
no message: they are unmapped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from journeys.surveys import KINDS
from journeys.touchpoint import EARLIEST, Touchpoint
from producers.adapters.adapter import How
from producers.adapters.ids import hidden
from producers.adapters.lists import each
from producers.adapters.networks import member
from producers.adapters.payload import Fields, Made, Unmapped, adapter, kept, until_invalid

CHANNEL = "messenger"
_ABOUT = frozenset({"sender", "recipient", "timestamp"})


@adapter("messenger")
def adapt(payload: Fields, how: How) -> Iterator[Made]:
    platform = "instagram" if payload.text("object") == "instagram" else "messenger"
    yield from each(payload, "entry", partial(_entry, platform), how)


def _entry(platform: str, entry: Fields, how: How) -> Iterator[Made]:
    events = entry.objects("messaging") + entry.objects("standby")
    changes = entry.objects("changes")
    if not events and not changes:
        raise entry.wrong("messaging", "is required")
    for event in events:
        yield from until_invalid(partial(_event, platform), event, how)
    for change in changes:
        if isinstance(value := change.value.get("value"), dict) and "sender" in value:
            yield from until_invalid(partial(_event, platform), change.object("value"), how)
        else:
            yield Unmapped(f"changes: {change.text('field')}")


def _event(platform: str, event: Fields, how: How) -> Iterator[Made]:
    kinds = [kind for kind in event.value if kind not in _ABOUT]
    if not kinds:
        raise event.wrong("message", "is required")
    for kind, read in _READ.items():
        if kind in kinds:
            yield from read(platform, event, event.object(kind))
            return
    yield Unmapped(kinds[0])


def _message(platform: str, event: Fields, message: Fields) -> Iterator[Made]:
    if message.flag("is_deleted"):
        yield Unmapped("message: deleted")
        return
    ours = message.flag("is_echo")
    at = _time(event)
    key = f"{platform}:{message.required('mid')}"
    identifiers = _who(platform, event, "recipient" if ours else "sender")
    if (referral := message.object("referral")).value:
        yield from _referred(at, f"{key}/ad", identifiers, referral)
        message.ignore("referral")
    kinds = [attached.text("type") for attached in message.objects("attachments")]
    message.ignore("attachments")
    attributes = kept(
        "messenger", message, text=message.text("text"), speaker="agent" if ours else "customer",
        attachments=kinds or None, account=_page(event, ours),
    )  # fmt: skip
    direction = "outbound" if ours else "inbound"
    yield Touchpoint(
        at, f"{key}/message", "message", CHANNEL, "", identifiers, direction=direction, attributes=attributes
    )


def _postback(platform: str, event: Fields, postback: Fields) -> Iterator[Made]:
    """A tap on a button: a menu's node, by its title."""
    at = _time(event)
    node = postback.text("title") or postback.text("payload")
    key = postback.text("mid") or hidden(event.text("sender.id"), str(at), postback.text("payload"), node)
    identifiers = _who(platform, event, "sender")
    if (referral := postback.object("referral")).value:
        yield from _referred(at, f"{platform}:{key}/ad", identifiers, referral)
        postback.ignore("referral")
    attributes = kept("messenger", postback, node=node, account=_page(event, False))
    yield Touchpoint(
        at, f"{platform}:{key}/postback", "menu_chosen", CHANNEL, "", identifiers, direction="inbound",
        attributes=attributes,
    )  # fmt: skip


def _referral(platform: str, event: Fields, referral: Fields) -> Iterator[Made]:
    at = _time(event)
    key = hidden(event.text("sender.id"), str(at), referral.text("ref"), referral.text("ad_id"))
    yield from _referred(at, f"{platform}:{key}/ad", _who(platform, event, "sender"), referral)


def _referred(at: int, id_: str, identifiers: dict[str, str], referral: Fields) -> Iterator[Made]:
    """Where the customer came from. Only an ad is a touchpoint; a link to the page is where one came in."""
    source = referral.text("source")
    if source != "ADS" and not referral.text("ad_id"):
        yield Unmapped(f"referral: {source}")
        return
    attributes = kept("messenger", referral, campaign=referral.text("ad_id"))
    yield Touchpoint(at, id_, "clicked", "ad", "", identifiers, direction="inbound", attributes=attributes)


def _feedback(platform: str, event: Fields, feedback: Fields) -> Iterator[Made]:
    """Answers to a survey within the conversation: csat of 5, nps of 10, ces of 7."""
    at = _time(event)
    scores: dict[str, float | None] = {}
    text = ""
    for screen in feedback.objects("feedback_screens"):
        for name, answer in screen.object("questions").value.items():
            if not isinstance(answer, Mapping):
                raise screen.wrong("questions", "expected an object of objects")
            question = Fields(answer, screen.named(f"questions.{name}"))
            kind = question.text("type")
            if kind in KINDS:
                scores[kind] = question.number("payload")
            elif kind == "free_form":
                text = text or question.text("payload")
            text = text or question.text("follow_up.payload")
        screen.ignore("questions")
    identifiers = _who(platform, event, "sender")
    key = f"{platform}:{hidden(event.text('sender.id'), str(at))}/feedback"
    attributes = kept("messenger", feedback, **scores, text=text, speaker="customer" if text else "")
    yield Touchpoint(at, key, "surveyed", "survey", "", identifiers, direction="inbound", attributes=attributes)


_READ = {"message": _message, "postback": _postback, "referral": _referral, "messaging_feedback": _feedback}


def _time(event: Fields) -> int:
    """Milliseconds, by the reference; some events (postbacks) have seconds, which read so would lie before 1990."""
    number = event.number("timestamp")
    return event.required_epoch("timestamp", per_second=1 if number is not None and number < EARLIEST else 1000)


def _who(platform: str, event: Fields, end: str) -> dict[str, str]:
    return member(platform, event.text(f"{end}.id"))


def _page(event: Fields, ours: bool) -> str:
    return event.text("sender.id" if ours else "recipient.id")
