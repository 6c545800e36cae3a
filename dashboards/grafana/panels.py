"""Kinds of panels, and what all of them keep to.

Each has a title, a description (what it shows, and the definition of the words in it), a unit, and a word for having no
value. Colours say something only with thresholds, and a number stands beside each of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from grafana_foundation_sdk.builders import (
    bargauge,
    common,
    dashboard,
    nodegraph,
    stat,
    statetimeline,
    table,
    timeseries,
)
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import common as options
from grafana_foundation_sdk.models import dashboard as built
from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import (
    DataSourceRef,
    DataTransformerConfig,
    DynamicConfigValue,
    FieldColorModeId,
    Threshold,
    ThresholdsMode,
)

from dashboards.grafana.sources import CLICKHOUSE, PROMETHEUS, Now, Query, Sql
from dashboards.grafana.words import meaning

COUNT = units.Short
SHARE = units.PercentUnit
SECONDS = units.Seconds
AGENTS = units.Number
PLAIN = units.Number
WORD = units.String
MOMENT = units.DatetimeLocalNotToday

NONE = "none"
"""What a cell shows that has no value."""

Panel = Builder[built.Panel]

Steps = Sequence[tuple[float | None, str]]
"""From which value on a colour holds; the first from None."""
LEVEL: Steps = ((None, "red"), (0.7, "orange"), (0.8, "green"))
"""Of a service level, where the target is the usual 80 %."""
GAP: Steps = ((None, "green"), (0.5, "orange"), (1, "red"))
"""Agents missing; 1 is what pages (dashboards/prometheus/rules/staffing.yml)."""
AGE: Steps = ((None, "green"), (60, "orange"), (120, "red"))
"""Seconds; figures of over 2 min are stale (dashboards/prometheus/rules/pipeline.yml)."""
GOOD: Steps = ((None, "green"),)
ANY_IS_BAD: Steps = ((None, "green"), (1, "red"))
PLAIN_TEXT: Steps = ((None, "text"),)

_P = TypeVar("_P", stat.Panel, timeseries.Panel, table.Panel, bargauge.Panel, nodegraph.Panel, statetimeline.Panel)


@dataclass(frozen=True)
class Column:
    """How a table shows the field of this name. ``link``: an address (boards.link), ``hidden``: for links alone."""

    unit: str = units.Number
    steps: Steps = ()
    decimals: int | None = None
    bar: bool = False
    link: tuple[str, str] | None = None
    hidden: bool = False
    width: int | None = None


def number(
    title: str, about: str, query: Query, unit: str, *words: str,
    steps: Steps = PLAIN_TEXT, none: str = NONE, width: int = 4, height: int = 4, link: tuple[str, str] | None = None,
    decimals: int | None = None, spark: bool = False,
) -> stat.Panel:  # fmt: skip
    """One figure, large."""
    panel = _house(stat.Panel(), title, about, words, [query], unit, none, width, height)
    panel.thresholds(_thresholds(steps)).color_scheme(_color(FieldColorModeId.THRESHOLDS))
    panel.color_mode(options.BigValueColorMode.VALUE)
    panel.graph_mode(options.BigValueGraphMode.AREA if spark else options.BigValueGraphMode.NONE)
    panel.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).values(False))
    if decimals is not None:
        panel.decimals(decimals)
    if link:
        panel.data_links([_link(*link)])
    return panel


def lines(
    title: str, about: str, queries: Sequence[Query], unit: str, *words: str,
    width: int = 12, height: int = 8, none: str = NONE, steps: Steps = (), low: float | None = 0,
    high: float | None = None, dashed: Sequence[str] = (), band: tuple[str, str] | None = None,
    decimals: int | None = None, series: str = "", stepped: bool = False,
) -> timeseries.Panel:  # fmt: skip
    """How figures went. ``dashed``: names of lines to hold others against; ``band``: a lower and an upper one."""
    panel = _course(title, about, queries, unit, words, width, height, none, series)
    panel.draw_style(options.GraphDrawStyle.LINE).line_width(2).fill_opacity(0)
    if stepped:
        panel.line_interpolation(options.LineInterpolation.STEP_AFTER)
    if low is not None:
        panel.axis_soft_min(low)
    if high is not None:
        panel.max(high)
    if decimals is not None:
        panel.decimals(decimals)
    if steps:
        panel.thresholds(_thresholds(steps))
        panel.thresholds_style(common.GraphThresholdsStyleConfig().mode(options.GraphThresholdsStyleMode.DASHED))
    for name in dashed:
        panel.override_by_name(name, [_set("custom.lineStyle", {"fill": "dash", "dash": [8, 6]})])
    if band:
        quiet = [_set("custom.lineWidth", 0), _set("custom.hideFrom", {"legend": True, "tooltip": False, "viz": False})]
        panel.override_by_name(band[0], quiet)
        panel.override_by_name(band[1], [*quiet, _set("custom.fillBelowTo", band[0]), _set("custom.fillOpacity", 15)])
    return panel


def stacks(
    title: str, about: str, queries: Sequence[Query], unit: str, *words: str,
    width: int = 12, height: int = 8, none: str = NONE, series: str = "",
) -> timeseries.Panel:  # fmt: skip
    """What adds up, in columns over time."""
    panel = _course(title, about, queries, unit, words, width, height, none, series)
    panel.draw_style(options.GraphDrawStyle.BARS).fill_opacity(70).line_width(0)
    panel.stacking(common.StackingConfig().mode(options.StackingMode.NORMAL))
    return panel


def ranking(
    title: str, about: str, query: Query, unit: str, *words: str,
    width: int = 12, height: int = 8, none: str = NONE, steps: Steps = PLAIN_TEXT, link: tuple[str, str] | None = None,
    high: float | None = None,
) -> bargauge.Panel:  # fmt: skip
    """A bar a row, the longest first as the query orders them."""
    panel = _house(bargauge.Panel(), title, about, words, [query], unit, none, width, height)
    panel.orientation(options.VizOrientation.HORIZONTAL).display_mode(options.BarGaugeDisplayMode.BASIC)
    panel.thresholds(_thresholds(steps)).min(0)
    if high is not None:
        panel.max(high)
    panel.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).values(isinstance(query, Sql)))
    if link:
        panel.data_links([_link(*link)])
    return panel


def rows(
    title: str, about: str, query: Sql, *words: str, columns: Mapping[str, Column],
    width: int = 24, height: int = 9, none: str = NONE,
) -> table.Panel:  # fmt: skip
    """A table of what the query answers, under the names that it gives."""
    return _table(title, about, words, [query], columns, width, height, none)


def figures(
    title: str, about: str, by: Sequence[str], measured: Mapping[str, str], *words: str, columns: Mapping[str, Column],
    width: int = 24, height: int = 9, none: str = NONE,
) -> table.Panel:  # fmt: skip
    """A table of Prometheus' figures of now: a row for the labels ``by``, a column for each expression."""
    queries = [Now(expr, chr(ord("A") + place)) for place, expr in enumerate(measured.values())]
    panel = _table(title, about, words, queries, columns, width, height, none)
    values = {f"Value #{chr(ord('A') + place)}": name for place, name in enumerate(measured)}
    if len(measured) == 1:
        values["Value"] = next(iter(measured))
    names = {label: _title(label) for label in by} | values
    panel.with_transformation(DataTransformerConfig("merge", options={}))
    panel.with_transformation(
        DataTransformerConfig(
            "organize",
            options={
                "excludeByName": {"Time": True},
                "indexByName": {name: place for place, name in enumerate(names)},
                "renameByName": names,
            },
        )
    )
    return panel


def matrix(
    title: str, about: str, query: Sql, row: str, column: str, value: str, *words: str,
    unit: str = COUNT, width: int = 12, height: int = 9, none: str = NONE,
) -> table.Panel:  # fmt: skip
    """Rows against columns; the darker, the more."""
    panel = _house(table.Panel(), title, about, words, [query], unit, none, width, height)
    panel.color_scheme(_color(FieldColorModeId.CONTINUOUS_BLUES))
    panel.cell_options(options.TableColoredBackgroundCellOptions(mode=options.TableCellBackgroundDisplayMode.BASIC))
    panel.with_transformation(
        DataTransformerConfig(
            "groupingToMatrix",
            options={"rowField": row, "columnField": column, "valueField": value, "emptyValue": "null"},
        )
    )
    panel.override_by_name(f"{row}\\{column}", [_set("custom.cellOptions", {"type": "auto"}), _set("unit", WORD)])
    return panel


def flow(
    title: str, about: str, nodes: str, edges: str, unit: str, *words: str, width: int = 12, height: int = 12,
    none: str = NONE,
) -> nodegraph.Panel:  # fmt: skip
    """Grafana's own node graph. ``nodes``: id, title, mainstat and more; ``edges``: id, source, target, mainstat
    (https://grafana.com/docs/grafana/v11.6/panels-visualizations/visualizations/node-graph/)."""
    queries = [Sql(nodes, ref="nodes"), Sql(edges, ref="edges")]
    panel = _house(nodegraph.Panel(), title, about, words, queries, unit, none, width, height)
    panel.nodes(nodegraph.NodeOptions().main_stat_unit(unit))
    panel.edges(nodegraph.EdgeOptions().main_stat_unit(unit))
    return panel


def spans(
    title: str, about: str, query: Sql, *words: str, width: int = 24, height: int = 8, none: str = NONE
) -> statetimeline.Panel:
    """What followed what: a band of states over time."""
    panel = _house(statetimeline.Panel(), title, about, words, [query], WORD, none, width, height)
    panel.merge_values(True).show_value(options.VisibilityMode.AUTO).fill_opacity(80)
    panel.color_scheme(_color(FieldColorModeId.PALETTE_CLASSIC_BY_NAME))
    return panel


def _house(
    panel: _P, title: str, about: str, words: Sequence[str], queries: Sequence[Query], unit: str, none: str,
    width: int, height: int,
) -> _P:  # fmt: skip
    description = "\n\n".join([" ".join(about.split()), *(f"**{word}**: {meaning(word)}" for word in words)])
    panel.title(title).description(description).datasource(_source(queries)).span(width).height(height)
    panel.unit(unit).no_value(none)
    for query in queries:
        panel.with_target(query)
    return panel


def _source(queries: Sequence[Query]) -> DataSourceRef:
    return CLICKHOUSE if isinstance(queries[0], Sql) else PROMETHEUS


def _course(
    title: str, about: str, queries: Sequence[Query], unit: str, words: Sequence[str], width: int, height: int,
    none: str, series: str,
) -> timeseries.Panel:  # fmt: skip
    panel = _house(timeseries.Panel(), title, about, words, queries, unit, none, width, height)
    panel.show_points(options.VisibilityMode.NEVER).span_nulls(3_600_000)
    panel.color_scheme(_color(FieldColorModeId.PALETTE_CLASSIC_BY_NAME))
    legend = common.VizLegendOptions().display_mode(options.LegendDisplayMode.LIST).show_legend(True)
    panel.legend(legend.placement(options.LegendPlacement.BOTTOM).calcs([]))
    panel.tooltip(common.VizTooltipOptions().mode(options.TooltipDisplayMode.MULTI).sort(options.SortOrder.DESCENDING))
    if series:
        panel.display_name(series)
    return panel


def _table(
    title: str, about: str, words: Sequence[str], queries: Sequence[Query], columns: Mapping[str, Column], width: int,
    height: int, none: str,
) -> table.Panel:  # fmt: skip
    panel = _house(table.Panel(), title, about, words, queries, units.Number, none, width, height)
    panel.show_header(True).cell_height(options.TableCellHeight.SM).filterable(True)
    for name, column in columns.items():
        panel.override_by_name(name, list(_shown(column)))
    return panel


def _shown(column: Column) -> list[DynamicConfigValue]:
    shown = [_set("unit", column.unit)]
    if column.decimals is not None:
        shown.append(_set("decimals", column.decimals))
    if column.steps:
        shown += [_set("thresholds", _thresholds(column.steps).build()), _set("color", {"mode": "thresholds"})]
        if not column.bar:
            shown.append(_set("custom.cellOptions", {"type": "color-text"}))
    if column.bar:
        shown.append(_set("custom.cellOptions", {"type": "gauge", "mode": "basic", "valueDisplayMode": "text"}))
    if column.link:
        shown.append(_set("links", [_link(*column.link).build()]))
    if column.width:
        shown.append(_set("custom.width", column.width))
    if column.hidden:
        shown.append(_set("custom.hidden", True))
    return shown


def _title(label: str) -> str:
    return label.replace("_", " ").capitalize()


def _set(name: str, value: object) -> DynamicConfigValue:
    return DynamicConfigValue(name, value)


def _color(mode: FieldColorModeId) -> Builder[Any]:
    return dashboard.FieldColor().mode(mode)


def _thresholds(steps: Steps) -> dashboard.ThresholdsConfig:
    return (
        dashboard.ThresholdsConfig()
        .mode(ThresholdsMode.ABSOLUTE)
        .steps([Threshold(value, color) for value, color in steps])
    )


def _link(title: str, url: str) -> dashboard.DashboardLink:
    return dashboard.DashboardLink(title).url(url)
