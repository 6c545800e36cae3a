"""Amazon Connect: contact records, contact events, agent events, and Contact Lens (voice, chat, real time).

They come as files, from Kinesis (also in the envelope in which Lambda gets them) and from EventBridge; which is which
is seen from what is in them. https://docs.aws.amazon.com/connect/latest/adminguide/
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator

from journeys.touchpoint import Invalid
from producers.adapters.adapter import How
from producers.adapters.amazon_connect import agent_events, contact_events, contact_lens, contact_records
from producers.adapters.payload import Fields, Made, Unmapped, adapter, objects, until_invalid

CONTACT_EVENT = "Amazon Connect Contact Event"


@adapter("amazon_connect")
def adapt(fields: Fields, how: How) -> Iterator[Made]:
    """What one object becomes."""
    if "Records" in fields.value:
        for record in fields.objects("Records"):
            yield from until_invalid(_from_kinesis, record, how)
    elif "detail-type" in fields.value:
        kind = fields.required("detail-type")
        if kind == CONTACT_EVENT:
            yield from contact_events.read(fields.object("detail"), how)
        else:
            yield Unmapped(kind)
    else:
        yield from _one(fields, how, None)


def _from_kinesis(record: Fields, how: How) -> Iterator[Made]:
    """https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html"""
    arrived = record.epoch("kinesis.approximateArrivalTimestamp")
    try:
        data = b64decode(record.required("kinesis.data"), validate=True)
    except ValueError as error:  # binascii.Error is one
        if isinstance(error, Invalid):
            raise
        raise record.wrong("kinesis.data", "expected base64") from None
    for one in objects(data):
        if isinstance(one, Invalid):
            yield one
        else:
            yield from until_invalid(lambda fields, how: _one(fields, how, arrived), one, how)


def _one(fields: Fields, how: How, arrived: int | None) -> Iterator[Made]:
    there = fields.value.keys()
    if "AWSContactTraceRecordFormatVersion" in there or "InitiationTimestamp" in there:
        return contact_records.read(fields, how)
    if "AgentARN" in there:
        return agent_events.read(fields, how)
    if "eventType" in there:
        return contact_events.read(fields, how)
    if "Transcript" in there:
        return contact_lens.read_file(fields, how)
    if "EventType" in there and "ContactId" in there:
        return contact_lens.read_live(fields, how, arrived)
    raise Invalid("invalid_field", "", sorted(map(str, there))[:8], "is no object of Amazon Connect that is known here")
