"""Journeys: how many are open and where, the ways they take, what makes them hard, and one customer's, step by step."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard

from dashboards.grafana import links, panels, variables
from dashboards.grafana.frame import board as frame
from dashboards.grafana.panels import Column, Panel
from dashboards.grafana.sources import Sql

OPENED = f"""$__timeFilter(opened_at) AND {variables.narrowed(channel="first_channel", intent="intent")}"""


def board() -> Dashboard:
    return frame(
        links.JOURNEYS,
        "Journeys",
        "What one customer's contacts about one matter add up to: open ones by stage, the ways through channels and "
        "stages, "
        "friction and effort, and a customer's contacts one after another.",
        [("Journeys", counts()), ("Ways", ways()), ("What makes them hard", friction()), ("One customer", customer())],
        ("clickhouse",),
        [
            *variables.stored("channel", "intent"),
            variables.choice(
                "customer",
                "Customer",
                "SELECT customer FROM journeys WHERE identified GROUP BY customer ORDER BY max(effort_points) DESC "
                "LIMIT 100",
                "Whose contacts are shown below: one of those whose journeys were the hardest, or any other.",
            ),
        ],
        since="now-7d",
    )


def counts() -> list[Panel]:
    return [
        panels.number(
            "Open now",
            "Journeys into which another contact would still fall. Whatever time is chosen above.",
            Sql(f"""SELECT countIf(state = 'open') AS open FROM panel_journeys
                WHERE {variables.narrowed(channel="first_channel", intent="intent")}"""),
            panels.COUNT,
            "journey",
        ),
        panels.number(
            "Opened",
            "Journeys that began in the chosen time.",
            Sql(f"SELECT count() AS opened FROM panel_journeys WHERE {OPENED}"),
            panels.COUNT,
            "journey",
        ),
        panels.number(
            "In more than one channel",
            "Of the journeys that began in the chosen time, how many changed channel.",
            Sql(
                f"SELECT countIf(switches > 0) / count() AS switched FROM panel_journeys WHERE {OPENED} HAVING "
                f"count() > 0"
            ),
            panels.SHARE,
            "channel switch",
            decimals=0,
            link=("Channel switches", links.to(links.SWITCHES)),
        ),
        panels.number(
            "With a repeat",
            "Of the journeys that began in the chosen time, how many had a repeat contact so far.",
            Sql(
                f"SELECT countIf(repeats > 0) / count() AS repeated FROM panel_journeys WHERE {OPENED} HAVING "
                f"count() > 0"
            ),
            panels.SHARE,
            "repeat",
            decimals=0,
            link=("Repeats and root causes", links.to(links.CAUSES)),
        ),
        panels.number(
            "Effort, one in ten",
            "The effort score that one journey in ten is above, of those that began in the chosen time.",
            Sql(f"SELECT quantile(0.9)(effort) AS effort FROM panel_journeys WHERE {OPENED} HAVING count() > 0"),
            panels.PLAIN,
            "effort score",
            decimals=0,
            steps=((None, "green"), (40, "orange"), (70, "red")),
        ),
        panels.number(
            "Ended unsettled",
            "Of the journeys that began in the chosen time and are closed, how many dropped off.",
            Sql(f"""SELECT countIf(drop_off != '') / count() AS unsettled FROM panel_journeys
                WHERE {OPENED} AND state = 'closed' HAVING count() > 0"""),
            panels.SHARE,
            "drop-off as of T",
            decimals=0,
            none="none has closed yet",
        ),
        panels.stacks(
            "Journeys that began",
            "By intent, in the chosen time.",
            [
                Sql(
                    f"""SELECT $__timeInterval(opened_at) AS time, intent, count() AS journeys FROM panel_journeys
                WHERE {OPENED} GROUP BY time, intent ORDER BY time""",
                    "timeseries",
                )
            ],
            panels.COUNT,
            "journey",
            series="${__field.labels.intent}",
        ),
        panels.ranking(
            "Open journeys by stage",
            "Where open journeys that began in the chosen time are.",
            Sql(f"""SELECT stage, count() AS journeys FROM panel_journeys
                WHERE {OPENED} AND state = 'open' GROUP BY stage ORDER BY journeys DESC"""),
            panels.COUNT,
            "stage",
            width=6,
        ),
        panels.ranking(
            "Where journeys end unsettled",
            "Closed journeys that began in the chosen time, by the stage where they dropped off.",
            Sql(f"""SELECT drop_off AS stage, count() AS journeys FROM panel_journeys
                WHERE {OPENED} AND state = 'closed' AND drop_off != '' GROUP BY stage ORDER BY journeys DESC"""),
            panels.COUNT,
            "drop-off as of T",
            width=6,
            none="none has ended so",
        ),
    ]


def ways() -> list[Panel]:
    def way(kind: str, steps: int) -> tuple[str, str]:
        edges = f"""
            SELECT
                concat(toString(step), ' ', source) AS source,
                concat(toString(step + 1), ' ', target) AS target,
                sum(journeys) AS mainstat
            FROM panel_flow
            WHERE $__dateFilter(day) AND kind = '{kind}' AND step <= {steps} AND {variables.narrowed(intent="intent")}
            GROUP BY source, target
            ORDER BY mainstat DESC
            LIMIT 40"""
        nodes = f"""
            SELECT id, substring(id, position(id, ' ') + 1) AS title, max(journeys) AS mainstat
            FROM
            (
                SELECT arrayJoin([(source, 1), (target, 2)]) AS end, end.1 AS id, sum(mainstat) AS journeys
                FROM ({edges})
                GROUP BY end
            )
            GROUP BY id
            ORDER BY id"""
        return nodes, (
            f"SELECT concat(source, ' > ', target) AS id, source, target, mainstat, "
            f"1 + 9 * mainstat / max(mainstat) OVER () AS thickness FROM ({edges})"
        )

    channels, between_channels = way("channel", 4)
    stages, between_stages = way("stage", 4)
    about = (
        "A circle is a {0} and its place in the journey, with so many journeys; a line is what came next, the "
        "thicker the "
        "more. At the end: open, closed, or more. The 40 ways that most took, by the day (UTC) in which the journey "
        "began."
    )
    return [
        panels.flow(
            "Ways through channels",
            about.format("contact's channel"),
            channels,
            between_channels,
            panels.COUNT,
            "journey",
        ),
        panels.flow(
            "Ways through stages",
            about.format("stage"),
            stages,
            between_stages,
            panels.COUNT,
            "path of a journey",
            "stage",
        ),
    ]


def friction() -> list[Panel]:
    return [
        panels.matrix(
            "Friction by stage",
            "How often what went wrong, by the stage in which it did; by the day (UTC) of the contact.",
            Sql(f"""SELECT kind, stage, sum(times) AS times FROM panel_friction
                WHERE $__dateFilter(day) AND {variables.narrowed(channel="channel", intent="intent")}
                GROUP BY kind, stage ORDER BY kind, stage"""),
            "kind",
            "stage",
            "times",
            "friction",
        ),
        panels.rows(
            "Effort by intent",
            "Of journeys that began in the chosen time: the effort score of the middle one, and what one in "
            "ten is above.",
            Sql(f"""SELECT
                    intent AS `Intent`,
                    count() AS `Journeys`,
                    quantile(0.5)(effort) AS `Middle`,
                    quantile(0.9)(effort) AS `One in ten`,
                    avg(contacts) AS `Contacts`,
                    avg(long_waits) AS `Long waits`
                FROM panel_journeys WHERE {OPENED} GROUP BY intent ORDER BY `One in ten` DESC"""),
            "effort score",
            "long wait",
            columns={
                "Journeys": Column(panels.COUNT),
                "Middle": Column(decimals=0),
                "One in ten": Column(decimals=0, steps=((None, "green"), (40, "orange"), (70, "red"))),
                "Contacts": Column(decimals=1),
                "Long waits": Column(decimals=1),
            },
            width=12,
        ),
    ]


def customer() -> list[Panel]:
    pick = "Show this customer", links.to(links.JOURNEYS, {"customer": "Customer"})
    theirs = """
        SELECT * FROM contacts FINAL
        WHERE contact_id IN (SELECT contact_id FROM contacts WHERE customer = ${customer:singlequote})
            AND customer = ${customer:singlequote} AND is_deleted = 0 AND part_of = ''"""
    return [
        panels.rows(
            "The hardest journeys",
            "Of those with a contact in the chosen time. A click on a customer shows the contacts below. "
            "Long waits, which depend on what others waited, are left out of this effort.",
            Sql(f"""SELECT
                    customer AS `Customer`, intent AS `Intent`, opened_at AS `Began`, last_at AS `Last`,
                    contacts AS `Contacts`,
                    switches AS `Switches`, repeats AS `Repeats`, arrayStringConcat(channels, ', ') AS `Channels`,
                    if(empty(stages), '', toString(stages[-1])) AS `Stage`, effort_points AS `Effort`
                FROM
                (
                    SELECT * FROM journeys FINAL
                    WHERE is_deleted = 0 AND journey_id IN
                    (
                        SELECT journey_id FROM journeys WHERE $__timeFilter(last_at)
                            AND {variables.narrowed(channel="first_channel", intent="intent")}
                        ORDER BY effort_points DESC LIMIT 200
                    )
                )
                ORDER BY effort_points DESC LIMIT 50"""),
            "effort score",
            columns={
                "Customer": Column(panels.WORD, link=pick),
                "Began": Column(panels.MOMENT),
                "Last": Column(panels.MOMENT),
                "Contacts": Column(panels.COUNT),
                "Switches": Column(panels.COUNT),
                "Repeats": Column(panels.COUNT),
                "Effort": Column(decimals=0, steps=((None, "green"), (40, "orange"), (70, "red"))),
            },
            none="",
        ),
        panels.spans(
            "$customer: when in which channel",
            "Each contact from its start to its end, whatever it was about.",
            Sql(f"""SELECT time, channel AS `Channel`, intent AS `Intent`
                FROM
                (
                    SELECT started_at AS time, toNullable(toString(channel)) AS channel,
                        toNullable(toString(intent)) AS intent
                    FROM ({theirs}) WHERE $__timeFilter(started_at)
                    UNION ALL
                    SELECT ended_at AS time, NULL AS channel, NULL AS intent
                    FROM ({theirs}) WHERE $__timeFilter(started_at)
                )
                ORDER BY time, channel IS NOT NULL"""),
            "contact",
            none="no contact in this time",
            height=5,
        ),
        panels.rows(
            "$customer: contact by contact",
            "What happened, in its order.",
            Sql(f"""SELECT
                    started_at AS `Start`, channel AS `Channel`, intent AS `Intent`, direction AS `Direction`,
                    outcome AS `Outcome`,
                    resolution AS `Resolution`, arrayStringConcat(queues, ' > ') AS `Queues`, wait_s AS `Waited`,
                    talk_s + hold_s + wrap_s AS `Handled`, transfers AS `Transfers`,
                    arrayStringConcat(friction, ', ') AS `Friction`,
                    if(repeat_of_same != '', 'repeat', if(redial_id != '', 'redialled', '')) AS `Again`,
                    sentiment_last AS `Sentiment`, contact_id AS `Contact`
                FROM ({theirs}) WHERE $__timeFilter(started_at) ORDER BY started_at LIMIT 500"""),
            "contact",
            "friction",
            columns={
                "Start": Column(panels.MOMENT),
                "Waited": Column(panels.SECONDS, decimals=0),
                "Handled": Column(panels.SECONDS, decimals=0),
                "Transfers": Column(panels.COUNT),
                "Sentiment": Column(decimals=2, steps=((None, "red"), (-0.1, "text"), (0.1, "green"))),
            },
        ),
    ]
