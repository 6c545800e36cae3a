"""Satismeter: answers to its surveys.

https://support.satismeter.com/hc/en-us/articles/6980495785107-Webhooks. NPS is the ``rating``, or an answer with
``metric``; CES is asked on a scale of 7, CSAT of 5.
"""

from __future__ import annotations

from collections.abc import Iterator

from journeys.surveys import KINDS
from journeys.touchpoint import Touchpoint
from producers.adapters.adapter import How
from producers.adapters.payload import Fields, Made, Unmapped, adapter, kept, some

_PRIVATE = ("response.user", "response.answers", "response.ip", "response.location", "traits")
"""Who answered, and in which words: read where a touchpoint has a place for it, and not kept beside."""


@adapter("satismeter")
def adapt(payload: Fields, how: How) -> Iterator[Made]:
    event = payload.required("event")
    if event != "completed":
        yield Unmapped(event)
        return
    response, user = payload.object("response"), payload.object("response.user")
    scores = {
        metric: answer.number("value")
        for answer in response.objects("answers")
        if (metric := answer.text("metric")) in KINDS
    }
    if not scores:
        scores = {"nps": response.number("rating")}
    words = response.text("feedback").strip()
    identifiers = some(customer_id=user.text("userId"), email=user.text("email"), satismeter=user.text("id"))
    response.ignore("rating")
    payload.ignore(*_PRIVATE)
    yield Touchpoint(
        response.required_time("created", how), f"satismeter:{response.required('id')}", "surveyed", "survey", "",
        identifiers, direction="inbound",
        attributes=kept("satismeter", payload, **scores, text=words, speaker="customer" if words else ""),
    )  # fmt: skip
