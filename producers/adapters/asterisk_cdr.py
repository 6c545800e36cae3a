"""Asterisk's call detail records, as cdr_csv writes them into Master.csv.

https://docs.asterisk.org/Configuration/Reporting/Call-Detail-Records-CDR/CDR-Specification/: 16 columns and no heading,
and up to five more by cdr.conf (loguniqueid, loguserfield, newcdrcolumns). Times are the server's own, without an
offset (UTC with ``usegmtime``): say the time zone. Columns of another order: the csv adapter with a mapping.

What became of a call in a queue is in the queue log: of such a call here is only that it began and ended, for Asterisk
answers it to play music. The two make one contact.
"""

from __future__ import annotations

from collections.abc import Iterator

from journeys.touchpoint import Invalid, Touchpoint
from producers.adapters.adapter import How
from producers.adapters.asterisk import CHANNEL, contact
from producers.adapters.csv_rows import cells
from producers.adapters.ids import of_content
from producers.adapters.numbers import ends
from producers.adapters.payload import Fields, Made, Unmapped, from_bytes, kept, until_invalid

COLUMNS = (
    "accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata", "start", "answer",
    "end", "duration", "billsec", "disposition", "amaflags", "uniqueid", "userfield", "peeraccount", "linkedid",
    "sequence",
)  # fmt: skip
FEWEST = 16


@from_bytes("asterisk-cdr")
def adapt(raw: bytes, how: How) -> Iterator[Made]:
    lines = [line for line in raw.removeprefix(b"\xef\xbb\xbf").splitlines() if line.strip()]
    if not lines:
        raise Invalid("null_value", "", raw[:40], "there is nothing in it")
    for number, line in enumerate(lines, 1):
        where = f"line {number}" if len(lines) > 1 else ""
        try:
            row = cells(line, ",", where)
            if not FEWEST <= len(row) <= len(COLUMNS):
                raise Invalid("invalid_field", where, row, f"expected {FEWEST} to {len(COLUMNS)} columns")
        except Invalid as invalid:
            yield invalid
            continue
        if row[0].strip().lower() == COLUMNS[0]:  # some write a heading
            yield Unmapped("heading")
        else:
            yield from until_invalid(_call, Fields(dict(zip(COLUMNS, row, strict=False)), where), how)


def _call(fields: Fields, how: How) -> Iterator[Made]:
    source, destination = fields.text("src"), fields.text("dst")
    direction, who = ends(source, destination)
    if not direction:
        yield Unmapped("internal call")
        return
    began, ended = fields.required_time("start", how), fields.required_time("end", how)
    answered = fields.time("answer", how)
    whole, talked = fields.seconds("duration"), fields.seconds("billsec")
    disposition = fields.text("disposition")
    uniqueid = fields.text("uniqueid") or of_content(fields.value)
    contact_id = contact(how, fields.text("linkedid") or uniqueid)
    key = f"{contact_id}/{uniqueid}/{fields.text('sequence') or began // 1000}/cdr"
    queued = fields.text("lastapp") == "Queue"
    fields.ignore("clid")
    yield Touchpoint(began, f"{key}-1", "started", CHANNEL, contact_id, who, direction=direction)
    taken = answered is not None and disposition == "ANSWERED" and not queued
    if taken and answered is not None:
        waited = whole - talked if whole is not None and talked is not None else None
        yield Touchpoint(answered, f"{key}-2", "connected", CHANNEL, contact_id, who, wait_s=waited)
    attributes = kept("asterisk", fields, reason=disposition, number=source if direction == "outbound" else destination)
    yield Touchpoint(
        ended, f"{key}-3", "ended", CHANNEL, contact_id, who, direction=direction, talk_s=talked if taken else None,
        attributes=attributes,
    )  # fmt: skip
