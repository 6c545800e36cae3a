"""What a source says of sentiment, what the customer's words are worth, and where the words go."""

from __future__ import annotations

from typing import Any

import pytest

from journeys.contact import fold
from journeys.pseudonyms import alike
from journeys.sentiment import BY, MOST_CHARACTERS, Scorer, felt, rewritten, said
from journeys.settings import DEFAULTS, SettingsError, convert
from journeys.touchpoint import MAX_BYTES, Invalid, Touchpoint, decode, encode

GLAD = "That's great, thank you so much for your help!"
CROSS = "This is ridiculous, I am really disappointed with your service."


def message(number: int = 0, **attributes: Any) -> Touchpoint:
    at = 1_767_225_600_000 + number * 1000
    return Touchpoint(at, f"m{number}", "message", "chat", "c1", source="chat", attributes=attributes)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.25, 0.25), (-1, -1.0), (1, 1.0), ("POSITIVE", 1.0), ("neutral", 0.0), (" Negative ", -1.0), ("MIXED", 0.0),
        (1.01, None), (-5, None), (float("nan"), None), (True, None), ("awful", None), ("0.5", None), (None, None),
        ([0.5], None), ({"score": 0.5}, None),
    ],
)  # fmt: skip
def test_what_a_source_says(value: object, expected: float | None) -> None:
    assert said(value) == expected


@pytest.mark.parametrize(
    ("speaker", "counts"),
    [(None, True), ("", True), ("customer", True), ("CUSTOMER", True), ("agent", False), ("bot", False), (7, False)],
)
def test_only_the_customers_words_count(speaker: object, counts: bool) -> None:
    assert felt({"sentiment": 0.5, "speaker": speaker}) == (0.5 if counts else None)
    scored = Scorer(DEFAULTS).scored(message(text=GLAD, speaker=speaker))
    assert ("sentiment" in scored.attributes) == counts
    assert "text" not in scored.attributes


def test_a_score_takes_the_place_of_words() -> None:
    scorer = Scorer(DEFAULTS)
    for text, sign in ((GLAD, 1), (CROSS, -1), ("It stands on page 12.", 0), ("", 0)):
        scored = scorer.scored(message(text=text, team="north"))
        assert scored.attributes == {"team": "north", "sentiment": scorer.score(text), "sentiment_by": BY}
        assert (scorer.score(text) > 0) - (scorer.score(text) < 0) == sign
        assert scorer.scored(scored) is scored


def test_the_source_knows_better_than_we_do() -> None:
    scored = Scorer(DEFAULTS).scored(message(text=CROSS, sentiment="POSITIVE"))
    assert scored.attributes == {"sentiment": "POSITIVE"}
    unknown = Scorer(DEFAULTS).scored(message(text=CROSS, sentiment=80))
    assert unknown.attributes == {"sentiment": Scorer(DEFAULTS).score(CROSS), "sentiment_by": BY}


@pytest.mark.parametrize(
    ("settings", "attributes", "scored"),
    [
        ({}, {"language": "en-GB"}, True),
        ({}, {"language": "EN_us"}, True),
        ({}, {"language": "de"}, False),
        ({}, {"language": 7}, False),
        ({"language": "de"}, {}, False),
        ({"language": "de"}, {"language": "en"}, True),
        ({"enabled": False}, {}, False),
    ],
)
def test_text_that_is_not_scored_goes_all_the_same(
    settings: dict[str, Any], attributes: dict[str, Any], scored: bool
) -> None:
    taken = Scorer(convert({"sentiment": settings})).scored(message(text=GLAD, **attributes))
    assert ("sentiment" in taken.attributes) == scored
    assert "text" not in taken.attributes


@pytest.mark.parametrize("text", [7, None, ["That", "is", "great"], {"en": GLAD}])
def test_what_is_no_text_is_not_scored_and_not_kept(text: object) -> None:
    assert Scorer(DEFAULTS).scored(message(text=text)).attributes == {}


def test_text_may_be_kept() -> None:
    scored = Scorer(convert({"sentiment": {"keep_text": True}})).scored(message(text=GLAD))
    assert scored.attributes["text"] == GLAD
    assert scored.attributes["sentiment"] > 0.5


def test_words_of_ones_own() -> None:
    assert Scorer(DEFAULTS).score("It is throttled.") == 0
    assert Scorer(convert({"sentiment": {"words": {"Throttled": -2}}})).score("It is throttled.") < 0
    for wrong in ({"words": {"x": 5}}, {"words": {" ": 1}}, {"drop": 0}, {"drop": 2.1}, {"low": 0.0}, {"low": -1.5}):
        with pytest.raises(SettingsError, match=r"sentiment\."):
            convert({"sentiment": wrong})


def test_a_long_text_is_read_from_its_beginning() -> None:
    long = "x" * MOST_CHARACTERS + " great"
    assert Scorer(DEFAULTS).score(long) == 0


def test_an_event_is_rewritten_with_all_that_it_had() -> None:
    raw = encode(message(text=GLAD, team="north"))[:-1] + b',"traceparent":"00-1","n":12345678901234567890}'
    scored = Scorer(DEFAULTS).scored(decode(raw))
    written = rewritten(raw, scored)
    assert decode(written) == scored
    assert b"thank you" not in written
    assert b'"traceparent":"00-1"' in written
    assert b"12345678901234567890" in written


def test_an_event_that_grows_too_large_with_its_score_is_none() -> None:
    raw = encode(message(text="ok", note="x" * (MAX_BYTES - 230)))
    raw = encode(message(text="ok", note="x" * (MAX_BYTES - 230 + MAX_BYTES - len(raw))))
    assert len(raw) == MAX_BYTES
    with pytest.raises(Invalid, match="this one with its score"):
        rewritten(raw, Scorer(DEFAULTS).scored(decode(raw)))


def test_events_are_alike_whatever_the_library_makes_of_them() -> None:
    scored = Scorer(DEFAULTS).scored(message(text=GLAD))
    assert alike(scored, message(sentiment=0.1, sentiment_by="vader"))
    assert alike(message(sentiment=0.1, sentiment_by="vader", team="a"), message(team="a"))
    assert not alike(scored, message(sentiment=0.1, sentiment_by="vader", team="a"))
    assert not alike(message(sentiment=0.1), message(sentiment=0.2)), "the source's own is a fact"


def test_the_mood_of_a_contact() -> None:
    said = [0.5, "POSITIVE", "what?", -0.75]
    own = [message(number, sentiment=value) for number, value in enumerate(said)]
    own.append(message(9, sentiment=-1, speaker="agent"))
    contact, _ = fold(own, DEFAULTS)
    assert contact.mood is not None
    assert (contact.mood.first, contact.mood.last, contact.mood.low, contact.mood.scored) == (0.5, -0.75, -0.75, 3)
    assert contact.mood.drops == ((own[3].at, 0.75, -0.75),)
    silent, _ = fold([message()], DEFAULTS)
    assert silent.mood is None
