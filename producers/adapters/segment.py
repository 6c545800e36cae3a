"""Segment's calls: track, identify, page, screen, alias, and batches of them; RudderStack speaks the same.

https://segment.com/docs/connections/spec/
https://www.rudderstack.com/docs/event-spec/standard-events/
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from journeys.surveys import KINDS
from journeys.touchpoint import FACTS, FORGET, READ, Touchpoint
from producers.adapters.adapter import How
from producers.adapters.payload import Fields, Made, Unmapped, adapter, kept, received, some, until_invalid

CALLS = ("track", "identify", "page", "screen", "alias", "group")
NAMES: dict[str, dict[str, Any]] = {
    "products_searched": {"type": "searched"},
    "searched": {"type": "searched"},
    "search": {"type": "searched"},
    "faq_searched": {"type": "searched"},
    "article_viewed": {"type": "article_viewed"},
    "promotion_clicked": {"type": "clicked", "channel": "ad"},
    "ad_clicked": {"type": "clicked", "channel": "ad"},
    "install_attributed": {"type": "clicked", "channel": "ad"},
    "product_added": {"order_state": "cart"},
    "cart_viewed": {"order_state": "cart"},
    "checkout_started": {"order_state": "checkout"},
    "order_completed": {"order_state": "paid"},
    "order_refunded": {"order_state": "refund"},
    "order_cancelled": {"order_state": "cancelled"},
    "product_reviewed": {"type": "reviewed", "channel": "review"},
    "survey_answered": {"type": "surveyed", "channel": "survey"},
}  # fmt: skip
"""Standard events by their names in small letters, and what is known of them. All others are a type by their name.
https://segment.com/docs/connections/spec/ecommerce/v2/"""
MOBILE = frozenset({"ios", "android"})
FIELDS = ("contact_id", "intent", "reference", "queue", "agent", "direction", "outcome")
"""Fields of a touchpoint that properties may set, by the same names, as they may ``channel`` and ``type``."""
LONGEST = 255
_READ = READ | {"text"}
_GAP = re.compile(r"[^a-z0-9]+")


@adapter("segment")
def adapt(fields: Fields, how: How) -> Iterator[Made]:
    """What one call, or one batch of calls, becomes."""
    yield from read(fields, how, "segment")


def read(fields: Fields, how: How, vendor: str) -> Iterator[Made]:
    """The same for those who speak as Segment does."""
    if "batch" in fields.value:
        for call in fields.objects("batch"):
            yield from until_invalid(lambda one, how: _call(one, how, vendor), call, how)
    else:
        yield from _call(fields, how, vendor)


def _call(call: Fields, how: How, vendor: str) -> Iterator[Made]:
    kind = call.text("type") or _kind(call)
    if kind not in CALLS:
        raise call.wrong("type", f"expected one of {', '.join(CALLS)}")
    if kind == "group":
        yield Unmapped("group")
        return
    # Whom it is about stands in the identifiers, and nowhere else; the rest of the traits is not ours to keep.
    mobile = _is_mobile(call)
    identifiers = _identifiers(call, mobile)
    at = _time(call, how)
    id_ = call.text("messageId") or _made_id(call, vendor)
    channel = "app" if mobile or kind == "screen" else "web"
    call.ignore(
        "traits", "context.traits", "context.ip", "context.device.id", "context.device.advertisingId",
        "context.device.token", "userId", "anonymousId", "sentAt", "receivedAt",
        "originalTimestamp", "timestamp", "integrations", "writeKey",
    )  # fmt: skip
    if kind == "identify":
        yield Touchpoint(at, id_, kind, channel, id_, identifiers, attributes=kept(vendor, call))
    elif kind == "alias":
        before = call.required("previousId")
        other = {"device" if mobile else "cookie": before}
        if before != call.text("anonymousId"):  # it may have been either
            other["customer_id"] = before
        known = some(customer_id=call.text("userId")) or identifiers
        yield Touchpoint(at, id_, kind, channel, id_, known, other=other, attributes=kept(vendor, call))
    else:
        if kind != "track" and (call.text("context.campaign.name") or call.text("context.campaign.source")):
            yield _clicked(call, at, id_, identifiers, vendor)
        yield _touchpoint(call, kind, at, id_, identifiers, channel, vendor)


def _touchpoint(
    call: Fields, kind: str, at: int, id_: str, identifiers: dict[str, str], channel: str, vendor: str
) -> Touchpoint:
    said = call.object("properties")
    known: dict[str, Any] = {"type": "visited"}
    if kind == "track":
        name = _GAP.sub("_", call.required("event").lower()).strip("_")
        if not name:
            raise call.wrong("event", "is required")
        known = {"type": f"tracked_{name}" if name in FACTS or name == FORGET else name} | NAMES.get(name, {})
    type_ = _word(said, "type") or known["type"]
    words = [name for name, value in said.value.items() if name in _READ and isinstance(value, (str, int, float))]
    attributes = {name: said.get(name) for name in words}
    if "order_state" in known:
        attributes.setdefault("order_state", known["order_state"])
    if type_ == "searched" and "results" not in attributes and isinstance(said.value.get("products"), list):
        attributes["results"] = len(said.value["products"])
    if type_ == "article_viewed":
        article = said.text("article") or said.text("article_id") or said.text("articleId") or said.text("title")
        attributes |= some(article=article)
    if kind == "page":
        attributes |= some(page=said.text("path") or call.text("context.page.path") or call.text("name"))
    elif kind == "screen":
        attributes |= some(page=call.text("name") or said.text("name"))
    elif path := call.text("context.page.path"):
        attributes.setdefault("page", path)
    fields: dict[str, Any] = {name: found for name in FIELDS if name in said.value and (found := _word(said, name))}
    fields["reference"] = fields.get("reference") or said.text("order_id")
    fields["contact_id"] = fields.get("contact_id") or id_
    surveyed = type_ == "surveyed" and not KINDS.isdisjoint(attributes)
    return Touchpoint(
        at=at,
        id=id_,
        type=type_,
        channel=_word(said, "channel") or known.get("channel") or ("survey" if surveyed else channel),
        identifiers=identifiers,
        invited=said.value.get("invited") is True and said.flag("invited"),
        attributes=kept(vendor, call, **attributes),
        **fields,
    )


def _word(said: Fields, name: str) -> str:
    """What a property says for the field of that name; properties are the source's own, so that one which means
    something else is left where it is."""
    value = said.value.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST:
        return ""
    if name == "type" and (value in FACTS or value == FORGET):  # calls of their own say that
        return ""
    if name == "direction" and value not in ("inbound", "outbound"):
        return ""
    return said.text(name)


def _clicked(call: Fields, at: int, id_: str, identifiers: dict[str, str], vendor: str) -> Touchpoint:
    """The ad that led to this page: a moment before it."""
    campaign = call.object("context.campaign")
    said = {name: value for name, value in campaign.value.items() if isinstance(value, str) and value}
    topic = campaign.text("name") or campaign.text("source")
    return Touchpoint(
        at - 1, f"{id_}/ad", "clicked", "ad", f"{id_}/ad", identifiers, attributes={"topic": topic, vendor: said}
    )


def _kind(call: Fields) -> str:
    """Of a call that its address names, and not itself: as its fields have it."""
    there = call.value.keys()
    if "event" in there:
        return "track"
    if "previousId" in there:
        return "alias"
    return "identify" if "traits" in there and "properties" not in there else ""


def _identifiers(call: Fields, mobile: bool) -> dict[str, str]:
    traits, known = call.object("traits"), call.object("context.traits")
    anonymous = call.text("anonymousId")
    return some(
        customer_id=call.text("userId"),
        cookie="" if mobile else anonymous,
        device=(anonymous or call.text("context.device.id")) if mobile else "",
        email=traits.text("email") or known.text("email"),
        phone=traits.text("phone") or known.text("phone"),
    )


def _is_mobile(call: Fields) -> bool:
    kind = call.text("context.device.type").lower()
    return kind in MOBILE or call.text("channel") == "mobile" or call.text("context.os.name").lower() in MOBILE


def _time(call: Fields, how: How) -> int:
    """When it happened; Segment corrects ``timestamp`` by the device's clock, so that wins."""
    for name in ("timestamp", "originalTimestamp", "sentAt", "receivedAt"):
        found = call.time(name, how)
        if found is not None:
            return found
    return received(how, call, "timestamp")


def _made_id(call: Fields, vendor: str) -> str:
    """Of a call without a messageId: the same for the same content, so that a second delivery is a duplicate."""
    try:
        content = msgspec.json.encode(call.value, order="sorted")
    except (TypeError, ValueError, OverflowError, RecursionError):
        raise call.wrong("messageId", "is required") from None
    return f"{vendor}/{hashlib.sha256(content).hexdigest()[:32]}"
