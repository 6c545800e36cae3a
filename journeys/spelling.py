"""One spelling for each identifier, so that two ways to write one of them meet.

What comes out stays as it is when it is spelt again, and nothing is lost: what no library can read is kept as it came,
tidied. Which identifiers say anything about anybody is in journeys/identifiers.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email
from phonenumbers import (
    NumberParseException,
    PhoneNumberFormat,
    ValidationResult,
    format_number,
    is_possible_number_with_reason,
    normalize_digits_only,
    parse,
)

REMEMBERED = 65_536
"""So many spellings are remembered: to read a number or an address takes longer than to fold a contact."""
MOST_STEPS = 8
PSEUDONYM = re.compile(r"~[A-Za-z0-9_-]{4}\.[A-Za-z0-9_-]{21}[AQgw]")


def is_pseudonym(value: str) -> bool:
    """Whether ``value`` is what journeys/pseudonyms.py makes of an identifier: such a one has one spelling."""
    return value[:1] == "~" and PSEUDONYM.fullmatch(value) is not None


def spelled(kind: str, value: str, region: str) -> str:
    """``value``, an identifier of ``kind``, as it is always spelt; never raises.

    ``region`` (ISO 3166-1 alpha-2, or "") is where phone numbers without a country code are from.
    """
    return _read(kind, value, region) if kind in _STEPS else value.strip()


@lru_cache(REMEMBERED)
def _read(kind: str, value: str, region: str) -> str:
    """The step for ``kind`` until it changes nothing more: an address in a header within a header. If it never settles,
    the text as it came: so, too, what is spelt again stays."""
    step = _STEPS[kind]
    text = bare = value.strip()
    if is_pseudonym(text):
        return text
    for _ in range(MOST_STEPS):
        after = step(text, region)
        if after == text:
            return text
        text = after
    return bare


def _phone(text: str, region: str) -> str:
    """E.164 (https://www.itu.int/rec/T-REC-E.164) without extension, if its length is one that numbers there have.

    Numbers are not held against the ranges in use, which change faster than a library; nor is a local number given a
    country code, as it would need an area too. What is no such number is kept as its digits, or if words are in it, as
    text.
    """
    digits = normalize_digits_only(text)
    worded = any(sign.isalpha() or sign == "@" for sign in text)
    kept = text.lower() if worded or not digits else ("+" if text[0] in "+\uff0b" else "") + digits
    if len(set(digits)) < 2:
        return kept  # 0000: to read it as a number of some country would hide what it is
    written = [(text, region or None)]
    if text.startswith("00"):
        written.append(("+" + text[2:], None))
    for number, home in written:
        try:
            found = parse(number, home)
        except NumberParseException:
            continue
        if is_possible_number_with_reason(found) == ValidationResult.IS_POSSIBLE:
            return format_number(found, PhoneNumberFormat.E164)
    return kept


def _email(text: str, region: str) -> str:
    """In lower case, its domain in Unicode, without the name that a mail's header puts before it.

    Case before the @ may matter by RFC 5321 (2.4), which discourages making use of it; providers do not, and people
    write their address now this way, now that, and have to meet themselves. Dots and +tags are kept: whether they
    matter differs from host to host. No DNS is asked. An address that is not valid is kept in lower case.
    """
    lowered = text.lower()
    try:
        return validate_email(lowered, check_deliverability=False, allow_display_name=True).normalized
    except EmailNotValidError:
        return lowered


def _social(text: str, region: str) -> str:
    return text.lower().removeprefix("@").strip()


_STEPS: dict[str, Callable[[str, str], str]] = {"phone": _phone, "email": _email, "social": _social}
