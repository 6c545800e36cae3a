"""The queue visits of one contact, read off its touchpoints in their order."""

from __future__ import annotations

from journeys.calendar import Hours, working_s
from journeys.settings import Settings
from journeys.touchpoint import Touchpoint


class Stay:
    """One stay, in the making. What the source reports wins over what the event times say."""

    __slots__ = (
        "agent", "channel", "conferenced", "ended_at", "entered_at", "escalated", "holds", "hours", "left_at",
        "measured_hold", "measured_talk", "measured_wrap", "outcome", "passed_on",
        "queue", "reported_hold", "reported_talk", "reported_wait", "reported_wrap", "visit_id",
    )  # fmt: skip

    def __init__(self, visit_id: str, queue: str, channel: str, entered_at: int, hours: Hours | None = None) -> None:
        self.visit_id = visit_id
        self.queue = queue
        self.channel = channel
        self.entered_at = entered_at
        self.hours = hours
        self.left_at: int | None = None
        self.ended_at: int | None = None
        self.outcome = "waiting"
        self.agent = ""
        self.reported_wait: float | None = None
        self.reported_talk: float | None = None
        self.reported_hold: float | None = None
        self.reported_wrap: float | None = None
        self.measured_talk = self.measured_hold = self.measured_wrap = 0
        self.holds = 0
        self.passed_on = self.escalated = self.conferenced = False

    def leave(self, at: int, outcome: str) -> None:
        self.left_at = at
        self.outcome = outcome
        self.ended_at = None if outcome == "answered" else at

    def report(self, touchpoint: Touchpoint) -> None:
        if touchpoint.wait_s is not None:
            self.reported_wait = touchpoint.wait_s
        if touchpoint.talk_s is not None:
            self.reported_talk = touchpoint.talk_s
        if touchpoint.hold_s is not None:
            self.reported_hold = touchpoint.hold_s
        if touchpoint.wrap_s is not None:
            self.reported_wrap = touchpoint.wrap_s

    @property
    def wait_s(self) -> float | None:
        if self.reported_wait is not None:
            return self.reported_wait
        return None if self.left_at is None else working_s(self.hours, self.entered_at, self.left_at)

    @property
    def talk_s(self) -> float:
        return self.measured_talk / 1000 if self.reported_talk is None else self.reported_talk

    @property
    def hold_s(self) -> float:
        return self.measured_hold / 1000 if self.reported_hold is None else self.reported_hold

    @property
    def wrap_s(self) -> float:
        return self.measured_wrap / 1000 if self.reported_wrap is None else self.reported_wrap


class Reading:
    """Takes the touchpoints of a contact in order; ``stays`` are its queue visits, ``before`` what lies outside any."""

    def __init__(self, settings: Settings) -> None:
        self.stays: list[Stay] = []
        self.before = Stay("", "", "", 0)
        self.connected = False
        self.abandoned_at: int | None = None
        self.ended_at: int | None = None
        self._kinds = settings.kinds
        self._settings = settings
        self._moved_to: str | None = None  # transferred, and not yet queued or connected there
        self._talking_since: int | None = None
        self._holding_since: int | None = None

    def take(self, touchpoint: Touchpoint) -> None:
        """What most touchpoints say nothing of costs nothing: this is where a contact's reading spends its time."""
        step = _STEPS.get(touchpoint.type)
        if step is not None:
            step(self, touchpoint)
        if (
            touchpoint.wait_s is not None
            or touchpoint.talk_s is not None
            or touchpoint.hold_s is not None
            or touchpoint.wrap_s is not None
        ):
            (self.stays[-1] if self.stays else self.before).report(touchpoint)

    @property
    def end(self) -> int | None:
        """End of service, else of waiting, else none is known."""
        if self.connected or self.abandoned_at is None:
            return self.ended_at
        return self.abandoned_at

    def _open(self, touchpoint: Touchpoint, queue: str) -> Stay:
        channel = touchpoint.channel if self._kinds.get(touchpoint.channel) == "assisted" else ""
        stay = Stay(touchpoint.id, queue, channel, touchpoint.at, self._settings.hours_for("waits", queue))
        self.stays.append(stay)
        self._moved_to = None
        return stay

    def _pause(self, at: int) -> None:
        """Ends the talk or hold that runs, and books it on the stay."""
        stay = self.stays[-1] if self.stays else self.before
        if self._talking_since is not None:
            stay.measured_talk += at - self._talking_since
        if self._holding_since is not None:
            stay.measured_hold += at - self._holding_since
        self._talking_since = self._holding_since = None

    def _end_service(self, at: int) -> None:
        if self.stays and self.stays[-1].ended_at is None:
            self.stays[-1].ended_at = at

    def _queued(self, touchpoint: Touchpoint) -> None:
        stay = self.stays[-1] if self.stays else None
        if stay is not None and stay.left_at is None:
            if touchpoint.queue in ("", stay.queue):
                return
            stay.leave(touchpoint.at, "transferred")
        self._pause(touchpoint.at)
        self._end_service(touchpoint.at)
        self._open(touchpoint, touchpoint.queue or self._moved_to or "")

    def _connected(self, touchpoint: Touchpoint) -> None:
        stay = self.stays[-1] if self.stays else None
        elsewhere = stay is not None and touchpoint.queue not in ("", stay.queue)
        if stay is None or (stay.left_at is not None and (self._moved_to is not None or elsewhere)):
            self._pause(touchpoint.at)
            self._end_service(touchpoint.at)
            stay = self._open(touchpoint, touchpoint.queue or self._moved_to or (stay.queue if stay else ""))
        if stay.left_at is None:
            stay.leave(touchpoint.at, "answered")
            stay.agent = touchpoint.agent
        self.connected = True
        if self._talking_since is None and self._holding_since is None:
            self._talking_since = touchpoint.at

    def _held(self, touchpoint: Touchpoint) -> None:
        if self._talking_since is not None:
            self._pause(touchpoint.at)
            self._holding_since = touchpoint.at
            (self.stays[-1] if self.stays else self.before).holds += 1

    def _resumed(self, touchpoint: Touchpoint) -> None:
        if self._holding_since is not None:
            self._pause(touchpoint.at)
            self._talking_since = touchpoint.at

    def _transferred(self, touchpoint: Touchpoint) -> None:
        self._pause(touchpoint.at)
        if self.stays and self.stays[-1].left_at is None:
            self.stays[-1].leave(touchpoint.at, "transferred")
        elif stay := self._served():
            stay.passed_on = True
        self._end_service(touchpoint.at)
        self._moved_to = touchpoint.queue

    def _escalated(self, touchpoint: Touchpoint) -> None:
        if stay := self._served():
            stay.escalated = True

    def _conferenced(self, touchpoint: Touchpoint) -> None:
        if stay := self._served():
            stay.conferenced = True

    def _served(self) -> Stay | None:
        """The last stay, if somebody had it."""
        stay = self.stays[-1] if self.stays else None
        return stay if stay is not None and stay.outcome == "answered" else None

    def _abandoned(self, touchpoint: Touchpoint) -> None:
        stay = self.stays[-1] if self.stays else None
        if stay is not None and stay.left_at is not None and self._moved_to is None:
            if self.connected:  # the customer hung up in mid-service
                self._ended(touchpoint)
            return
        if stay is None or stay.left_at is not None:
            stay = self._open(touchpoint, touchpoint.queue or self._moved_to or "")
        stay.leave(touchpoint.at, "abandoned")
        self.abandoned_at = self.ended_at = touchpoint.at

    def _called_back(self, touchpoint: Touchpoint) -> None:
        if self.stays and self.stays[-1].left_at is None:
            self.stays[-1].leave(touchpoint.at, "called_back")

    def _ended(self, touchpoint: Touchpoint) -> None:
        self._pause(touchpoint.at)
        if self.stays and self.stays[-1].left_at is None:  # it ended while it waited
            self.stays[-1].leave(touchpoint.at, "abandoned")
            self.abandoned_at = touchpoint.at
        self._end_service(touchpoint.at)
        self.ended_at = touchpoint.at

    def _wrapped_up(self, touchpoint: Touchpoint) -> None:
        if self.ended_at is not None:
            (self.stays[-1] if self.stays else self.before).measured_wrap = touchpoint.at - self.ended_at


_STEPS = {
    "queued": Reading._queued,
    "connected": Reading._connected,
    "held": Reading._held,
    "resumed": Reading._resumed,
    "transferred": Reading._transferred,
    "escalated": Reading._escalated,
    "conferenced": Reading._conferenced,
    "abandoned": Reading._abandoned,
    "called_back": Reading._called_back,
    "ended": Reading._ended,
    "wrapped_up": Reading._wrapped_up,
}
