"""The committed dashboards as Grafana will read them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import dashboards.grafana

HERE = Path(dashboards.grafana.__file__).parent
JSON = HERE / "json"
BOARDS: dict[str, dict[str, Any]] = {path.stem: json.loads(path.read_text()) for path in sorted(JSON.glob("*.json"))}
CLICKHOUSE = "grafana-clickhouse-datasource"


class Question(NamedTuple):
    """One query of a panel, of a variable or of marks on the time axis."""

    board: str
    panel: str
    ref: str
    target: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.board}: {self.panel} ({self.ref})"

    @property
    def of_clickhouse(self) -> bool:
        return bool(self.target["datasource"]["type"] == CLICKHOUSE)


def panels(board: dict[str, Any]) -> list[dict[str, Any]]:
    """All but the headings of rows."""
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def variables(board: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in board["templating"].get("list", [])}


def questions() -> Iterator[Question]:
    """What panels ask."""
    for uid, board in BOARDS.items():
        for panel in panels(board):
            for target in panel["targets"]:
                yield Question(uid, panel["title"], target["refId"], target)


def marks() -> Iterator[Question]:
    """What stands on the time axis of all panels."""
    for uid, board in BOARDS.items():
        for mark in board["annotations"].get("list", []):
            target = mark.get("target") or {"expr": mark["expr"], "range": True}
            yield Question(uid, mark["name"], "mark", {"datasource": mark["datasource"], **target})
