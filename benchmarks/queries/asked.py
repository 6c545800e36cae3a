"""What dashboards ask: every query of Grafana's committed JSON and of the console, as it reaches the store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import NamedTuple

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
    """All of them, with those of Grafana's variables and marks; everything is chosen in the variables, and the time is
    what the dashboard opens with."""
    for path in sorted(CONSOLE.glob("*.sql")):
        yield Query("console", path.stem, path.read_text(encoding="utf-8"))
    for uid, board in boards.BOARDS.items():
        name, since = uid.removeprefix("touchpath-"), until - _span(board["time"]["from"])
        chosen: dict[str, Choice] = {}
        for variable, one in boards.variables(board).items():
            query = str(one["query"])
            if one["type"] == "datasource" or query.startswith("label_values("):  # another store's, or Prometheus'
                continue
            if one["type"] == "custom":
                options = query.split(",")
            else:
                asked = sql(query, chosen, since, until)
                yield Query(name, f"to choose from: {variable}", asked)
                options = [str(row[0]) for row in store.query(asked).rows]
            # As the dashboard opens: everything where there can be several, else the first that there is.
            chosen[variable] = Choice(ALL if one.get("multi") else options[:1], options, one.get("allValue") or "")
        for question in chain(boards.questions(), boards.marks()):
            if question.board == uid and question.of_clickhouse:
                asked = sql(question.target["rawSql"], chosen, since, until)
                yield Query(name, f"{question.panel} {question.ref}", asked)


def _span(begin: str) -> timedelta:
    """Of Grafana's now-7d."""
    number, unit = begin.removeprefix("now-")[:-1], begin[-1]
    return int(number) * _UNITS[unit]
