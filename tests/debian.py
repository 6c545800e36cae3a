"""Programs that come from Debian's packages, installed where they are missing."""

from __future__ import annotations

import os
import shutil
import subprocess


def installed(package: str, program: str) -> bool:
    """Whether the program is there, now or after an apt-get as root."""
    if shutil.which(program):
        return True
    if os.geteuid() or not shutil.which("apt-get"):
        return False
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", package],
    ):
        if subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, timeout=300).returncode:
            return False
    return shutil.which(program) is not None
