"""What a part writes to its log: one line a message, times in UTC, nobody's identifiers."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from touchpath.redaction import Redact


def log_to_stderr(level: int = logging.INFO) -> None:
    """For a part that runs by itself; its supervisor keeps what it writes to stderr."""
    handler = logging.StreamHandler()
    handler.setFormatter(_formatter())
    handler.addFilter(Redact())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    _quieten(level)


def log_to_file(file: Path) -> None:
    """For the supervisor, whose terminal shows the summary."""
    handler = logging.FileHandler(file)
    handler.setFormatter(_formatter())
    handler.addFilter(Redact())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    _quieten(logging.INFO)


def _formatter() -> logging.Formatter:
    formatter = logging.Formatter("%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    return formatter


def _quieten(level: int) -> None:
    for chatty in ("aiokafka", "kafka", "faust", "mode"):
        logging.getLogger(chatty).setLevel(max(level, logging.WARNING))
