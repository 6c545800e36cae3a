"""Programs that come from Debian's packages, installed where they are missing."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from pathlib import Path


def installed(package: str, program: str) -> bool:
    """Whether the program is there, now or after an apt-get as root; test runs side by side take turns."""
    with (Path(tempfile.gettempdir()) / "touchpath-tests-apt.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return shutil.which(program) is not None or _install(package, program)


def _install(package: str, program: str) -> bool:
    if os.geteuid() or not shutil.which("apt-get"):
        return False
    # Packages of servers would start them; in run level 1 none is.
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", package],
    ):
        if subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, timeout=300).returncode:
            return False
    return shutil.which(program) is not None
