"""What customers allow. A touchpoint of whom nobody may be known still counts: it has a queue, a wait and an outcome,
and is of a contact of nobody. What it said about who they are is let go where it enters, and kept nowhere."""

from __future__ import annotations

from journeys.settings import Settings
from journeys.touchpoint import FORGET, Touchpoint


def is_profiled(touchpoint: Touchpoint, settings: Settings) -> bool:
    """Whether `[privacy] consent` lets its identifiers be used. A request to be forgotten needs no consent."""
    asked = settings.privacy.consent
    if asked == "ignored" or touchpoint.type == FORGET:
        return True
    return touchpoint.consent is True if asked == "required" else touchpoint.consent is not False
