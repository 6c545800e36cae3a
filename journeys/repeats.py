"""Repeat contacts, first contact resolution and redials (M9).

An attempt is an inbound contact that was answered, or a self-service contact. A repeat is an inbound contact that
starts from 0 to W after the end of an attempt of the same customer, answered or not. FCR is read off the first repeat:
broken once it has started within W, confirmed when W has passed, else pending. W is in days, or in working days of the
site at which the attempt was taken where the settings measure FCR by working time.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate
from operator import attrgetter

from journeys.contact import Contact
from journeys.settings import Settings

DAY = 86_400_000
_BY_END: Callable[[Contact], tuple[int, str]] = attrgetter("ended_at", "contact_id")


def window_ends(contacts: Iterable[Contact], settings: Settings) -> dict[str, tuple[int, ...]]:
    """By the id of each attempt when its windows end (ms UTC), in the order of ``settings.repeat_windows``."""
    attempts = [contact for contact in contacts if contact.attempt != "none"]
    if "fcr" in settings.calendar.working_time:
        return {attempt.contact_id: _working_window_ends(attempt, settings) for attempt in attempts}
    lengths = [days * DAY for days in settings.repeat_windows]
    return {attempt.contact_id: tuple([attempt.ended_at + length for length in lengths]) for attempt in attempts}


def _working_window_ends(attempt: Contact, settings: Settings) -> tuple[int, ...]:
    hours = settings.hours_for("fcr", attempt.queue)
    if hours is None:
        return tuple(attempt.ended_at + days * DAY for days in settings.repeat_windows)
    return hours.after_days(attempt.ended_at, *settings.repeat_windows)


class Inbound:
    """The inbound ones of one customer's contacts sorted by (start, id)."""

    def __init__(self, contacts: Sequence[Contact]) -> None:
        self._contacts = [contact for contact in contacts if contact.direction == "inbound"]
        self._starts = [contact.started_at for contact in self._contacts]

    def first_after(self, contact: Contact, until: int) -> Contact | None:
        """The first that starts at or after the end of ``contact``, and no later than ``until``."""
        index = bisect_left(self._starts, contact.ended_at)
        if index < len(self._contacts) and self._contacts[index] is contact:  # it took no time at all
            index += 1
        if index < len(self._contacts) and self._starts[index] <= until:
            return self._contacts[index]
        return None


class Follows(Inbound):
    """Which contact follows which attempt, among one customer's contacts sorted by (start, id).

    ``windows``: by the id of each attempt when its windows end, the widest last.
    """

    def __init__(self, contacts: Sequence[Contact], windows: Mapping[str, tuple[int, ...]]) -> None:
        super().__init__(contacts)
        self._attempts = [contact for contact in contacts if contact.attempt != "none"]
        self._attempts.sort(key=_BY_END)
        self._ends = [contact.ended_at for contact in self._attempts]
        self._until = [windows[contact.contact_id][-1] for contact in self._attempts]
        self._furthest = list(accumulate(self._until, max))  # of all attempts up to each

    def repeat_of(self, contact: Contact) -> Contact | None:
        """The latest attempt that ended before ``contact`` started, or just then, and whose widest window it is in."""
        start = contact.started_at
        index = bisect_right(self._ends, start) - 1
        while index >= 0 and self._furthest[index] >= start:
            if self._until[index] >= start and self._attempts[index] is not contact:
                return self._attempts[index]
            index -= 1
        return None


class Redials:
    """What came of abandoned contacts, among one customer's contacts sorted by (start, id)."""

    def __init__(self, contacts: Sequence[Contact], settings: Settings) -> None:
        self._inbound = Inbound(contacts)
        self._calls = [c for c in contacts if c.direction == "outbound" and c.outcome == "answered"]
        self._starts = [contact.started_at for contact in self._calls]
        self._window = settings.journeys.redial_window.ms

    def until(self, abandoned: Contact) -> int:
        """When the window ends (ms UTC)."""
        return abandoned.ended_at + self._window

    def after(self, abandoned: Contact) -> tuple[Contact, str] | None:
        """The contact that followed within the window, and what it makes of the abandonment: recovered, called_back
        or lost; empty while that contact is still open."""
        again = self._inbound.first_after(abandoned, self.until(abandoned))
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
