"""Agents: what their day is made of, by team and one by one."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard

from dashboards.grafana import links, panels, variables
from dashboards.grafana.frame import board as frame
from dashboards.grafana.panels import Column, Panel
from dashboards.grafana.sources import Now, Sql

CHOSEN = variables.narrowed(site="site", team="team")
INTERVALS = f"$__timeFilter(starts_at) AND {CHOSEN}"
OCCUPANCY = "sum(busy_s) / sum(busy_s + available_s)"
HAD = f"{INTERVALS} AND busy_s + available_s > 0"
BUSY = ((None, "green"), (0.85, "orange"), (0.92, "red"))
"""An occupancy of 85 % is the usual cap (setting queues.NAME.occupancy)."""


def board() -> Dashboard:
    return frame(
        links.AGENTS,
        "Agents",
        "Occupancy, concurrency, transfers, escalations and hard contacts, by team and by agent. Agents are known by "
        "the key "
        "that events name.",
        [("Teams", teams()), ("Agents", one_by_one())],
        ("clickhouse", "prometheus"),
        variables.stored("site", "team"),
    )


def teams() -> list[Panel]:
    return [
        panels.number(
            "Agents",
            "Who had a contact or told a state in the chosen time.",
            Sql(f"SELECT uniqExact(agent) AS agents FROM panel_agent_intervals WHERE {INTERVALS}"),
            panels.COUNT,
        ),
        panels.number(
            "Occupancy",
            "Of the time in which agents were busy or available, how much they were busy.",
            Sql(f"SELECT {OCCUPANCY} AS occupancy FROM panel_agent_intervals WHERE {HAD} HAVING count() > 0"),
            panels.SHARE,
            "occupancy",
            steps=BUSY,
            decimals=0,
        ),
        panels.number(
            "Occupancy by slots",
            "The same, weighted by the slots in use: one chat of three is a third of an agent.",
            Sql(
                f"SELECT sum(load_s) / sum(busy_s + available_s) AS occupancy FROM panel_agent_intervals WHERE {HAD} "
                f"HAVING count() > 0"
            ),
            panels.SHARE,
            "load_s, occupancy by slots",
            steps=BUSY,
            decimals=0,
        ),
        panels.number(
            "Contacts at once",
            "While an agent has any.",
            Sql(
                f"SELECT sum(slot_s) / sum(busy_s) AS concurrency FROM panel_agent_intervals WHERE {HAD} AND busy_s "
                f"> 0 HAVING count() > 0"
            ),
            panels.PLAIN,
            "slot_s, concurrency",
            decimals=2,
        ),
        panels.number(
            "Passed on",
            "Of the contacts that agents had, how many they transferred.",
            Sql(
                f"SELECT sum(transfers_out) / sum(contacts) AS passed_on FROM panel_agent_intervals WHERE "
                f"{INTERVALS} HAVING sum(contacts) > 0"
            ),
            panels.SHARE,
            "passed on, resolved by",
            decimals=0,
        ),
        panels.number(
            "Hard",
            "Of the contacts that agents had, how many were hard.",
            Sql(
                f"SELECT sum(hard) / sum(contacts) AS hard FROM panel_agent_intervals WHERE {INTERVALS} HAVING "
                f"sum(contacts) > 0"
            ),
            panels.SHARE,
            "hard",
            decimals=0,
        ),
        panels.lines(
            "Occupancy by team",
            "By the wall clock. The line is the usual cap, 85 %.",
            [
                Sql(
                    f"""SELECT starts_at AS time, team, {OCCUPANCY} AS occupancy FROM panel_agent_intervals
                WHERE {HAD} GROUP BY time, team ORDER BY time""",
                    "timeseries",
                )
            ],
            panels.SHARE,
            "occupancy",
            high=1,
            steps=((None, "transparent"), (0.85, "orange")),
            series="${__field.labels.team}",
        ),
        panels.stacks(
            "What agents had",
            "Contacts by channel, where an agent got them.",
            [
                Sql(
                    f"""SELECT starts_at AS time, pair.1 AS channel, sum(pair.2) AS contacts
                FROM (SELECT starts_at, arrayJoin(arrayZip(channels, by_channel)) AS pair
                    FROM panel_agent_intervals WHERE {INTERVALS})
                GROUP BY time, channel ORDER BY time""",
                    "timeseries",
                )
            ],
            panels.COUNT,
            "counts",
            series="${__field.labels.channel}",
        ),
        panels.ranking(
            "What agents do now",
            "By the state that they told last; none once it has lasted too long.",
            Now('sum by (state) (max by (team, state) (journey_agents{team=~"${team:regex}"}))', legend="{{state}}"),
            panels.AGENTS,
            "staffed; available, busy, after-contact work, away",
            width=8,
            none="nobody tells",
        ),
        panels.rows(
            "Teams",
            "Sums of the chosen time.",
            Sql(f"""SELECT
                    team AS `Team`, uniqExact(agent) AS `Agents`, sum(contacts) AS `Contacts`,
                    {OCCUPANCY} AS `Occupancy`,
                    if(sum(busy_s) = 0, NULL, sum(slot_s) / sum(busy_s)) AS `At once`,
                    if(sum(handled) = 0, NULL, sum(talk_s + hold_s + wrap_s) / sum(handled)) AS `Handle time`,
                    if(sum(contacts) = 0, NULL, sum(transfers_out) / sum(contacts)) AS `Passed on`,
                    if(sum(contacts) = 0, NULL, sum(hard) / sum(contacts)) AS `Hard`,
                    if(sum(contacts) = 0, NULL, sum(resolved) / sum(contacts)) AS `Resolved`
                FROM panel_agent_intervals WHERE {INTERVALS}
                GROUP BY team HAVING sum(busy_s + available_s) > 0 ORDER BY team"""),
            "occupancy",
            "slot_s, concurrency",
            "hard",
            columns=_shares() | {"Agents": Column(panels.COUNT)},
            width=16,
            height=8,
        ),
    ]


def one_by_one() -> list[Panel]:
    return [
        panels.rows(
            "Agents by day",
            "Days are of UTC. The longest row of hard contacts says who may need a break.",
            Sql(f"""SELECT
                    day AS `Day`, agent AS `Agent`, team AS `Team`, site AS `Site`, contacts AS `Contacts`,
                    occupancy AS `Occupancy`,
                    concurrency AS `At once`,
                    if(handled = 0, NULL, (talk_s + hold_s + wrap_s) / handled) AS `Handle time`,
                    if(handled = 0, NULL, hold_s / handled) AS `Hold`, acw_s AS `After-contact work`,
                    staffed_s AS `Staffed`,
                    transfers_in AS `Transfers in`, if(contacts = 0, NULL, transfers_out / contacts) AS `Passed on`,
                    escalations AS `Escalations`, if(contacts = 0, NULL, hard / contacts) AS `Hard`,
                    longest_hard_run AS `Hard in a row`, if(contacts = 0, NULL, resolved / contacts) AS `Resolved`
                FROM panel_agents WHERE $__dateFilter(day) AND {CHOSEN}
                ORDER BY day DESC, longest_hard_run DESC, agent LIMIT 1000"""),
            "hard",
            "row of hard ones",
            "passed on, resolved by",
            "occupancy",
            columns=_shares()
            | {
                "Hold": Column(panels.SECONDS, decimals=0),
                "After-contact work": Column(panels.SECONDS, decimals=0),
                "Staffed": Column(panels.SECONDS, decimals=0),
                "Transfers in": Column(panels.COUNT),
                "Escalations": Column(panels.COUNT),
                "Hard in a row": Column(panels.COUNT, steps=((None, "text"), (3, "orange"), (5, "red"))),
            },
            height=14,
        ),
    ]


def _shares() -> dict[str, Column]:
    return {
        "Contacts": Column(panels.COUNT),
        "Occupancy": Column(panels.SHARE, steps=BUSY, decimals=0),
        "At once": Column(decimals=2),
        "Handle time": Column(panels.SECONDS, decimals=0),
        "Passed on": Column(panels.SHARE, decimals=0),
        "Hard": Column(panels.SHARE, decimals=0),
        "Resolved": Column(panels.SHARE, decimals=0),
    }
