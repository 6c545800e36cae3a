"""Google Business Profile: reviews of a place, and what the owner answered.

https://developers.google.com/my-business/reference/rest/v4/accounts.locations.reviews: one review, or a list of them as
the API answers with. The notification of Pub/Sub has a review's name and not the review: it is unmapped. Reviewers are
known by their display name alone, which identifies nobody: a review is anonymous.
"""

from __future__ import annotations

from collections.abc import Iterator

from journeys.touchpoint import Touchpoint
from producers.adapters.adapter import How
from producers.adapters.lists import each
from producers.adapters.payload import Fields, Made, Unmapped, adapter, kept

CHANNEL = "review"
STARS = {"ONE": 1, "TWO": 2, "THREE": 3, "FOUR": 4, "FIVE": 5}


@adapter("google-reviews")
def adapt(payload: Fields, how: How) -> Iterator[Made]:
    if "reviews" in payload.value:
        yield from each(payload, "reviews", _review, how)
    elif payload.text("message.data"):
        yield Unmapped("notification")
    elif kind := payload.text("notificationType") or payload.text("type"):
        yield Unmapped(kind)
    else:
        yield from _review(payload, how)


def _review(review: Fields, how: How) -> Iterator[Made]:
    contact_id = f"google:{review.required('reviewId')}"
    at = review.required_time("createTime", how)
    rating = review.text("starRating")
    if rating not in STARS and rating != "STAR_RATING_UNSPECIFIED":
        raise review.wrong("starRating", f"expected one of {', '.join(STARS)}")
    words, reply = review.text("comment"), review.object("reviewReply")
    review.ignore("reviewer", "reviewReply", "reviewMediaItems")
    revision = review.time("updateTime", how) or at
    attributes = kept("google", review, stars=STARS.get(rating), text=words, speaker="customer" if words else "")
    yield Touchpoint(
        at, f"{contact_id}/review", "reviewed", CHANNEL, contact_id, direction="inbound", attributes=attributes,
        revision=revision,
    )  # fmt: skip
    if reply.value:
        replied_at = reply.required_time("updateTime", how)
        answer = {"text": reply.text("comment"), "speaker": "agent", "state": reply.text("reviewReplyState")}
        yield Touchpoint(
            replied_at, f"{contact_id}/reply", "replied", CHANNEL, contact_id, revision=replied_at,
            attributes={name: value for name, value in answer.items() if value},
        )  # fmt: skip
