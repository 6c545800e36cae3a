"""Contact Lens: what was said in a call or a chat, with its sentiment; after the contact (a file) or live.

Chats say when each thing was said. Calls only say how long after their beginning: that is known from the name of the
recording (to the minute), from when a live segment came, or else from ``How.received``.
https://docs.aws.amazon.com/connect/latest/adminguide/contact-lens-example-output-files.html
https://docs.aws.amazon.com/connect/latest/adminguide/real-time-contact-analysis-segment-streams.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from journeys.touchpoint import Invalid, Touchpoint
from producers.adapters.adapter import How
from producers.adapters.amazon_connect import words
from producers.adapters.payload import Fields, Made, Unmapped, kept, received

MOST_OF_THE_WHOLE = 8 * 1024
_RECORDED = re.compile(r"_(\d{8}T\d{2}:\d{2})_UTC")
_SAID_AGAIN = ("IssuesDetected", "OutcomesDetected", "ActionItemsDetected", "Redaction", "DisplayName")
"""They quote what was said, or name who said it: text belongs in the attribute ``text`` alone."""


def read_file(file: Fields, how: How) -> Iterator[Made]:
    """A touchpoint ``message`` for each turn; what the file says of the whole stands with the last one."""
    contact_id = file.required("CustomerMetadata.ContactId")
    channel = words.channel(file.required("Channel"), "")
    language = file.text("LanguageCode")
    roles = {one.text("ParticipantId"): one.text("ParticipantRole") for one in file.objects("Participants")}
    turns = file.objects("Transcript")
    last = max((turn.number("EndOffsetMillis") or 0 for turn in turns), default=0)
    began = None
    messages = []
    for turn in turns:
        kind = turn.text("Type")
        if kind not in ("", "MESSAGE"):
            content = turn.text("ContentType").rpartition("application/vnd.amazonaws.connect.")[2]
            yield Unmapped(f"Contact Lens, {kind} {content}".strip())
            continue
        try:
            if "AbsoluteTime" not in turn.value and began is None:
                began = _began(file, how, last)
            messages.append(_message(turn, contact_id, channel, language, roles, began, how))
        except Invalid as invalid:
            yield invalid
    file.ignore("ConversationCharacteristics.ContactSummary", "Participants", "Transcript")
    yield from messages[:-1]
    if messages:
        own = messages[-1].attributes
        whole = file.rest(MOST_OF_THE_WHOLE) | own.get("amazon_connect", {})
        yield msgspec.structs.replace(messages[-1], attributes=own | {"amazon_connect": whole})


def read_live(event: Fields, how: How, arrived: int | None) -> Iterator[Made]:
    """A touchpoint for each turn that is complete; what is only being said, and categories, are counted.

    ``arrived``: when Kinesis got it, which is when its last segment was over.
    """
    kind = event.required("EventType")
    if kind != "SEGMENTS":
        yield Unmapped(f"Contact Lens live, {kind}")
        return
    contact_id = event.required("ContactId")
    channel = words.channel(event.required("Channel"), "")
    language = event.text("LanguageCode")
    segments = event.objects("Segments")
    turns = []
    for segment in segments:
        if "Transcript" in segment.value:
            turns.append(segment.object("Transcript"))
        else:
            yield Unmapped(f"Contact Lens live, {', '.join(sorted(map(str, segment.value))) or 'nothing'}")
    last = max((turn.number("EndOffsetMillis") or 0 for turn in turns), default=0)
    began = None
    for turn in turns:
        try:
            if "AbsoluteTime" not in turn.value and began is None:
                began = int((received(how, turn, "AbsoluteTime") if arrived is None else arrived) - last)
            yield _message(turn, contact_id, channel, language, {}, began, how)
        except Invalid as invalid:
            yield invalid


def _began(file: Fields, how: How, last: float) -> int:
    named = _RECORDED.search(file.text("CustomerMetadata.InputS3Uri"))
    try:
        if named:
            return int(datetime.strptime(named[1], "%Y%m%dT%H:%M").replace(tzinfo=UTC).timestamp() * 1000)
    except ValueError:
        pass
    return int(received(how, file, "CustomerMetadata.InputS3Uri") - last)


def _message(
    turn: Fields, contact_id: str, channel: str, language: str, roles: dict[str, str], began: int | None, how: How
) -> Touchpoint:
    at = turn.time("AbsoluteTime", how)
    if at is None:
        offset = turn.number("BeginOffsetMillis")
        if offset is None or began is None:
            raise turn.wrong("BeginOffsetMillis", "is required, or an AbsoluteTime")
        at = int(began + offset)
    participant = turn.text("ParticipantId")
    speaker = turn.text("ParticipantRole") or roles.get(participant, "") or participant
    turn.ignore(*_SAID_AGAIN)
    text = turn.text("Content")
    sentiment = turn.text("Sentiment")
    return Touchpoint(
        at=at,
        id=f"{contact_id}/{turn.required('Id')}",
        type="message",
        channel=channel,
        contact_id=contact_id,
        attributes=kept(
            "amazon_connect", turn, text=text, speaker=speaker.lower(), sentiment=sentiment, language=language
        ),
    )
