"""Repeat contacts, first contact resolution and redials (M9).

An attempt is an inbound contact that was answered, or a self-service contact. A repeat is an inbound contact that
starts from 0 to W after the end of an attempt of the same customer, answered or not. FCR is read off the first repeat:
broken once it has started within W, confirmed when W has passed, else pending.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from operator import attrgetter

from journeys.contact import Contact
from journeys.settings import Settings

DAY = 86_400_000
_BY_END: Callable[[Contact], tuple[int, str]] = attrgetter("ended_at", "contact_id")


class Follows:
    """Which contact follows which, among one customer's contacts sorted by (start, id), within ``window`` ms."""

    def __init__(self, contacts: Sequence[Contact], window: int) -> None:
        self._window = window
        self._inbound = [contact for contact in contacts if contact.direction == "inbound"]
        self._starts = [contact.started_at for contact in self._inbound]
        self._attempts = [contact for contact in contacts if contact.attempt != "none"]
        self._attempts.sort(key=_BY_END)
        self._ends = [contact.ended_at for contact in self._attempts]

    def first_repeat(self, attempt: Contact) -> Contact | None:
        """The first inbound contact that starts at or after the end of ``attempt``."""
        index = bisect_left(self._starts, attempt.ended_at)
        if index < len(self._inbound) and self._inbound[index] is attempt:  # it took no time at all
            index += 1
        if index < len(self._inbound) and self._starts[index] - attempt.ended_at <= self._window:
            return self._inbound[index]
        return None

    def repeat_of(self, contact: Contact) -> Contact | None:
        """The latest attempt that ended before ``contact`` started, or just then."""
        index = bisect_right(self._ends, contact.started_at) - 1
        if index >= 0 and self._attempts[index] is contact:
            index -= 1
        if index >= 0 and contact.started_at - self._ends[index] <= self._window:
            return self._attempts[index]
        return None


class Redials:
    """What came of abandoned contacts, among one customer's contacts sorted by (start, id)."""

    def __init__(self, contacts: Sequence[Contact], settings: Settings) -> None:
        self._inbound = Follows(contacts, settings.journeys.redial_window.ms)
        self._calls = [c for c in contacts if c.direction == "outbound" and c.outcome == "answered"]
        self._starts = [contact.started_at for contact in self._calls]
        self._window = settings.journeys.redial_window.ms

    def after(self, abandoned: Contact) -> tuple[Contact, str] | None:
        """The contact that followed within the window, and what it makes of the abandonment: recovered, called_back
        or lost; empty while that contact is still open."""
        again = self._inbound.first_repeat(abandoned)
        index = bisect_left(self._starts, abandoned.ended_at)
        if index < len(self._calls) and self._starts[index] - abandoned.ended_at <= self._window:
            call = self._calls[index]
            if again is None or call.started_at < again.started_at:
                return call, "called_back"
        if again is None:
            return None
        if again.outcome == "answered":
            return again, "recovered"
        return again, "" if again.outcome == "open" else "lost"
