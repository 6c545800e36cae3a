"""How commands speak to a person: answers on stdout, everything else on stderr."""

from __future__ import annotations

import signal
from types import FrameType

from rich.console import Console
from rich.text import Text

ANSWERS = Console(highlight=False, soft_wrap=True)
REMARKS = Console(stderr=True, highlight=False, soft_wrap=True)


class Stopped(BaseException):
    """SIGTERM or Ctrl-C came."""


def stop_on_signals() -> None:
    """Let SIGTERM and SIGINT raise ``Stopped`` in the main thread, even where a shell has turned SIGINT off."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise Stopped

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)


def plain(text: str, style: str = "") -> Text:
    """``text`` that others wrote, as it is: no markup, no emoji, no escape sequences for the terminal."""
    return Text("".join(each if each.isprintable() else ascii(each)[1:-1] for each in text), style)
