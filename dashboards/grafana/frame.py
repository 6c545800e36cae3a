"""What all dashboards have: a name, links to the others, the data sources, a time, and rows of panels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import DashboardCursorSync, DashboardLinkType

from dashboards.grafana import sources
from dashboards.grafana.links import TAG
from dashboards.grafana.panels import Panel
from dashboards.grafana.variables import Variable

Row = tuple[str, Sequence[Panel]]


def board(
    uid: str, title: str, about: str, rows: Sequence[Row], kinds: Sequence[str], variables: Sequence[Variable],
    marks: Sequence[Builder[Any]] = (), since: str = "now-24h", until: str = "now", refresh: str = "5m",
) -> dashboard.Dashboard:  # fmt: skip
    """``kinds``: the data sources (prometheus, clickhouse); ``since``, ``until``: the time that it opens with."""
    made = dashboard.Dashboard(title).uid(uid).description(about).tags([TAG]).readonly()
    made.timezone("browser").time(since, until).refresh(refresh).tooltip(DashboardCursorSync.CROSSHAIR)
    others = dashboard.DashboardLink("Dashboards").type(DashboardLinkType.DASHBOARDS).tags([TAG])
    made.link(others.include_vars(True).keep_time(True))
    for choice in [*sources.choice(*kinds), *variables]:
        made.with_variable(choice)
    for mark in marks:
        made.annotation(mark)
    number = 0
    for heading, panels in rows:
        number += 1
        made.with_row(dashboard.Row(heading).id(number))
        for panel in panels:
            number += 1
            panel.build().id_val = number
            made.with_panel(panel)
    return made
