"""What goes wrong in a way that the user can do something about."""

from __future__ import annotations


class Problem(Exception):
    """One line that says what and where; the command prints it and exits with ``status``, without a traceback."""

    def __init__(self, line: str, status: int = 1) -> None:
        super().__init__(" ".join(line.split()))
        self.status = status


class BadInput(Problem):
    """An option or a file is wrong: names it, and its value."""

    def __init__(self, line: str) -> None:
        super().__init__(line, status=2)
