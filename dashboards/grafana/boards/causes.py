"""Repeats and root causes: who came back, what that was because of, and the contacts behind it."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard

from dashboards.grafana import links, marks, panels, variables
from dashboards.grafana.frame import board as frame
from dashboards.grafana.panels import Column, Panel
from dashboards.grafana.sources import Sql

OF_CONTACT = variables.narrowed(channel="channel", queue="queue", intent="intent")
ATTEMPTS = f"$__dateFilter(day) AND {OF_CONTACT}"
WINDOW = f"{ATTEMPTS} AND window_days = toUInt32('$window') AND scope = '$scope'"
FCR = "if(sum(confirmed) + sum(broken) = 0, NULL, sum(confirmed) / (sum(confirmed) + sum(broken)))"
RESOLVED = ((None, "red"), (0.6, "orange"), (0.7, "green"))


def board() -> Dashboard:
    return frame(
        links.CAUSES,
        "Repeats and root causes",
        "First contact resolution by window, from pending to confirmed or broken; what repeats, switches, "
        "escalations and "
        "transfers came after, ranked; and the contacts behind each cause.",
        [
            ("First contact resolution", resolution()),
            ("Root causes", causes()),
            ("Contacts behind a cause", contacts()),
        ],
        ("clickhouse", "prometheus"),
        [
            *variables.stored("channel", "queue", "intent"),
            variables.choice(
                "window",
                "Window (days)",
                "SELECT toString(days) FROM (SELECT DISTINCT window_days AS days FROM panel_fcr ORDER BY days)",
                "Within how many days a contact repeats an attempt.",
                "7",
            ),
            variables.fixed(
                "scope", "Repeats of", ["same_intent", "any_intent"], "Whether a repeat has to have the same intent."
            ),
            variables.choice(
                "dimension",
                "Cause is a",
                "SELECT DISTINCT dimension FROM v_root_causes ORDER BY dimension",
                "What kind of cause the contacts below had.",
            ),
            variables.choice(
                "cause",
                "Cause",
                "SELECT DISTINCT cause FROM v_root_causes "
                "WHERE dimension = ${dimension:singlequote} ORDER BY cause LIMIT 500",
                "Which cause the contacts below had.",
            ),
        ],
        [marks.alerts('alertname=~"Journey(Repeats|Switches|RootCause)Spike"', 'channel=~"|$channel"')],
        since="now-30d",
        refresh="15m",
    )


def resolution() -> list[Panel]:
    return [
        panels.number(
            "Resolved at first contact",
            "Of the attempts that ended in the chosen time and are decided, for the chosen window.",
            Sql(f"SELECT {FCR} AS fcr FROM panel_fcr WHERE {WINDOW}"),
            panels.SHARE,
            "FCR as of T",
            "attempt",
            steps=RESOLVED,
            decimals=1,
            none="none is decided yet",
            width=6,
        ),
        panels.number(
            "Pending",
            "Of the attempts that ended in the chosen time, how many may still be broken.",
            Sql(f"""SELECT sum(pending) / (sum(confirmed) + sum(broken) + sum(pending)) AS pending FROM panel_fcr
                WHERE {WINDOW} HAVING count() > 0"""),
            panels.SHARE,
            "FCR as of T",
            decimals=0,
            width=6,
        ),
        panels.number(
            "Repeat contacts",
            "Contacts in the chosen time that repeat an earlier attempt with the same intent.",
            Sql(
                f"SELECT sum(repeats_same_intent) AS repeats FROM panel_contacts WHERE $__timeFilter(starts_at) AND "
                f"{OF_CONTACT}"
            ),
            panels.COUNT,
            "repeat",
            width=6,
        ),
        panels.number(
            "Abandoned and lost",
            "Of the contacts that were abandoned in the chosen time, how many neither came back and were "
            "answered, nor were called back.",
            Sql(f"""SELECT sumIf(contacts, outcome = 'lost') / sumIf(contacts, outcome != 'pending') AS lost
                FROM panel_redials
                WHERE {ATTEMPTS} HAVING sumIf(contacts, outcome != 'pending') > 0"""),
            panels.SHARE,
            "redial",
            decimals=0,
            none="none was abandoned",
            width=6,
        ),
        panels.stacks(
            "From pending to confirmed or broken",
            "Attempts by the day (UTC) in which they ended, for the chosen window.",
            [
                Sql(
                    f"""SELECT toDateTime(day) AS time, sum(confirmed) AS confirmed, sum(broken) AS broken,
                        sum(pending) AS pending
                FROM panel_fcr WHERE {WINDOW} GROUP BY time ORDER BY time""",
                    "timeseries",
                )
            ],
            panels.COUNT,
            "FCR as of T",
        ),
        panels.rows(
            "By window",
            "Attempts that ended in the chosen time, for all windows and both kinds of repeats side by side.",
            Sql(f"""SELECT
                    window_days AS `Within days`, scope AS `Repeats of`, {FCR} AS `Resolved at first contact`,
                    sum(confirmed) AS `Confirmed`, sum(broken) AS `Broken`, sum(pending) AS `Pending`
                FROM panel_fcr WHERE {ATTEMPTS} GROUP BY window_days, scope ORDER BY window_days, scope"""),
            "FCR as of T",
            columns={
                "Resolved at first contact": Column(panels.SHARE, steps=RESOLVED, decimals=1),
                "Confirmed": Column(panels.COUNT),
                "Broken": Column(panels.COUNT),
                "Pending": Column(panels.COUNT),
            },
            width=12,
            height=8,
        ),
        panels.rows(
            "By channel and intent",
            "For the chosen window; the most broken first.",
            Sql(f"""SELECT
                    channel AS `Channel`, intent AS `Intent`, {FCR} AS `Resolved at first contact`,
                    sum(broken) AS `Broken`,
                    sum(confirmed) AS `Confirmed`, sum(pending) AS `Pending`
                FROM panel_fcr WHERE {WINDOW} GROUP BY channel, intent ORDER BY `Broken` DESC LIMIT 100"""),
            "FCR as of T",
            "attempt",
            columns={
                "Resolved at first contact": Column(panels.SHARE, steps=RESOLVED, decimals=1),
                "Broken": Column(panels.COUNT, bar=True),
                "Confirmed": Column(panels.COUNT),
                "Pending": Column(panels.COUNT),
            },
            width=12,
        ),
        panels.stacks(
            "What became of those abandoned",
            "By the day (UTC) in which they were.",
            [
                Sql(
                    f"""SELECT toDateTime(day) AS time, outcome, sum(contacts) AS contacts FROM panel_redials
                WHERE {ATTEMPTS} GROUP BY time, outcome ORDER BY time""",
                    "timeseries",
                )
            ],
            panels.COUNT,
            "redial",
            height=9,
            none="none was abandoned",
            series="${__field.labels.outcome}",
        ),
    ]


def causes() -> list[Panel]:
    found = "$__dateFilter(day)"
    pick = "Show the contacts", links.to(links.CAUSES, {"dimension": "Cause is a", "cause": "Cause"})
    return [
        panels.rows(
            "What they came after",
            "Causes of the chosen time, each in its worst day: those beyond chance first, then by how many "
            "more came after it than after others like it. A click on a cause shows contacts with it below.",
            Sql(f"""SELECT
                    argMax(day, (significant, coalesce(excess, -1e9), count)) AS `Day`, event AS `Event`,
                    dimension AS `Cause is a`,
                    cause AS `Cause`, if(max(significant) = 1, 'yes', '') AS `Beyond chance`, sum(count) AS `Events`,
                    sum(exposed) AS `Exposed`, sum(expected) AS `Expected`,
                    if(sum(expected) > 0, sumIf(count, expected IS NOT NULL) / sum(expected), NULL) AS `Times as many`,
                    sum(excess) AS `More, at least`, sum(minutes) * 60 AS `Time lost`, sum(customers) AS `Customers`
                FROM v_root_causes WHERE {found}
                GROUP BY event, dimension, cause
                ORDER BY max(significant) DESC, `More, at least` DESC, `Events` DESC LIMIT 100"""),
            "expected",
            "lift",
            "excess",
            "significant",
            columns={
                "Cause": Column(panels.WORD, link=pick, width=200),
                "Events": Column(panels.COUNT, bar=True),
                "Exposed": Column(panels.COUNT),
                "Expected": Column(panels.COUNT, decimals=1),
                "Times as many": Column(decimals=1),
                "More, at least": Column(panels.COUNT, decimals=1, steps=((None, "text"), (0, "orange"), (10, "red"))),
                "Time lost": Column(panels.SECONDS, decimals=0),
                "Customers": Column(panels.COUNT),
            },
            height=11,
        ),
        panels.stacks(
            "Events by day",
            "Repeats, switches, escalations, transfers and failures by day (UTC), each counted once, under the "
            "intent of the contact that they came after.",
            [
                Sql(
                    f"""SELECT toDateTime(day) AS time, event, sum(count) AS events FROM v_root_causes
                WHERE {found} AND dimension = 'intent' GROUP BY time, event ORDER BY time""",
                    "timeseries",
                )
            ],
            panels.COUNT,
            series="${__field.labels.event}",
        ),
        panels.ranking(
            "Time lost by intent",
            "What customers and agents spent on what came after, in the chosen time.",
            Sql(f"""SELECT cause AS intent, 60 * sum(minutes) AS lost FROM v_root_causes
                WHERE {found} AND dimension = 'intent' GROUP BY intent ORDER BY lost DESC LIMIT 12"""),
            panels.SECONDS,
        ),
    ]


def contacts() -> list[Panel]:
    has = """multiIf(
                        '$dimension' = 'article', has(articles, ${cause:singlequote}),
                        '$dimension' = 'node', has(nodes, ${cause:singlequote}),
                        '$dimension' = 'team', has(teams, ${cause:singlequote}),
                        '$dimension' = 'queue', has(queues, ${cause:singlequote}),
                        '$dimension' = 'transfer_path',
                        position(arrayStringConcat(queues, '>'), ${cause:singlequote}) > 0,
                        '$dimension' = 'intent', intent = ${cause:singlequote},
                        channel = ${cause:singlequote}
                    )"""
    seen = f"$__timeFilter(started_at) AND direction = 'inbound' AND {has}"
    show = "Show this customer", links.to(links.JOURNEYS, {"customer": "Customer"})
    return [
        panels.rows(
            "Contacts with this cause",
            "The newest 200 of the cause that is chosen above, in the chosen time; those that were "
            "followed by a repeat first. A click on a customer shows the journeys.",
            Sql(f"""SELECT
                    started_at AS `Start`, channel AS `Channel`, intent AS `Intent`, outcome AS `Outcome`,
                    resolution AS `Resolution`,
                    first_repeat_any_at AS `Came again`, transfers AS `Transfers`, escalations AS `Escalations`,
                    wait_s AS `Waited`, talk_s + hold_s + wrap_s AS `Handled`, arrayStringConcat(queues,
                    ' > ') AS `Queues`,
                    arrayStringConcat(friction, ', ') AS `Friction`, customer AS `Customer`
                FROM
                (
                    SELECT * FROM contacts FINAL
                    WHERE contact_id IN
                    (
                        SELECT contact_id FROM contacts WHERE {seen}
                        ORDER BY first_repeat_any_at IS NULL, started_at DESC LIMIT 400
                    )
                        AND is_deleted = 0 AND part_of = '' AND {has}
                )
                ORDER BY first_repeat_any_at IS NULL, started_at DESC LIMIT 200"""),
            "repeat",
            "friction",
            columns={
                "Start": Column(panels.MOMENT),
                "Came again": Column(panels.MOMENT),
                "Transfers": Column(panels.COUNT),
                "Escalations": Column(panels.COUNT),
                "Waited": Column(panels.SECONDS, decimals=0),
                "Handled": Column(panels.SECONDS, decimals=0),
                "Customer": Column(panels.WORD, link=show),
            },
            height=12,
        ),
    ]
