"""What may not stand in a log: identifiers of customers, clear or as pseudonyms, wherever a message or a traceback has
them.

Known by their form: addresses, telephone numbers with + or 00, kind:value, pseudonyms, and longer numbers that stand by
themselves as text (quoted, or a whole argument). Offsets, counts, times and ports are numbers within other text, or
numbers as such, and stay.
"""

from __future__ import annotations

import logging
import re

from journeys.settings import IDENTIFIERS
from journeys.spelling import PSEUDONYM

REDACTED = "[redacted]"
_END = r"[^\s'\"`,;)\]}>]"
_IDENTIFIER = re.compile(
    "|".join(
        (
            rf"(?:{'|'.join(IDENTIFIERS)}):(?!//){_END}(?:{_END}|[ ](?=[\d(/-]))*",
            rf"(?:\w+:)?{PSEUDONYM.pattern}",
            r"[^\s@<>'\"`(),;:/=]+@[\w.-]+\.[^\W\d_]{2,}",
            r"(?:\+|(?<![\w.-])00)\d[\d ()/.-]{5,}\d",
            r"(?<=['\"`])\d{7,}(?=['\"`])",
        )
    )
)
_NUMBER = re.compile(r"\s*\d{7,}\s*")


def redact(text: str) -> str:
    """``text`` without what looks like somebody's identifier."""
    return _IDENTIFIER.sub(REDACTED, text)


class Redact(logging.Filter):
    """Changes every record that passes; for handlers, as those of loggers do not see what their children log."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple) and any(map(_is_number, record.args)):
            record.args = tuple(REDACTED if _is_number(one) else one for one in record.args)
        text = record.getMessage()
        redacted = redact(text)
        if redacted != text:
            record.msg, record.args = redacted, None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = redact(record.exc_text)
        return True


def _is_number(value: object) -> bool:
    """Whether it is text of digits alone: what is counted, or is a place, is logged as a number."""
    return isinstance(value, str) and _NUMBER.fullmatch(value) is not None
