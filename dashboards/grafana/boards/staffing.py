"""Staffing: forecast and need against what came and who was there, and what recommended moves were worth."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard

from dashboards.grafana import links, marks, panels, variables
from dashboards.grafana.frame import board as frame
from dashboards.grafana.panels import Column, Panel
from dashboards.grafana.sources import Course, Sql
from dashboards.grafana.words import meaning

PLACE = variables.narrowed(site="site", channel="channel", queue="queue")
OF_QUEUE = variables.narrowed(channel="channel", queue="queue")
INTERVALS = f"$__timeFilter(starts_at) AND {PLACE}"
DIALECTS = ("ours", "cisco", "amazon_connect", "genesys", "answered_only", "all_offered")
FORMULA = f"transform(dialect, {list(DIALECTS)}, {[meaning(name) for name in DIALECTS]}, '')"
NOW = "(SELECT as_of FROM v_horizon)"
SUMS = " Of several queues it is their sum; so is the range, which is then too wide."


def board() -> Dashboard:
    return frame(
        links.STAFFING,
        "Staffing",
        "What was expected and what came, how many agents that takes and how many there are, where some will be "
        "missing and "
        "why, and what became of the moves that were recommended.",
        [
            ("What is to come", coming()),
            ("Forecast and need", course()),
            ("Service level", levels()),
            ("How good the forecast is", accuracy()),
            ("Moves", moves()),
        ],
        ("clickhouse", "prometheus"),
        variables.stored("site", "channel", "queue"),
        [marks.alerts('queue=~"|${queue:regex}"'), marks.moves()],
        since="now-12h",
        until="now+4h",
        refresh="1m",
    )


def coming() -> list[Panel]:
    return [
        panels.rows(
            "Where agents will be missing",
            "Intervals from the one under way up to a day ahead in which half an agent or more is "
            "missing: above 0 in the column Missing, agents required less those available.",
            Sql(f"""SELECT
                    starts_at AS `From`, queue AS `Queue`, channel AS `Channel`, site AS `Site`, gap AS `Missing`,
                    required AS `Required`, available AS `Available`, scheduled AS `Scheduled`, expected AS `Expected`,
                    from_journeys AS `From journeys`, service_level AS `In time, foretold`, target AS `Target`,
                    cause AS `Why`
                FROM v_staffing
                WHERE starts_at + toIntervalSecond(interval_s) > {NOW} AND starts_at < {NOW} + toIntervalDay(1)
                    AND gap >= 0.5 AND {PLACE}
                ORDER BY starts_at, gap DESC LIMIT 200"""),
            "required",
            "brought by journeys",
            columns={
                "From": Column(panels.MOMENT),
                "Missing": Column(panels.AGENTS, steps=panels.GAP, decimals=1),
                "Required": Column(panels.AGENTS, decimals=1),
                "Available": Column(panels.AGENTS, decimals=1),
                "Scheduled": Column(panels.AGENTS, decimals=1),
                "Expected": Column(panels.COUNT, decimals=0),
                "From journeys": Column(panels.COUNT, decimals=1),
                "Target": Column(panels.SHARE, decimals=0),
                "In time, foretold": Column(panels.SHARE, steps=panels.LEVEL, decimals=0),
            },
            none="nowhere",
        ),
    ]


def course() -> list[Panel]:
    expected = Sql(
        f"""SELECT starts_at AS time, sum(low) AS low, sum(high) AS high, sum(expected) AS expected,
                sum(from_journeys) AS `of these from open journeys`
            FROM v_staffing WHERE {INTERVALS} GROUP BY time ORDER BY time""",
        "timeseries",
    )
    came = Sql(
        f"SELECT starts_at AS time, sum(entered) AS came FROM v_queue_intervals WHERE {INTERVALS} GROUP BY time "
        f"ORDER BY time",
        "timeseries",
        "B",
    )
    agents = Sql(
        f"""SELECT starts_at AS time, sum(required) AS required, sum(available) AS available,
            sum(scheduled) AS scheduled
            FROM v_staffing WHERE {INTERVALS} GROUP BY time ORDER BY time""",
        "timeseries",
    )
    return [
        panels.lines(
            "Contacts expected and come",
            "By interval, as it was last foretold before it was over, with the range in which eight "
            "of ten such intervals end; and who came, redials too, which no forecast counts." + SUMS,
            [expected, came],
            panels.COUNT,
            "brought by journeys",
            "redial",
            band=("low", "high"),
            dashed=["expected"],
            stepped=True,
        ),
        panels.lines(
            "Agents required, available and scheduled",
            "By interval, as full-time ones on the floor, with what is to come. "
            "Without a schedule none are scheduled, and those who are there now are taken to stay.",
            [agents],
            panels.AGENTS,
            "required",
            "scheduled, adherence",
            dashed=["required"],
            stepped=True,
            decimals=1,
        ),
        panels.lines(
            "Gap by queue",
            "Agents required less available: above 0 some are missing.",
            [
                Sql(
                    f"""SELECT starts_at AS time, queue, sum(gap) AS gap FROM v_staffing WHERE {INTERVALS}
                GROUP BY time, queue ORDER BY time""",
                    "timeseries",
                )
            ],
            panels.AGENTS,
            "required",
            low=None,
            steps=((None, "transparent"), (1, "red")),
            stepped=True,
            decimals=1,
            series="${__field.labels.queue}",
        ),
        panels.lines(
            "Adherence",
            "Of the agents who are scheduled now, how many do as they are scheduled to. Nothing is shown where no "
            "schedule was uploaded.",
            [
                Course(
                    'max by (queue, channel) (journey_staffing_adherence_ratio{queue=~"${queue:regex}", '
                    'site=~"${site:regex}", '
                    'channel=~"${channel:regex}"})',
                    "{{queue}} {{channel}}",
                )
            ],
            panels.SHARE,
            "scheduled, adherence",
            high=1,
            steps=((None, "transparent"), (0.85, "green")),
            none="no schedule",
        ),
    ]


def levels() -> list[Panel]:
    return [
        panels.lines(
            "In time: foretold, come and wanted",
            "Ours, by interval: what the agents available were foretold to give, what came, "
            "and the target; of several queues together, each counting by its contacts.",
            [
                Sql(
                    f"""SELECT starts_at AS time, sum(service_level * expected) / sum(expected) AS foretold,
                        sum(target * expected) / sum(expected) AS target
                    FROM v_staffing WHERE {INTERVALS} AND expected > 0 GROUP BY time ORDER BY time""",
                    "timeseries",
                ),
                Sql(
                    f"""SELECT starts_at AS time,
                        sum(answered_within) / sum(answered + abandoned - abandoned_within) AS came
                    FROM v_queue_intervals WHERE {INTERVALS} GROUP BY time
                    HAVING sum(answered + abandoned - abandoned_within) > 0 ORDER BY time""",
                    "timeseries",
                    "B",
                ),
            ],
            panels.SHARE,
            "ours",
            high=1,
            dashed=["foretold", "target"],
            stepped=True,
        ),
        panels.rows(
            "The same visits in six dialects",
            "Service level and abandonment of the chosen time, as this and other systems count them.",
            Sql(f"""SELECT
                    dialect AS `Dialect`, sum(within) / sum(offered) AS `Service level`,
                    {FORMULA} AS `Formula`,
                    sum(within) AS `Counted as in time`, sum(offered) AS `Of`, sum(abandoned) AS `Abandoned`
                FROM v_service_levels WHERE {INTERVALS} AND dialect != '' GROUP BY dialect HAVING sum(offered) > 0
                ORDER BY dialect"""),
            *DIALECTS,
            columns={
                "Service level": Column(panels.SHARE, steps=panels.LEVEL, decimals=1),
                "Counted as in time": Column(panels.COUNT),
                "Of": Column(panels.COUNT),
                "Abandoned": Column(panels.COUNT),
                "Formula": Column(panels.WORD, width=380),
            },
            width=12,
            height=8,
        ),
    ]


def accuracy() -> list[Panel]:
    return [
        panels.rows(
            "Error by queue, an hour ahead",
            "Absolute errors summed over the intervals of whole days (UTC), over what came; and the "
            "same of what came a week before, which a forecast has to beat.",
            Sql(f"""SELECT
                    queue AS `Queue`, channel AS `Channel`, sum(error) / sum(actual) AS `Error`,
                    sum(error_naive) / sum(actual) AS `Last week's arrivals`, sum(actual) AS `Came`
                FROM v_forecast_accuracy WHERE $__dateFilter(day) AND {OF_QUEUE}
                GROUP BY queue, channel HAVING sum(actual) > 0 ORDER BY `Error` DESC"""),
            columns={
                "Error": Column(panels.SHARE, decimals=0),
                "Last week's arrivals": Column(panels.SHARE, decimals=0),
                "Came": Column(panels.COUNT),
            },
            width=12,
            height=8,
            none="no day is over yet",
        ),
        panels.ranking(
            "Error by how far ahead",
            "The same of all chosen queues together, by how long before the interval it was foretold; "
            "intervals of the chosen time that are over.",
            Sql(f"""SELECT ahead, sum(abs(expected - entered)) / sum(entered) AS error FROM panel_forecasts
                WHERE $__timeFilter(starts_at) AND entered IS NOT NULL AND {OF_QUEUE}
                    AND starts_at + toIntervalSecond(interval_s) <= {NOW}
                GROUP BY ahead HAVING sum(entered) > 0
                ORDER BY indexOf(['now', '15m', '1h', '4h', '1d', '7d'], ahead)"""),
            panels.SHARE,
        ),
    ]


def moves() -> list[Panel]:
    chosen = variables.narrowed(site="taker_site", channel="taker_channel", queue="taker_queue")
    made = f"$__timeFilter(starts_at) AND {chosen}"
    kept = f"{made} AND NOT withdrawn"
    measured = f"{kept} AND measured_at IS NOT NULL"
    return [
        panels.number(
            "Recommended",
            "Moves in the chosen time that were not withdrawn, by what they were to help.",
            Sql(f"SELECT count() AS moves FROM v_moves WHERE {kept}"),
            panels.COUNT,
            width=5,
        ),
        panels.number(
            "Agents moved",
            "Of the agents who were asked for, how many were seen to move.",
            Sql(
                f"SELECT sum(least(coalesce(obeyed, 0), agents)) / sum(agents) AS moved FROM v_moves WHERE {kept} "
                f"HAVING count() > 0"
            ),
            panels.SHARE,
            width=5,
            decimals=0,
        ),
        panels.number(
            "Taker: came less foretold",
            "The takers' service level while the move lasted, less what was foretold; mean of the moves "
            "that are over. Near 0 is right, far above 0 too careful.",
            Sql(f"""SELECT avg(taker_service_level_came - taker_service_level_after) AS off FROM v_moves
                WHERE {measured}
                HAVING count(taker_service_level_came) > 0"""),
            panels.SHARE,
            width=7,
            decimals=0,
            none="none is over yet",
            steps=((None, "red"), (-0.1, "orange"), (-0.05, "green")),
        ),
        panels.number(
            "Giver: came less foretold",
            "The same of the queues that gave.",
            Sql(f"""SELECT avg(giver_service_level_came - giver_service_level_after) AS off FROM v_moves
                WHERE {measured}
                HAVING count(giver_service_level_came) > 0"""),
            panels.SHARE,
            width=7,
            decimals=0,
            none="none is over yet",
            steps=((None, "red"), (-0.1, "orange"), (-0.05, "green")),
        ),
        panels.rows(
            "Scorecard of moves",
            "Each move that was recommended in the chosen time: what was foretold of both sides and, once it "
            "is over, what came.",
            Sql(f"""SELECT
                    starts_at AS `From`, until AS `Until`, giver_queue AS `Giver`, taker_queue AS `Taker`,
                    agents AS `Asked for`,
                    obeyed AS `Moved`, gain AS `More in time, foretold`,
                    taker_service_level_before AS `Taker without`, taker_service_level_after AS `Taker with`,
                    taker_service_level_came AS `Taker came`, giver_service_level_before AS `Giver without`,
                    giver_service_level_after AS `Giver with`, giver_service_level_came AS `Giver came`, cause AS `Why`,
                    multiIf(withdrawn = 1, 'withdrawn', measured_at IS NOT NULL, 'over', 'runs') AS `State`
                FROM v_moves WHERE {made} ORDER BY starts_at DESC LIMIT 200"""),
            columns={
                "From": Column(panels.MOMENT),
                "Until": Column(panels.MOMENT),
                "Asked for": Column(panels.AGENTS),
                "Moved": Column(panels.AGENTS),
                "More in time, foretold": Column(panels.COUNT, decimals=0),
                **{
                    f"{side} {what}": Column(panels.SHARE, steps=panels.LEVEL, decimals=0)
                    for side in ("Taker", "Giver")
                    for what in ("without", "with", "came")
                },
            },
            none="none",
        ),
    ]
