"""The contract: one event, in one channel, about one customer.

On the wire a touchpoint is a CloudEvents 1.0 event in structured JSON (https://github.com/cloudevents/spec): the
attributes ``id``, ``source``, ``type``, ``time`` say that something happened, ``data`` says what. Types are an open
list; the ones that the pipeline gives a meaning to are ``LIFE_CYCLE`` and ``SELF_SERVICE``.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeVar

import msgspec

LIFE_CYCLE = (
    "queued",
    "connected",
    "held",
    "resumed",
    "transferred",
    "conferenced",
    "escalated",
    "abandoned",
    "called_back",
    "ended",
    "wrapped_up",
)
SELF_SERVICE = ("searched", "article_viewed", "menu_chosen", "opted_out", "resolved", "failed")
READ = frozenset(
    {
        "page", "topic", "order_state", "article", "node", "results", "team", "speaker", "sentiment", "sentiment_by",
        "csat", "nps", "ces", "qa", "about",
    }
)  # fmt: skip
"""The attributes that mean something to the pipeline (docs/definitions.md); others are stored, and read by nobody. Of
`text` a score is made as the event arrives (journeys/sentiment.py)."""

OF_TWO = frozenset({"link", "alias", "unlink", "auto"})
FACTS = OF_TWO | {"identify", "block", "unblock"}
"""What these say about identifiers is in journeys/facts.py; they are no contacts."""

FORGET = "forget"
"""What it asks to be forgotten is in journeys/forgetting.py; it is stored nowhere."""

SCHEMA = "touchpath:touchpoint:1"
MAX_BYTES = 32 * 1024
EARLIEST = int(datetime(1990, 1, 1, tzinfo=UTC).timestamp() * 1000)

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
Text = Annotated[str, msgspec.Meta(max_length=255)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=366 * 86_400)]
Revision = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class Data(msgspec.Struct, omit_defaults=True, gc=False):
    """What happened. Every field but ``channel`` may be left out."""

    channel: Name
    """web, ad, review, ivr, voice, chat, email, sms, social, messenger, app, store, survey, or one of your own."""
    contact_id: Text | None = None
    """The call, chat, thread or session that this belongs to; without one the touchpoint is a contact of its own."""
    identifiers: dict[Name, Text] = {}
    """Whom it is about: customer_id, email, phone, social, device, cookie, session."""
    other: dict[Name, Text] = {}
    """For link, alias, unlink and auto: the identifiers that those above do, or do not, belong with."""
    intent: Text | None = None
    reference: Text | None = None
    """Case or order number: joins contacts whatever their intents are called."""
    queue: Text | None = None
    agent: Text | None = None
    direction: Literal["inbound", "outbound"] | None = None
    outcome: Text | None = None
    wait_s: Seconds | None = None
    """Seconds in the queue as the source measured them; wins over the event times' difference, as do the next three."""
    talk_s: Seconds | None = None
    hold_s: Seconds | None = None
    wrap_s: Seconds | None = None
    invited: bool = False
    """We asked the customer to make this contact (a link in a message, a call-back number)."""
    attributes: dict[str, Any] = {}
    revision: Revision = 0
    """Of events with one id, the one with the highest counts, whatever order they come in: for sources that send a
    record again with newer content, as Amazon Connect does."""
    consent: bool | None = None
    """Whether the customer agreed to be known across contacts; `[privacy] consent` says what follows. None: the source
    does not say."""
    recorded: bool | None = None
    """Whether what was said is kept by the source, as a recording or transcript. None: it does not say."""


class CloudEvent(msgspec.Struct, gc=False):
    id: Name
    source: Name
    type: Name
    time: Annotated[datetime, msgspec.Meta(tz=True)]
    data: Data
    specversion: Literal["1.0"] = msgspec.field(default="1.0")
    dataschema: str = SCHEMA
    subject: str | msgspec.UnsetType | None = msgspec.UNSET


class Touchpoint(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A touchpoint as the core works with it: flat, its time in milliseconds since the epoch (UTC)."""

    at: int
    id: str
    type: str
    channel: str
    contact_id: str
    identifiers: dict[str, str] = {}
    intent: str = ""
    reference: str = ""
    queue: str = ""
    agent: str = ""
    direction: str = ""
    outcome: str = ""
    wait_s: float | None = None
    talk_s: float | None = None
    hold_s: float | None = None
    wrap_s: float | None = None
    invited: bool = False
    source: str = ""
    attributes: dict[str, Any] = {}
    other: dict[str, str] = {}
    revision: int = 0
    consent: bool | None = None
    recorded: bool | None = None


class Invalid(ValueError):
    """An event that cannot be taken: ``reason`` is a word to count by, ``field`` and ``value`` are the fault.

    ``told`` is its text for those who may not see the value.
    """

    def __init__(self, reason: str, field: str, value: object, problem: str) -> None:
        shown = repr(value)
        if len(shown) > 80:
            shown = shown[:77] + "..."
        text = f"{field}: {problem}" if field else problem
        super().__init__(f"{text} (got {shown})")
        self.told = text.partition("'")[0].partition('"')[0].rstrip()  # msgspec quotes some values itself
        self.reason = reason
        self.field = field
        self.value = value


Event = TypeVar("Event")

_decoder = msgspec.json.Decoder(CloudEvent)
_encoder = msgspec.json.Encoder()


def decode(raw: bytes) -> Touchpoint:
    """The touchpoint in ``raw``.

    Raises ``Invalid`` with reason ``null_value``, ``too_large``, ``not_json``, ``invalid_field``, ``unknown_version``
    or ``implausible_time``; never anything else.
    """
    return from_event(parsed(raw, _decoder))


def parsed(raw: bytes, decoder: msgspec.json.Decoder[Event]) -> Event:
    """What ``decoder`` makes of an event's bytes; raises ``Invalid`` as ``decode`` does."""
    if not raw:
        raise Invalid("null_value", "", raw, "an event has no content")
    if len(raw) > MAX_BYTES:
        raise Invalid("too_large", "", raw[:40], f"an event has at most {MAX_BYTES} bytes, this one {len(raw)}")
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError as error:
        raise _invalid_field(raw, str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid("not_json", "", raw[:40], unread(error)) from None


def moment(time: datetime) -> int:
    """``time`` in ms since the epoch (UTC); raises ``Invalid`` if it lies before any event of ours."""
    at = int(time.timestamp() * 1000)
    if at < EARLIEST:
        raise Invalid("implausible_time", "time", time.isoformat(), "before 1990, so no real event time")
    return at


def from_event(event: CloudEvent) -> Touchpoint:
    """The flat form of ``event``; raises ``Invalid`` as ``decode`` does."""
    if event.dataschema != SCHEMA:
        raise Invalid("unknown_version", "dataschema", event.dataschema, f"this version reads {SCHEMA}")
    at = moment(event.time)
    data = event.data
    if event.type in FACTS:
        if not data.identifiers:
            raise Invalid("invalid_field", "data.identifiers", data.identifiers, f"{event.type} needs one")
        if event.type in OF_TWO and not data.other:
            raise Invalid("invalid_field", "data.other", data.other, f"{event.type} needs one")
    elif event.type == FORGET and not (data.identifiers or data.contact_id):
        raise Invalid("invalid_field", "data.identifiers", data.identifiers, "forget needs one, or a contact_id")
    return Touchpoint(
        at,
        event.id,
        event.type,
        data.channel,
        data.contact_id or event.id,
        data.identifiers,
        data.intent or "",
        data.reference or "",
        data.queue or "",
        data.agent or "",
        data.direction or "",
        data.outcome or "",
        data.wait_s,
        data.talk_s,
        data.hold_s,
        data.wrap_s,
        data.invited,
        event.source,
        data.attributes,
        data.other,
        data.revision,
        data.consent,
        data.recorded,
    )


def to_event(touchpoint: Touchpoint) -> CloudEvent:
    """The wire form of ``touchpoint``."""
    return CloudEvent(
        id=touchpoint.id,
        source=touchpoint.source or "touchpath",
        type=touchpoint.type,
        time=datetime.fromtimestamp(touchpoint.at / 1000, UTC),
        data=Data(
            channel=touchpoint.channel,
            contact_id=touchpoint.contact_id if touchpoint.contact_id != touchpoint.id else None,
            identifiers=touchpoint.identifiers,
            intent=touchpoint.intent or None,
            reference=touchpoint.reference or None,
            queue=touchpoint.queue or None,
            agent=touchpoint.agent or None,
            direction=touchpoint.direction or None,  # type: ignore[arg-type]
            outcome=touchpoint.outcome or None,
            wait_s=touchpoint.wait_s,
            talk_s=touchpoint.talk_s,
            hold_s=touchpoint.hold_s,
            wrap_s=touchpoint.wrap_s,
            invited=touchpoint.invited,
            attributes=touchpoint.attributes,
            other=touchpoint.other,
            revision=touchpoint.revision,
            consent=touchpoint.consent,
            recorded=touchpoint.recorded,
        ),
    )


def encode(touchpoint: Touchpoint) -> bytes:
    """``touchpoint`` as it goes onto the wire."""
    return _encoder.encode(to_event(touchpoint))


def unread(error: Exception) -> str:
    """Why JSON could not be read, without a byte of it."""
    return "text that is no UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)


def _invalid_field(raw: bytes, message: str) -> Invalid:
    """What msgspec found wrong, with the offending value looked up (a cold path, so the event is read once more)."""
    problem, _, path = message.partition(" - at `")
    path = path.rstrip("`").removeprefix("key in ").removeprefix("$").lstrip(".")
    missing = "missing required field `"
    if missing in problem:
        name = problem.split(missing)[1].split("`")[0]
        field = f"{path}.{name}" if path else name
        return Invalid("invalid_field", field, None, "is required")
    try:
        value: object = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError) as error:
        return Invalid("not_json", "", raw[:40], unread(error))
    for part in path.split(".") if path else ():
        value = value.get(part) if isinstance(value, dict) and part in value else value
    reason = "unknown_version" if path == "specversion" else "invalid_field"
    return Invalid(reason, path, value, problem)
