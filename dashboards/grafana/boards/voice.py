"""Voice of the customer: what customers answered, how they sounded, and how hard it was made for them."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard

from dashboards.grafana import links, panels, variables
from dashboards.grafana.frame import board as frame
from dashboards.grafana.panels import Column, Panel, Steps
from dashboards.grafana.sources import Sql

ABOUT = variables.narrowed(channel="channel", queue="queue", intent="intent")
ANSWERS = f"$__dateFilter(day) AND {ABOUT}"
SAID = f"$__timeFilter(starts_at) AND {ABOUT}"
SCORE = "if(kind IN ('csat', 'nps'), 100 * (sum(good) - sum(bad)) / sum(responses), sum(score_sum) / sum(responses))"


def board() -> Dashboard:
    return frame(
        links.VOICE,
        "Voice of the customer",
        "Surveys by what they are about, sentiment as it went within contacts, and effort.",
        [("Surveys", surveys()), ("Sentiment", sentiment()), ("Effort", effort())],
        ("clickhouse",),
        variables.stored("channel", "queue", "intent"),
        since="now-30d",
        refresh="15m",
    )


def surveys() -> list[Panel]:
    def score(title: str, kind: str, about: str, unit: str, steps: Steps, word: str) -> Panel:
        return panels.number(
            title, about,
            Sql(f"SELECT {SCORE} AS score FROM panel_surveys WHERE {ANSWERS} AND kind = '{kind}' GROUP BY kind"),
            unit, word, "what it is about", steps=steps, decimals=1, none="no answer", width=6,
        )  # fmt: skip

    return [
        score(
            "CSAT",
            "csat",
            "Percent of answers with 4 or 5 of 5.",
            "percent",
            ((None, "red"), (60, "orange"), (80, "green")),
            "CSAT",
        ),
        score(
            "NPS",
            "nps",
            "Promoters less detractors, from -100 to 100.",
            panels.PLAIN,
            ((None, "red"), (0, "orange"), (30, "green")),
            "NPS",
        ),
        score(
            "CES",
            "ces",
            "How easy it was made, from 1 to 7.",
            panels.PLAIN,
            ((None, "red"), (4, "orange"), (5.5, "green")),
            "CES",
        ),
        score(
            "QA",
            "qa",
            "Evaluations of the agent's part, from 0 to 100.",
            panels.PLAIN,
            ((None, "red"), (60, "orange"), (80, "green")),
            "score",
        ),
        panels.lines(
            "Scores by day",
            "By the day (UTC) of the answer: CSAT in percent, NPS from -100 to 100.",
            [
                Sql(
                    f"""SELECT toDateTime(day) AS time, upper(kind) AS score, {SCORE} AS value FROM panel_surveys
                WHERE {ANSWERS} AND kind IN ('csat', 'nps') GROUP BY time, kind ORDER BY time""",
                    "timeseries",
                )
            ],
            panels.PLAIN,
            "CSAT",
            "NPS",
            low=None,
            none="no answer",
            series="${__field.labels.score}",
        ),
        panels.rows(
            "Scores by channel and intent",
            "Of the contact that an answer is about; empty where it is about none that is known.",
            Sql(f"""SELECT channel AS `Channel`, intent AS `Intent`, upper(kind) AS `Kind`, {SCORE} AS `Score`,
                    sum(responses) AS `Answers`
                FROM panel_surveys WHERE {ANSWERS} GROUP BY channel, intent, kind ORDER BY `Answers` DESC, channel,
                    intent LIMIT 200"""),
            "CSAT",
            "NPS",
            "CES",
            "what it is about",
            columns={"Score": Column(decimals=1), "Answers": Column(panels.COUNT)},
            width=12,
            height=8,
        ),
    ]


def sentiment() -> list[Panel]:
    return [
        panels.lines(
            "Where contacts begin and end",
            "Mean sentiment of the first and of the last that was said, and of the lowest, from -1 to "
            "1. Where the end lies below the beginning, contacts leave customers worse.",
            [
                Sql(
                    f"""SELECT $__timeInterval(starts_at) AS time, sum(first_sum) / sum(contacts) AS first,
                    sum(last_sum) / sum(contacts) AS last, sum(low_sum) / sum(contacts) AS lowest
                FROM panel_sentiment WHERE {SAID} GROUP BY time ORDER BY time""",
                    "timeseries",
                )
            ],
            panels.PLAIN,
            "sentiment of a touchpoint",
            "first, last, low, trend",
            low=-0.5,
            decimals=2,
            none="nobody said anything",
        ),
        panels.rows(
            "By channel and intent",
            "The most sudden drops first.",
            Sql(f"""SELECT channel AS `Channel`, intent AS `Intent`, sum(contacts) AS `Contacts`,
                    sum(first_sum) / sum(contacts) AS `First`, sum(last_sum) / sum(contacts) AS `Last`,
                    sum(ended_worse) / sum(contacts) AS `Ended worse`, sum(drops) AS `Sudden drops`
                FROM panel_sentiment WHERE {SAID} GROUP BY channel, intent ORDER BY `Sudden drops` DESC,
                    `Last` LIMIT 100"""),
            "sudden drop",
            "first, last, low, trend",
            columns={
                "Contacts": Column(panels.COUNT),
                "First": Column(decimals=2),
                "Last": Column(decimals=2, steps=((None, "red"), (-0.1, "text"), (0.1, "green"))),
                "Ended worse": Column(panels.SHARE, decimals=0),
                "Sudden drops": Column(panels.COUNT, steps=((None, "text"), (1, "orange"))),
            },
            width=12,
            height=8,
        ),
    ]


def effort() -> list[Panel]:
    began = f"""$__timeFilter(opened_at) AND {variables.narrowed(channel="first_channel", intent="intent")}"""
    return [
        panels.ranking(
            "Journeys by effort",
            "Of those that began in the chosen time.",
            Sql(f"""SELECT concat(toString(20 * bin), ' to ', toString(20 * bin + 20)) AS effort, count() AS journeys
                FROM (SELECT least(4, intDiv(toUInt32(effort), 20)) AS bin FROM panel_journeys WHERE {began})
                GROUP BY bin ORDER BY bin"""),
            panels.COUNT,
            "effort score",
        ),
        panels.ranking(
            "What effort was made of",
            "How often each went wrong; by the day (UTC) of the contact.",
            Sql(f"""SELECT kind, sum(times) AS times FROM panel_friction WHERE {ANSWERS}
                GROUP BY kind ORDER BY times DESC LIMIT 12"""),
            panels.COUNT,
            "friction",
            "effort score",
        ),
    ]
