"""Which seeds a score is taken on. The rule is beside each score, in its ``seeds.py``."""

from __future__ import annotations

from enum import StrEnum


class Seeds(StrEnum):
    BUILDING = "building"
    SCORING = "scoring"
    FRESH = "fresh"
