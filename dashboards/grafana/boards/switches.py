"""Channel switches: from where to where, why, and how soon; and which are about to come."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard

from dashboards.grafana import links, panels, variables
from dashboards.grafana.frame import board as frame
from dashboards.grafana.panels import Column, Panel
from dashboards.grafana.sources import Course, Sql

SWITCHED = f"""$__timeFilter(at) AND {variables.narrowed(channel="from_channel", intent="intent")}"""


def board() -> Dashboard:
    return frame(
        links.SWITCHES,
        "Channel switches",
        "Customers who went on in another channel: from which to which, after what, and how soon. The channel that "
        "is chosen "
        "above is the one that was left.",
        [("Switches", counts()), ("From and to", pairs()), ("What is about to come", coming())],
        ("clickhouse", "prometheus"),
        variables.stored("channel", "intent"),
        since="now-7d",
    )


def counts() -> list[Panel]:
    return [
        panels.number(
            "Switches",
            "In the chosen time.",
            Sql(f"SELECT count() AS switches FROM panel_switches WHERE {SWITCHED}"),
            panels.COUNT,
            "channel switch",
            width=5,
        ),
        panels.number(
            "After a failure",
            "Of the switches, how many came after something had failed, not by the customer's choice.",
            Sql(
                f"SELECT countIf(cause != 'choice') / count() AS failed FROM panel_switches WHERE {SWITCHED} HAVING "
                f"count() > 0"
            ),
            panels.SHARE,
            "channel switch",
            width=5,
            decimals=0,
        ),
        panels.number(
            "To an agent",
            "Of the switches, how many led from self-service to a channel with agents.",
            Sql(f"""SELECT countIf(step = 'self_service_to_assisted') / count() AS assisted FROM panel_switches
                WHERE {SWITCHED} HAVING count() > 0"""),
            panels.SHARE,
            width=5,
            decimals=0,
        ),
        panels.number(
            "By our invitation",
            "Of the switches, how many we had asked for, with a link or a call-back.",
            Sql(
                f"SELECT countIf(invited) / count() AS invited FROM panel_switches WHERE {SWITCHED} HAVING count() > 0"
            ),
            panels.SHARE,
            width=5,
            decimals=0,
        ),
        panels.number(
            "Time to switch",
            "Half of the switches came sooner than this after the end of the contact before.",
            Sql(f"SELECT quantile(0.5)(seconds) AS seconds FROM panel_switches WHERE {SWITCHED} HAVING count() > 0"),
            panels.SECONDS,
            "channel switch",
            width=4,
            decimals=0,
        ),
        panels.stacks(
            "Switches by cause",
            "What the contact before was like.",
            [
                Sql(
                    f"""SELECT $__timeInterval(at) AS time, cause, count() AS switches FROM panel_switches
                WHERE {SWITCHED} GROUP BY time, cause ORDER BY time""",
                    "timeseries",
                )
            ],
            panels.COUNT,
            "channel switch",
            series="${__field.labels.cause}",
        ),
        panels.ranking(
            "How soon",
            "Switches by the time since the end of the contact before.",
            Sql(f"""SELECT
                    ['within 5 min', '5 to 15 min', '15 to 60 min', '1 to 4 h', '4 to 24 h', 'later'][bin] AS soon,
                    count() AS switches
                FROM (SELECT multiIf(seconds <= 300, 1, seconds <= 900, 2, seconds <= 3600, 3, seconds <= 14400, 4,
                    seconds <= 86400, 5, 6) AS bin FROM panel_switches WHERE {SWITCHED})
                GROUP BY bin ORDER BY bin"""),
            panels.COUNT,
            "channel switch",
        ),
    ]


def pairs() -> list[Panel]:
    edges = f"""
        SELECT from_channel AS source, to_channel AS target, count() AS mainstat FROM panel_switches
        WHERE {SWITCHED} GROUP BY source, target ORDER BY mainstat DESC LIMIT 40"""
    nodes = f"""
        SELECT end.1 AS id, id AS title, sumIf(mainstat, end.2 = 'left') AS mainstat, sumIf(came,
            end.2 = 'reached') AS secondarystat
        FROM (SELECT arrayJoin([(source, 'left'), (target, 'reached')]) AS end, mainstat, mainstat AS came
            FROM ({edges}))
        GROUP BY id ORDER BY id"""
    return [
        panels.matrix(
            "From (down) to (across)",
            "Switches in the chosen time; the darker, the more.",
            Sql(f"""SELECT from_channel AS from, to_channel AS to, count() AS switches FROM panel_switches
                WHERE {SWITCHED} GROUP BY from, to ORDER BY from, to"""),
            "from",
            "to",
            "switches",
            "channel switch",
            height=10,
        ),
        panels.flow(
            "Who went where",
            "A circle is a channel: so many left it, and below so many came. A line is a switch, the thicker the more.",
            nodes,
            f"SELECT concat(source, ' > ', target) AS id, source, target, mainstat, "
            f"1 + 9 * mainstat / max(mainstat) OVER () AS thickness FROM ({edges})",
            panels.COUNT,
            "channel switch",
            height=10,
        ),
        panels.rows(
            "From, to and why",
            "The 50 most frequent, with half of the times to switch.",
            Sql(f"""SELECT
                    from_channel AS `From`, to_channel AS `To`, cause AS `Cause`, count() AS `Switches`,
                    quantile(0.5)(seconds) AS `Time to switch`, countIf(invited) / count() AS `Invited`
                FROM panel_switches WHERE {SWITCHED}
                GROUP BY from_channel, to_channel, cause ORDER BY `Switches` DESC LIMIT 50"""),
            "channel switch",
            columns={
                "Switches": Column(panels.COUNT, bar=True),
                "Time to switch": Column(panels.SECONDS, decimals=0),
                "Invited": Column(panels.SHARE, decimals=0),
            },
        ),
    ]


def coming() -> list[Panel]:
    chosen = variables.narrowed(channel="from_channel", intent="intent")
    return [
        panels.rows(
            "Contacts that open journeys are about to bring",
            "As of the newest event, whatever time is chosen above: open "
            "journeys by the channel of their last contact and the likeliest channel of the next one, and how many "
            "contacts are "
            "to be expected of them.",
            Sql(f"""SELECT
                    from_channel AS `Last in`, channel AS `Next in`, sum(journeys) AS `Journeys`,
                    sum(within_15m) AS `Within 15 min`,
                    sum(within_1h) AS `Within 1 h`, sum(within_1d) AS `Within 1 d`
                FROM panel_next_steps WHERE {chosen}
                GROUP BY from_channel, channel ORDER BY `Within 1 h` DESC LIMIT 50"""),
            "P(within H)",
            "given the silence",
            columns={
                "Journeys": Column(panels.COUNT),
                "Within 15 min": Column(panels.COUNT, decimals=1),
                "Within 1 h": Column(panels.COUNT, decimals=1, bar=True),
                "Within 1 d": Column(panels.COUNT, decimals=1),
            },
            width=12,
            none="too little is known yet",
        ),
        panels.lines(
            "How good that is",
            "Mean squared error of the probability that a customer makes contact again within the horizon, "
            "of predictions that are decided; and of the same probability for everybody, to hold it against. Less is "
            "better.",
            [Course("max by (horizon, model) (journey_next_step_brier)", "{{model}}, {{horizon}}")],
            panels.PLAIN,
            "P(within H)",
            decimals=3,
        ),
    ]
