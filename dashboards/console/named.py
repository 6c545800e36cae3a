"""The questions that the console asks the store: the files of ``queries/``, and no others. None takes a parameter."""

from __future__ import annotations

from importlib.resources import files

MOST_SECONDS, MOST_ROWS, MOST_BYTES = 10, 2_000, 2_000_000_000
_LIMITS = (
    f"SETTINGS max_execution_time = {MOST_SECONDS}, max_result_rows = {MOST_ROWS}, max_memory_usage = {MOST_BYTES}"
)


def queries() -> dict[str, str]:
    """By name, in alphabetical order: the statements as they are asked, limits and all."""
    folder = files("dashboards.console") / "queries"
    found = {file.name.removesuffix(".sql"): file.read_text(encoding="utf-8") for file in folder.iterdir()}
    return {name: f"{found[name].rstrip()}\n{_LIMITS}" for name in sorted(found)}
