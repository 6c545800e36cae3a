"""What dashboards ask: every query of Grafana's committed JSON and of the console, as it reaches the store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import dashboards
from sinks.embedded import Embedded
from tests.dashboards.grafana import boards
from tests.dashboards.grafana.expansion import ALL, Choice, sql

CONSOLE = Path(dashboards.__file__).parent / "console" / "queries"
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


class Query(NamedTuple):
    dashboard: str
    panel: str
    sql: str


def queries(store: Embedded, until: datetime) -> Iterator[Query]:
    """All of them; Grafana's with everything chosen in its variables, over the time that its dashboard opens with."""
    for path in sorted(CONSOLE.glob("*.sql")):
        yield Query("console", path.stem, path.read_text(encoding="utf-8"))
    for question in boards.questions():
        if question.of_clickhouse:
            board = boards.BOARDS[question.board]
            since = until - _span(board["time"]["from"])
            asked = sql(question.target["rawSql"], _choices(store, board, since, until), since, until)
            yield Query(question.board.removeprefix("touchpath-"), f"{question.panel} {question.ref}", asked)


def _choices(store: Embedded, board: Mapping[str, Any], since: datetime, until: datetime) -> dict[str, Choice]:
    """As the dashboard opens: everything where there can be several, else the first that there is."""
    chosen: dict[str, Choice] = {}
    for name, variable in boards.variables(dict(board)).items():
        query = str(variable["query"])
        if variable["type"] == "datasource" or query.startswith("label_values("):  # another store's, or Prometheus'
            continue
        if variable["type"] == "custom":
            options = query.split(",")
        else:
            options = [str(row[0]) for row in store.query(sql(query, chosen, since, until)).rows]
        chosen[name] = Choice(ALL if variable.get("multi") else options[:1], options, variable.get("allValue") or "")
    return chosen


def _span(begin: str) -> timedelta:
    """Of Grafana's now-7d."""
    number, unit = begin.removeprefix("now-")[:-1], begin[-1]
    return int(number) * _UNITS[unit]
