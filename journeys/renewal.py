"""What keeps customers whole when a key is replaced: facts that say which pseudonyms are one identifier's.

Only who has the clear value can say so: the publishers, and the contact stage for what reaches it clear.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b

from journeys.consent import is_profiled
from journeys.identity import PERIOD_MS
from journeys.pseudonyms import Pseudonyms, is_pseudonym
from journeys.sentiment import Scorer
from journeys.spelling import REMEMBERED
from journeys.touchpoint import EARLIEST, FACTS, FORGET, Touchpoint, decode, encode

CHANNEL = "keys"


def renewals(touchpoint: Touchpoint, pseudonyms: Pseudonyms) -> Iterator[Touchpoint]:
    """For each clear identifier in ``touchpoint``, and each older key, an `alias` of its pseudonym to today's.

    None while there is one key, nor of who is to be forgotten. Made again from another touchpoint of the same thirty
    days it is the same event, which counts once.
    """
    if len(pseudonyms.key_ids) < 2 or touchpoint.type == FORGET:
        return
    at = max(EARLIEST, touchpoint.at // PERIOD_MS * PERIOD_MS)
    for kind, value in (*touchpoint.identifiers.items(), *touchpoint.other.items()):
        new, *older = pseudonyms.every(kind, value) or ("",)
        if not is_pseudonym(new):  # it says nothing, or is kept clear
            continue
        for old in older:
            name = "renewed-" + blake2b(f"{kind}\0{new}\0{old}\0{at}".encode(), digest_size=16).hexdigest()
            yield Touchpoint(at, name, "alias", CHANNEL, name, {kind: new}, source="touchpath", other={kind: old})


class Edge:
    """What a publisher sends instead of clear identifiers, and of text. What it has renewed it does not renew again,
    for as long as it remembers. Of whom nobody may be known it sends no identifier; facts about such are left for the
    first stage to drop. ``pseudonyms``: None leaves identifiers as they are; ``scorer``: None leaves text."""

    def __init__(self, pseudonyms: Pseudonyms | None, scorer: Scorer | None = None) -> None:
        self._pseudonyms = pseudonyms
        self._scorer = scorer
        self._said: set[str] = set()

    def hidden(self, touchpoint: Touchpoint) -> tuple[list[Touchpoint], Touchpoint]:
        """The renewals to send before ``touchpoint``, and what to send for it: itself if nothing is to hide."""
        if self._scorer is not None:
            touchpoint = self._scorer.scored(touchpoint)
        if self._pseudonyms is None:
            return [], touchpoint
        hidden = self._pseudonyms.hide(touchpoint)
        if touchpoint.type not in FACTS and not is_profiled(touchpoint, self._pseudonyms.settings):
            return [], decode(self._pseudonyms.unnamed(encode(hidden)))
        if hidden is touchpoint:
            return [], touchpoint
        before = [one for one in renewals(touchpoint, self._pseudonyms) if one.id not in self._said]
        if len(self._said) > REMEMBERED:
            self._said.clear()
        self._said.update(one.id for one in before)
        return before, hidden
