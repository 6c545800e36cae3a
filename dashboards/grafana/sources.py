"""Where panels get their figures: Prometheus for what is now, ClickHouse for what was.

Both are variables of each dashboard, so that a Grafana with several of a kind can choose.
"""

from __future__ import annotations

from inspect import cleandoc

from grafana_foundation_sdk.builders import dashboard, prometheus
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.dashboard import DataSourceRef, VariableModel
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

PROMETHEUS = DataSourceRef(type_val="prometheus", uid="${prometheus_datasource}")
CLICKHOUSE_PLUGIN = "grafana-clickhouse-datasource"
CLICKHOUSE = DataSourceRef(type_val=CLICKHOUSE_PLUGIN, uid="${clickhouse_datasource}")

_FORMATS = {"timeseries": 0, "table": 1}
"""As the plugin's back end counts them (https://github.com/grafana/sqlds, query.go)."""


class Sql(Dataquery, Builder[Dataquery]):
    """A query as the ClickHouse plugin keeps it (its src/types/sql.ts). ``shape``: timeseries or table."""

    def __init__(self, sql: str, shape: str = "table", ref: str = "A") -> None:
        self.sql = cleandoc(sql)
        self.shape = shape
        self.ref = ref

    def build(self) -> Dataquery:
        return self

    def to_json(self) -> dict[str, object]:
        return {
            "datasource": CLICKHOUSE,
            "editorType": "sql",
            "format": _FORMATS[self.shape],
            "queryType": self.shape,
            "rawSql": self.sql,
            "refId": self.ref,
        }


class Now(prometheus.Dataquery):
    """The value of the moment: a row a series, for tables; named by ``legend`` elsewhere."""

    def __init__(self, expr: str, ref: str = "A", legend: str = "") -> None:
        super().__init__()
        self.expr(_line(expr)).instant().ref_id(ref).datasource(PROMETHEUS).legend_format(legend or "__auto")
        self.format(PromQueryFormat.TIME_SERIES if legend else PromQueryFormat.TABLE)


class Course(prometheus.Dataquery):
    """How it went over the dashboard's time, a line a series."""

    def __init__(self, expr: str, legend: str, ref: str = "A") -> None:
        super().__init__()
        self.expr(_line(expr)).range().ref_id(ref).datasource(PROMETHEUS).legend_format(legend)


Query = Sql | Now | Course


def _line(expr: str) -> str:
    return " ".join(expr.split())


def choice(*kinds: str) -> list[Builder[VariableModel]]:
    """The variables that say which Prometheus and which ClickHouse; that which most panels ask first."""
    names = {"prometheus": "prometheus", "clickhouse": CLICKHOUSE_PLUGIN}
    return [
        dashboard.DatasourceVariable(f"{kind}_datasource").label(f"{kind.title()} data source").type(names[kind])
        for kind in kinds
    ]
