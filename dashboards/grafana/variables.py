"""What a dashboard can be narrowed down to, and how queries are.

The names are the same on all dashboards, so that what was chosen goes along from one to the next. Values come from the
data source that the dashboard is mostly of.
"""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models.dashboard import DataSourceRef, VariableOption, VariableRefresh, VariableSort

from dashboards.grafana.sources import CLICKHOUSE, PROMETHEUS

Variable = dashboard.QueryVariable | dashboard.TextBoxVariable | dashboard.CustomVariable
_OF_QUEUES = "journey_staffing_target_ratio"
_SQL = {
    "queue": "SELECT DISTINCT queue FROM v_queues WHERE queue != '' ORDER BY queue",
    "channel": "SELECT DISTINCT channel FROM panel_contacts ORDER BY channel",
    "intent": "SELECT DISTINCT intent FROM panel_journeys ORDER BY intent",
    "site": "SELECT DISTINCT site FROM v_queues ORDER BY site",
    "team": "SELECT DISTINCT team FROM panel_agents ORDER BY team",
}


def live(*names: str) -> list[Variable]:
    """From Prometheus."""
    return [_several(name, f"label_values({_OF_QUEUES}, {name})", PROMETHEUS).all_value(".*") for name in names]


def stored(*names: str) -> list[Variable]:
    """From ClickHouse."""
    return [_several(name, _SQL[name], CLICKHOUSE) for name in names]


def choice(name: str, label: str, sql: str, about: str, first: str = "") -> Variable:
    """One value of those that are found, or one that is typed in. ``first``: what it opens with, if that is found."""
    asked = dashboard.QueryVariable(name).label(label).description(about).query(sql).datasource(CLICKHOUSE)
    if first:
        asked.current(VariableOption(True, first, first))
    return asked.refresh(VariableRefresh.ON_TIME_RANGE_CHANGED).allow_custom_value(True)


def fixed(name: str, label: str, values: list[str], about: str) -> Variable:
    """One of these."""
    chosen = dashboard.CustomVariable(name).label(label).description(about).values(",".join(values))
    return chosen.current(VariableOption(True, values[0], values[0]))


def picked(*names: str) -> str:
    """A selector of Prometheus for what was chosen."""
    return ", ".join(f'{name}=~"${name}"' for name in names)


def narrowed(**columns: str) -> str:
    """Conditions of SQL for what was chosen, by variable the column that it is held against."""
    return " AND ".join(
        f"$__conditionalAll({column} IN (${{{name}:singlequote}}), ${name})" for name, column in columns.items()
    )


def _several(name: str, query: str, source: DataSourceRef) -> dashboard.QueryVariable:
    asked = dashboard.QueryVariable(name).label(name.capitalize()).query(query).datasource(source)
    asked.multi(True).include_all(True).current(VariableOption(True, ["All"], ["$__all"]))
    return asked.refresh(VariableRefresh.ON_TIME_RANGE_CHANGED).sort(VariableSort.ALPHABETICAL_ASC)
