"""Delighted: answers to its surveys.

https://app.delighted.com/docs/api/webhooks. An answer comes first with the score alone and then, as the customer goes
on, with the comment: one touchpoint, of which the latest counts. Scales:
https://help.delighted.com/article/530-survey-types-overview

What a survey is about can be sent along when it is asked for: the person's properties ``about`` (a contact id),
``reference`` and ``customer_id`` are read.
"""

from __future__ import annotations

from collections.abc import Iterator

from journeys.touchpoint import Touchpoint
from producers.adapters.adapter import How
from producers.adapters.payload import Fields, Made, Unmapped, adapter, kept, some

SCORED = {"nps": "nps", "csat": "csat", "": "nps"}
"""Survey types on a scale of ours. CES is asked on a scale of 7 or of 5, and an answer does not say which: it is kept
as ``score``, and counts as none of ours. So are stars, smileys and thumbs."""
_PRIVATE = ("person.name", "person.created_at", "additional_answers", "notes", "permalink")


@adapter("delighted")
def adapt(payload: Fields, how: How) -> Iterator[Made]:
    event = payload.required("event_type")
    if event not in ("survey_response.created", "survey_response.updated"):
        yield Unmapped(event)
        return
    answer = payload.object("event_data")
    answer.ignore(*_PRIVATE)
    at = answer.required_epoch("created_at")
    properties = answer.object("person_properties")
    kind = answer.text("survey_type")
    words = answer.text("comment")
    score = answer.number("score")
    scores = {SCORED[kind]: score} if kind in SCORED else {"score": score}
    about, reference = properties.text("about"), properties.text("reference")
    identifiers = some(
        customer_id=properties.text("customer_id"), email=answer.text("person.email"),
        phone=answer.text("person.phone_number"), delighted=answer.text("person.id"),
    )  # fmt: skip
    yield Touchpoint(
        at, f"delighted:{answer.required('id')}", "surveyed", "survey", "", identifiers, reference=reference,
        direction="inbound", revision=answer.epoch("updated_at") or at, attributes=kept(
            "delighted", answer, **scores, survey=kind, about=about, text=words, speaker="customer" if words else "",
        ),
    )  # fmt: skip
