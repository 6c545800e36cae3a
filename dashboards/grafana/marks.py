"""What happened, as marks on every panel over time: alerts that fired, moves of agents that were recommended."""

from __future__ import annotations

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import AnnotationQuery, DataSourceRef

from dashboards.grafana.sources import CLICKHOUSE, PROMETHEUS, Sql


class _Mark(AnnotationQuery, Builder[AnnotationQuery]):
    """With what the data source's own editor of annotations keeps beside the fields that Grafana knows."""

    def __init__(self, name: str, source: DataSourceRef, color: str, more: dict[str, object]) -> None:
        super().__init__(name=name, datasource=source, icon_color=color)
        self.more = more

    def build(self) -> AnnotationQuery:
        return self

    def to_json(self) -> dict[str, object]:
        return super().to_json() | self.more


def alerts(*selectors: str) -> Builder[AnnotationQuery]:
    """``selectors``: matchers of labels; JourneyWatchdog always fires and is none."""
    matchers = ", ".join(['alertstate="firing"', 'alertname!="JourneyWatchdog"', *selectors])
    return _Mark(
        "Alerts",
        PROMETHEUS,
        "red",
        {
            "expr": f"max by (alertname, severity, queue, channel, site) (ALERTS{{{matchers}}})",
            "step": "60s",
            "titleFormat": "{{alertname}}",
            "textFormat": "{{queue}} {{channel}} {{site}}",
            "tagKeys": "severity",
        },
    )


def moves(condition: str = "") -> Builder[AnnotationQuery]:
    """Those recommended, each with what it was to do; a mark from its beginning to its end."""
    sql = f"""
        SELECT
            starts_at AS time,
            until AS timeEnd,
            concat(
                toString(agents), ' from ', giver_queue, ' to ', taker_queue, ': ',
                toString(round(100 * taker_service_level_before)), ' % to ',
                toString(round(100 * taker_service_level_after)), ' %', if(withdrawn, ' (withdrawn)', '')
            ) AS text,
            'move' AS tags
        FROM v_moves
        WHERE $__timeFilter(starts_at){f" AND {condition}" if condition else ""}
        ORDER BY starts_at
        LIMIT 200
    """
    return _Mark("Moves", CLICKHOUSE, "blue", {"target": Sql(sql, ref="Anno")})
