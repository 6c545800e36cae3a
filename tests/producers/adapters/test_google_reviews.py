"""Google Business Profile: reviews, and answers to them."""

from __future__ import annotations

from producers.adapters.adapter import How
from producers.adapters.google_reviews import adapt
from tests.producers.adapters.told import adapted, brief, says, shared, told


def test_a_review() -> None:
    [review] = adapted("google-reviews", "review.json").touchpoints
    assert told(review) == {
        "at": "2026-03-01T12:00:00Z", "id": "google:AbC/review", "type": "reviewed", "channel": "review",
        "contact_id": "google:AbC", "direction": "inbound", "revision": 1772368200000,
        "attributes": {
            "stars": 2, "text": "Forty minutes on hold.", "speaker": "customer",
            "google": {"name": "accounts/11/locations/22/reviews/AbC"},
        },
    }  # fmt: skip


def test_what_the_owner_answered() -> None:
    found = adapted("google-reviews", "answered.json")
    assert brief(found) == [("reviewed", "review", "12:00:00"), ("replied", "review", "08:00:00")]
    assert found.touchpoints[1].attributes == {"text": "We are sorry.", "speaker": "agent"}
    assert {one.contact_id for one in found.touchpoints} == {"google:AbC"}


def test_a_list_of_reviews_of_which_one_cannot_be_taken() -> None:
    found = adapted("google-reviews", "list.json")
    assert [one.contact_id for one in found.touchpoints] == ["google:one", "google:three"]
    assert says(found) == ["reviews[1].starRating: expected one of ONE, TWO, THREE, FOUR, FIVE (got 'SEVEN')"]


def test_a_notification_names_a_review_and_has_none() -> None:
    assert adapted("google-reviews", "notification.json").unmapped == {"notification": 1}


def test_what_cannot_be_taken_is_named() -> None:
    assert says(adapt(b"{}", How())) == ["reviewId: is required (got None)"]
    assert says(adapt(b'{"reviews": []}', How())) == ["reviews: is required (got [])"]


def test_the_shared_review() -> None:
    review, reply = adapt(shared("google-business-review.json"), How()).touchpoints
    assert (review.type, review.attributes["stars"], reply.type) == ("reviewed", 5, "replied")
    assert review.identifiers == {}
