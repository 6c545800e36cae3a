"""Words as people wrote them: without the markup around them."""

from __future__ import annotations

import re
from html import unescape

_MARKUP = re.compile(r"<[^<>]*>")


def plain(html: str) -> str:
    """The text of a piece of HTML, its elements apart by single spaces; text that is none stays as it is."""
    return " ".join(unescape(_MARKUP.sub(" ", html)).split())
