"""Pipeline health: whether figures can be believed, and where events wait or are refused."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard

from dashboards.grafana import links, marks, panels
from dashboards.grafana.frame import board as frame
from dashboards.grafana.panels import Column, Panel
from dashboards.grafana.sources import Course, Now, Sql

RATE = "$__rate_interval"
LETTERS = 'max without (instance, job) (increase(journey_dead_letters_total{stage=""}'
"""As the exporter of figures counts them (workers do too, by stage); of two exporters, once."""


def board() -> Dashboard:
    return frame(
        links.PIPELINE,
        "Pipeline health",
        "Whether figures are of now, what is behind, how fast events are taken and stored, and which could not be.",
        [
            ("Can figures be believed", belief()),
            ("Events", events()),
            ("Stores", stores()),
            ("What was not taken", letters()),
        ],
        ("prometheus", "clickhouse"),
        [],
        [marks.alerts('team="operations"')],
        since="now-1h",
        refresh="15s",
    )


def belief() -> list[Panel]:
    return [
        panels.number(
            "Figures are old",
            "How old the newest plan of staffing is; above 2 min, with events to read, figures are stale.",
            Now("pipeline:journey_figures_age:seconds", legend="age"),
            panels.SECONDS,
            steps=panels.AGE,
            none="no figures at all",
        ),
        panels.number(
            "Not read yet",
            "Messages that workers and the exporter of figures have before them.",
            Now("pipeline:journey_backlog:messages", legend="messages"),
            panels.COUNT,
            none="not known",
            steps=((None, "green"), (10_000, "orange"), (100_000, "red")),
        ),
        panels.number(
            "Not stored yet",
            "Messages that the sink has before it. Alerts do not wait for it.",
            Now("max(journey_sink_backlog_messages)", legend="messages"),
            panels.COUNT,
            none="not known",
            steps=((None, "green"), (10_000, "orange"), (100_000, "red")),
        ),
        panels.number(
            "Store takes rows",
            "1 if the last insert succeeded, 0 while inserts fail.",
            Now("min(journey_sink_store_up)", legend="store"),
            "bool_yes_no",
            none="no sink",
            steps=((None, "red"), (1, "green")),
        ),
        panels.number(
            "Workers ready",
            "Stream workers that have all of their partitions open, of those that Prometheus knows.",
            Now("sum(journey_worker_ready) / count(journey_worker_ready)", legend="ready"),
            panels.SHARE,
            none="no worker",
            steps=((None, "red"), (1, "green")),
            decimals=0,
        ),
        panels.number(
            "Dead letters, 1 h",
            "Events in the last hour that could not be taken.",
            Now(f"sum({LETTERS}[1h]))) or vector(0)", legend="letters"),
            panels.COUNT,
            steps=panels.ANY_IS_BAD,
            none="none",
            decimals=0,
        ),
        panels.figures(
            "Why figures are stale",
            "A row for each reason that holds. While there is one, no staffing alert starts to fire.",
            ("reason",),
            {"Holds": "pipeline:journey_stale:reason"},
            columns={"Holds": Column(panels.PLAIN, hidden=True)},
            width=12,
            height=6,
            none="they are not",
        ),
        panels.figures(
            "Processes",
            "What Prometheus reads figures from.",
            ("job", "instance"),
            {"Answers": 'up{job=~"touchpath-.+|alertmanager"}'},
            columns={"Answers": Column("bool_yes_no", steps=((None, "red"), (1, "green")))},
            width=12,
            height=6,
        ),
    ]


def events() -> list[Panel]:
    return [
        panels.lines(
            "Events taken",
            "Records that workers have committed, by stage.",
            [Course(f"sum by (stage) (rate(journey_records_processed_total[{RATE}]))", "{{stage}}")],
            "rps",
        ),
        panels.lines(
            "Behind, by topic",
            "Records that workers have not read yet.",
            [Course("sum by (topic) (journey_input_lag_records)", "{{topic}}")],
            panels.COUNT,
        ),
        panels.lines(
            "Time of a batch",
            "99 of 100 batches are through a step within this; what is done to a record is in its batch's commit.",
            [
                Course(
                    f"histogram_quantile(0.99, sum by (step, le) (rate(journey_batch_seconds_bucket[{RATE}])))",
                    "{{step}}",
                )
            ],
            panels.SECONDS,
        ),
        panels.lines(
            "Hand-overs",
            "Partitions that workers opened, were fenced from, or opened again after an error of Kafka.",
            [
                Course("sum(increase(journey_recoveries_total[5m])) or vector(0)", "opened", "A"),
                Course("sum(increase(journey_fenced_total[5m])) or vector(0)", "fenced", "B"),
                Course("sum(increase(journey_broker_errors_total[5m])) or vector(0)", "errors of Kafka", "C"),
            ],
            panels.COUNT,
        ),
        panels.lines(
            "Requests to the collector",
            "By the status of the answer; 4xx are the sender's mistakes, 503 is Kafka not taking any.",
            [Course(f"sum by (status) (rate(journey_collector_requests_total[{RATE}]))", "{{status}}")],
            "reqps",
            none="no collector",
        ),
        panels.lines(
            "Newest event, by stage",
            "How long ago what a stage has taken last happened; an hour behind at night may only mean that "
            "nobody calls.",
            [Course('time() - max by (stage) (journey_newest_event_timestamp_seconds{stage!=""})', "{{stage}}")],
            panels.SECONDS,
        ),
    ]


def stores() -> list[Panel]:
    return [
        panels.lines(
            "Rows stored",
            "By table; a row that is sent twice counts twice.",
            [Course(f"sum by (table) (rate(journey_sink_rows_total[{RATE}]))", "{{table}}")],
            "wps",
        ),
        panels.lines(
            "Time of an insert",
            "95 of 100 inserts that succeed take no longer; and inserts that failed and were sent again.",
            [
                Course(
                    f"histogram_quantile(0.95, sum by (le) (rate(journey_sink_insert_seconds_bucket[{RATE}])))",
                    "time",
                    "A",
                ),
                Course(f"sum(rate(journey_sink_retries_total[{RATE}])) or vector(0)", "failed (/s)", "B"),
            ],
            panels.SECONDS,
        ),
        panels.rows(
            "Tables",
            "Rows as they lie there: versions that are not merged yet count.",
            Sql("SELECT table AS `Table`, rows AS `Rows`, bytes AS `Bytes` FROM v_pipeline ORDER BY bytes DESC"),
            columns={"Rows": Column(panels.COUNT), "Bytes": Column("bytes")},
            width=10,
        ),
        panels.rows(
            "What dashboards read",
            "Tables for panels, computed anew every so often, the larger the more seldom, but within the hour: how "
            "old each "
            "is, and how long that took.",
            Sql("""SELECT panel AS `Panel`, age_s AS `Old`, took_s AS `Took`, status AS `State`,
                exception AS `Error` FROM v_panels
                ORDER BY age_s DESC"""),
            columns={
                "Old": Column(panels.SECONDS, steps=((None, "green"), (3600, "orange"), (7200, "red")), decimals=0),
                "Took": Column(panels.SECONDS, decimals=2),
            },
            width=14,
        ),
    ]


def letters() -> list[Panel]:
    return [
        panels.stacks(
            "Dead letters",
            "Events that could not be taken, by reason.",
            [Course(f"sum by (reason) ({LETTERS}[5m])))", "{{reason}}")],
            panels.COUNT,
            none="none",
        ),
        panels.rows(
            "Dead letters that are open",
            "Neither replayed nor discarded: touchpath dlq list shows them.",
            Sql("""SELECT reason AS `Reason`, stage AS `Stage`, topic AS `Topic`, count() AS `Letters`,
                max(at) AS `Newest`
                FROM v_dead_letters WHERE state = 'open' GROUP BY reason, stage, topic ORDER BY `Letters` DESC
                    LIMIT 100"""),
            "null_value, not_json, too_large",
            "invalid_field, unknown_version, implausible_time",
            "in_the_future",
            "too_late",
            columns={"Letters": Column(panels.COUNT), "Newest": Column(panels.MOMENT)},
            width=12,
            height=8,
            none="none",
        ),
    ]
