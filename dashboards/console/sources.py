"""Where the console's figures come from, as whoever composes hands it in: the console itself knows no store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class SourceError(Exception):
    """What could not be had: one line that says what is wrong and what to do."""


class NotFound(SourceError):
    """Nobody is known by what was asked for, or it means several."""


class Sources(Protocol):
    """Methods are called from threads, may block, and raise ``SourceError``."""

    def metrics(self) -> Mapping[str, str]:
        """By part, the address of its /metrics."""

    def rows(self, sql: str) -> Sequence[Mapping[str, Any]]:
        """The answer of the store to a statement that reads."""

    def customer(self, identifier: str, clear: bool) -> Mapping[str, Any]:
        """Who ``identifier`` is and what happened, ready for JSON. Unless ``clear``, identifiers that are kept in clear
        are masked."""
