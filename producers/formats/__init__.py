"""The file formats that replay reads, by the name that a user gives."""

from __future__ import annotations

from producers.formats import anonymous_bank, touchpoints
from producers.formats.rows import BadLine, Format, Reject, WrongFormat

FORMATS: dict[str, Format] = {
    "anonymous-bank": anonymous_bank.read,
    "touchpoints": touchpoints.read,
}

__all__ = ["FORMATS", "BadLine", "Format", "Reject", "WrongFormat"]
