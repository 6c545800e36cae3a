"""docs/reference/metrics.md: every metric of every part, from the catalogues that make them."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

from docs.making.markdown import code, page, table
from producers.collector.catalogue import CollectorMetrics
from sinks import catalogue
from streams import metrics as workers

_KINDS: dict[type[MetricWrapperBase], str] = {Counter: "counter", Gauge: "gauge", Histogram: "histogram"}


def text() -> str:
    sink, collector = CollectorRegistry(), CollectorRegistry()
    catalogue.SinkMetrics(sink, "embedded")
    CollectorMetrics(collector)
    return page(
        "Metrics",
        "sinks/catalogue.py, streams/metrics.py and producers/collector/catalogue.py",
        f"""Each part answers at `/metrics` on a port of its own (`touchpath.json` in the data directory names them, or
`--metrics-port` sets it). No customer, contact, agent or free text is ever a label; a label that names queues or causes
has at most {catalogue.MAX_VALUES} values, then `other`.""",
        "## The centre\n\nFrom `touchpath metrics`: what staffing, alerts and dashboards are made of.",
        table(("metric", "labels", "meaning"), sorted(_centre())),
        "## Workers\n\nFrom each `touchpath worker`.",
        _listed(found for found in vars(workers).values() if isinstance(found, MetricWrapperBase)),
        "## The sink\n\nFrom `touchpath sink`; `store` is `embedded` or `clickhouse`.",
        _listed(_of(sink)),
        "## The collector\n\nFrom `touchpath collect`.",
        _listed(_of(collector)),
    )


def _centre() -> Iterable[tuple[str, str, str]]:
    for name, (said, labels) in catalogue.GAUGES.items():
        yield code(name), _labels(labels), said
    for name, (said, labels) in catalogue.COUNTERS.items():
        yield code(f"{name}_total"), _labels(labels), said


def _of(registry: CollectorRegistry) -> list[MetricWrapperBase]:
    """What is registered there; prometheus-client has no public way to ask."""
    return list(dict.fromkeys(registry._names_to_collectors.values()))  # type: ignore[arg-type]


def _listed(metrics: Iterable[MetricWrapperBase]) -> str:
    rows = []
    for metric in metrics:
        kind = _KINDS[type(metric)]
        name = metric._name + ("_total" if kind == "counter" else "")
        rows.append((code(name), kind, _labels(tuple(metric._labelnames)), metric._documentation))
    return table(("metric", "kind", "labels", "meaning"), sorted(rows))


def _labels(names: tuple[str, ...]) -> str:
    return ", ".join(map(code, names))
