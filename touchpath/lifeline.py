"""A child process that dies with the process that started it, however that one ends."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Mapping

_PARENT = "TOUCHPATH_PARENT"
_PR_SET_PDEATHSIG = 1


def tied(environment: Mapping[str, str]) -> dict[str, str]:
    """``environment`` for a child that shall die with this process. It must be started from a thread that stays: the
    kernel watches the thread, not the process."""
    return {**environment, _PARENT: str(os.getpid())}


def tie() -> None:
    """In the child, first of all: ask the kernel for SIGKILL when the parent is gone. No effect unless ``tied``."""
    parent = os.environ.pop(_PARENT, "")
    if not parent or sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != int(parent):  # it ended before we could ask
        os.kill(os.getpid(), signal.SIGKILL)
