"""How a customer sounds (M12): as the source says, else by the customer's own words, which are then let go.

From -1 to 1. A source says it as a number on that scale, or by a word as Contact Lens and Amazon Lex use them:
https://docs.aws.amazon.com/contact-lens/latest/APIReference/API_Transcript.html. Anything else says nothing, and is
counted. Text is scored by VADER (Hutto & Gilbert, ICWSM 2014), which serves English alone; why that, and how well it
does: docs/decisions/sentiment.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from journeys.settings import Settings
from journeys.touchpoint import MAX_BYTES, Invalid, Touchpoint, unread

if TYPE_CHECKING:
    from vader import SentimentIntensityAnalyzer

BY = "vader"
"""Stands in `sentiment_by` of what was scored here; what the source said has none."""
LANGUAGES = frozenset({"en"})
MOST_CHARACTERS = 2_000
"""Of a text, so many are scored: more would only drive the score towards its ends."""
_WORDS = {"positive": 1.0, "neutral": 0.0, "mixed": 0.0, "negative": -1.0}


def said(value: object) -> float | None:
    """The sentiment that a source says by ``value``; None if that is nothing we know."""
    if isinstance(value, str):
        return _WORDS.get(value.strip().casefold())
    if isinstance(value, (int, float)) and not isinstance(value, bool) and -1 <= value <= 1:
        return float(value)
    return None


def felt(attributes: Mapping[str, Any]) -> float | None:
    """The customer's sentiment in a touchpoint with these attributes; None without one, or of somebody else's words."""
    return said(attributes.get("sentiment")) if is_customers(attributes) else None


def is_customers(attributes: Mapping[str, Any]) -> bool:
    """Whether the words are the customer's: nobody else is said to have spoken them."""
    speaker = attributes.get("speaker")
    return not speaker or (isinstance(speaker, str) and speaker.strip().casefold() == "customer")


class Scorer:
    """Puts a score in the place of text, by what ``settings`` say. Thread-safe; the lexicon is loaded with the first
    text."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings.sentiment

    def scored(self, touchpoint: Touchpoint) -> Touchpoint:
        """``touchpoint`` as it may be stored: with a score where its words have one, without them unless the settings
        keep text. Itself if there is nothing to do."""
        attributes = touchpoint.attributes
        if "text" not in attributes:
            return touchpoint
        text = attributes["text"]
        kept = dict(attributes)
        if not self._settings.keep_text:
            del kept["text"]
        if said(attributes.get("sentiment")) is None and self._serves(attributes) and isinstance(text, str):
            kept |= {"sentiment": self.score(text), "sentiment_by": BY}
        return touchpoint if kept == attributes else msgspec.structs.replace(touchpoint, attributes=kept)

    def score(self, text: str) -> float:
        """From -1 to 1; 0 for words that say nothing either way."""
        return float(self._analyser.polarity_scores(text[:MOST_CHARACTERS])["compound"])

    def _serves(self, attributes: Mapping[str, Any]) -> bool:
        language = attributes.get("language") or self._settings.language
        primary = str(language).replace("_", "-").partition("-")[0].casefold()  # of en-GB: en (BCP 47)
        return self._settings.enabled and primary in LANGUAGES and is_customers(attributes)

    @cached_property
    def _analyser(self) -> SentimentIntensityAnalyzer:
        from vader import SentimentIntensityAnalyzer

        return SentimentIntensityAnalyzer(extra_lexicon=self._settings.words)


def rewritten(raw: bytes, scored: Touchpoint) -> bytes:
    """The event ``raw`` with the attributes that its touchpoint was ``scored`` with; all else as it came. Raises
    ``Invalid`` if that cannot be done."""
    try:
        event = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid("not_json", "", raw[:40], unread(error)) from None
    event["data"]["attributes"] = scored.attributes
    written = msgspec.json.encode(event)
    if len(written) > MAX_BYTES:
        problem = f"an event has at most {MAX_BYTES} bytes, this one with its score {len(written)}"
        raise Invalid("too_large", "", b"", problem)
    return written


def facts(attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """``attributes`` without what was made of them here: another version of the library may score otherwise."""
    if "sentiment_by" not in attributes:
        return attributes
    return {name: value for name, value in attributes.items() if name not in ("sentiment", "sentiment_by")}
