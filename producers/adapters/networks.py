"""People on messengers, by what they are called there: one person has one name, whichever vendor tells of them.

An id on Messenger or Instagram is one with the page (https://developers.facebook.com/docs/messenger-platform), so it is
the same through Meta, Twilio and Genesys. On WhatsApp people are their numbers, country code first, mostly without +.
"""

from __future__ import annotations


def member(network: str, id_: str) -> dict[str, str]:
    """The identifiers of whoever has that id on ``network``: messenger, instagram, whatsapp."""
    id_ = id_.strip()
    return {"social": f"{network}:{id_}"} if id_ else {}


def international(number: str) -> str:
    """A number that begins with its country code, with the + that says so."""
    return f"+{number}" if number.isdecimal() else number
