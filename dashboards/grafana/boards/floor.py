"""Live floor: how the queues are, who is missing where,
and what can be done about it. What is now comes from Prometheus."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard

from dashboards.grafana import links, marks, panels, variables
from dashboards.grafana.frame import board as frame
from dashboards.grafana.panels import Column, Panel
from dashboards.grafana.sources import Course, Now

CHOSEN = variables.picked("site", "channel", "queue")
PLACE = ("queue", "channel", "site")
BY = "max by (queue, channel, site)"
"""Two exporters that say the same count once."""
TO_STAFFING = "How this queue is staffed", links.to(links.STAFFING, {"queue": "Queue", "channel": "Channel"})


def board() -> Dashboard:
    return frame(
        links.FLOOR,
        "Live floor",
        "Queues now: who waits, who is in time, who is missing in the next half hour, and which moves would help.",
        [("Now", now()), ("Agents", agents()), ("Queues", queues()), ("What to do", to_do())],
        ("prometheus", "clickhouse"),
        variables.live("site", "channel", "queue"),
        [marks.alerts('queue=~"|$queue"'), marks.moves()],
        since="now-3h",
        refresh="15s",
    )


def now() -> list[Panel]:
    return [
        panels.number(
            "Service level, 15 min",
            "Of those who left the chosen queues in 15 min, how many had been answered in time.",
            Now(
                f"""sum(queue:journey_within_target:contacts15m{{{CHOSEN}}})
                / (sum(queue:journey_counted:contacts15m{{{CHOSEN}}}) > 0)""",
                legend="service level",
            ),
            panels.SHARE,
            "service level, 5 and 15 min",
            "ours",
            steps=panels.LEVEL,
            none="nobody left a queue",
            decimals=0,
        ),
        panels.number(
            "Waiting",
            "Contacts that wait now.",
            Now(f"sum({BY} (journey_staffing_waiting_contacts{{{CHOSEN}}}))", legend="waiting"),
            panels.COUNT,
            "waiting, oldest, connected",
            none="no figures",
        ),
        panels.number(
            "Longest wait",
            "How long the one has waited who waits longest.",
            Now(
                f"max(time() - (journey_staffing_oldest_entered_timestamp_seconds{{{CHOSEN}}} > 0))",
                legend="longest wait",
            ),
            panels.SECONDS,
            "waiting, oldest, connected",
            none="nobody waits",
            steps=((None, "green"), (60, "orange"), (300, "red")),
        ),
        panels.number(
            "Agents missing next",
            "In the next interval, added up over the queues that are short; what is over in one "
            "queue fills no gap in another.",
            Now(f'sum(clamp_min(queue:journey_gap:agents{{{CHOSEN}, ahead="1"}}, 0))', legend="missing"),
            panels.AGENTS,
            "required",
            steps=panels.GAP,
            none="no plan",
            decimals=1,
        ),
        panels.number(
            "Agents free",
            "Available, and with nothing in hand. Who takes from several queues counts in each for a part.",
            Now(f'sum({BY} (journey_staffing_agents{{{CHOSEN}, state="available"}}))', legend="free"),
            panels.AGENTS,
            "staffed; available, busy, after-contact work, away",
            none="no figures",
            decimals=1,
        ),
        panels.number(
            "Figures are old",
            "How old the newest plan is; above 2 min all figures here are stale, and no staffing alert starts to fire.",
            Now("pipeline:journey_figures_age:seconds", legend="age"),
            panels.SECONDS,
            steps=panels.AGE,
            none="no figures at all",
            link=("Pipeline health", links.to(links.PIPELINE)),
        ),
    ]


def agents() -> list[Panel]:
    def total(metric: str, more: str = "") -> str:
        return f"sum({BY} ({metric}{{{CHOSEN}{more}}}))"

    return [
        panels.lines(
            "Need against available",
            "Agents on the floor in the interval under way, of the chosen queues together.",
            [
                Course(total("journey_staffing_required_agents", ', ahead="0"'), "required", "A"),
                Course(total("journey_staffing_available_agents", ', ahead="0"'), "available", "B"),
                Course(total("journey_staffing_scheduled_agents", ', ahead="0"'), "scheduled", "C"),
            ],
            panels.AGENTS,
            "required",
            "scheduled, adherence",
            dashed=["required"],
            decimals=1,
        ),
        panels.lines(
            "Gap in the next interval",
            "Agents required less available: above 0 some are missing. 1 is what pages.",
            [Course(f'queue:journey_gap:agents{{{CHOSEN}, ahead="1"}}', "{{queue}} {{channel}}")],
            panels.AGENTS,
            "required",
            low=None,
            steps=((None, "transparent"), (1, "red")),
            decimals=1,
        ),
        panels.stacks(
            "What agents do",
            "Who takes from several queues counts in each for a part, so that the columns add up.",
            [Course(f"sum by (state) ({BY[:-1]}, state) (journey_staffing_agents{{{CHOSEN}}}))", "{{state}}")],
            panels.AGENTS,
            "staffed; available, busy, after-contact work, away",
        ),
        panels.lines(
            "Expected against came",
            "Contacts of the interval under way: what was expected of all of it, the range in "
            "which nine of ten such intervals end at either side, and who has come so far.",
            [
                Course(total("journey_staffing_forecast_low_contacts", ', ahead="0"'), "low", "A"),
                Course(total("journey_staffing_forecast_high_contacts", ', ahead="0"'), "high", "B"),
                Course(total("journey_staffing_forecast_contacts", ', ahead="0"'), "expected", "C"),
                Course(total("journey_staffing_arrived_contacts"), "came so far", "D"),
            ],
            panels.COUNT,
            dashed=["expected"],
            band=("low", "high"),
        ),
    ]


def queues() -> list[Panel]:
    def of(metric: str, more: str = "") -> str:
        return f"{BY} ({metric}{{{CHOSEN}{more}}})"

    return [
        panels.figures(
            "Queues now",
            "A row a queue and channel. A click on a queue leads to its staffing.",
            PLACE,
            {
                "Waiting": of("journey_staffing_waiting_contacts"),
                "Longest wait": f"{BY} (time() - (journey_staffing_oldest_entered_timestamp_seconds{{{CHOSEN}}} > 0))",
                "In time, 15 min": of("journey_staffing_service_level_ratio", ', window="15m"'),
                "Target": of("journey_staffing_target_ratio"),
                "Within": of("journey_staffing_target_seconds"),
                "Offered, 15 min": of("journey_staffing_offered_contacts", ', window="15m"'),
                "Handle time": of("journey_staffing_aht_seconds"),
                "Free": of("journey_staffing_agents", ', state="available"'),
                "Busy": of("journey_staffing_agents", ', state="busy"'),
                "Missing next": f'queue:journey_gap:agents{{{CHOSEN}, ahead="1"}}',
                "Missing after": f'queue:journey_gap:agents{{{CHOSEN}, ahead="2"}}',
            },
            "service level, 5 and 15 min",
            "handle time (AHT)",
            "required",
            columns={
                "Queue": Column(panels.WORD, link=TO_STAFFING, width=170),
                "Waiting": Column(panels.COUNT),
                "Longest wait": Column(
                    panels.SECONDS, steps=((None, "green"), (60, "orange"), (300, "red")), decimals=0
                ),
                "In time, 15 min": Column(panels.SHARE, steps=panels.LEVEL, decimals=0),
                "Target": Column(panels.SHARE, decimals=0),
                "Within": Column(panels.SECONDS),
                "Offered, 15 min": Column(panels.COUNT),
                "Handle time": Column(panels.SECONDS, decimals=0),
                "Free": Column(panels.AGENTS, decimals=1),
                "Busy": Column(panels.AGENTS, decimals=1),
                "Missing next": Column(panels.AGENTS, steps=panels.GAP, decimals=1),
                "Missing after": Column(panels.AGENTS, steps=panels.GAP, decimals=1),
            },
            none="no figures",
        ),
        panels.lines(
            "Service level by queue, 15 min",
            "Of those who left the queue in 15 min, how many had been answered in time. "
            "The line is the usual target, 80 %; a queue's own stands in the table.",
            [Course(of("journey_staffing_service_level_ratio", ', window="15m"'), "{{queue}} {{channel}}")],
            panels.SHARE,
            "service level, 5 and 15 min",
            "ours",
            high=1,
            steps=((None, "transparent"), (0.8, "green")),
        ),
        panels.lines(
            "Waiting by queue",
            "Contacts that wait.",
            [Course(of("journey_staffing_waiting_contacts"), "{{queue}} {{channel}}")],
            panels.COUNT,
            "waiting, oldest, connected",
        ),
    ]


def to_do() -> list[Panel]:
    pair = ("giver", "giver_channel", "taker", "taker_channel", "site")

    def move(metric: str, more: str = "") -> str:
        return f'max by ({", ".join(pair)}) ({metric}{{site=~"$site", taker=~"$queue"{more}}})'

    level = "journey_move_service_level_ratio"
    alert = "alertname, severity, queue, channel, site"
    return [
        panels.figures(
            "Recommended moves",
            "Agents to move now, and the service level that is foretold for both queues while the move "
            "lasts. What came of earlier ones stands under Staffing.",
            pair,
            {
                "Agents": move("journey_move_agents"),
                "More in time": move("journey_move_gain_contacts"),
                "Taker without": move(level, ', side="taker", move="without"'),
                "Taker with": move(level, ', side="taker", move="with"'),
                "Giver without": move(level, ', side="giver", move="without"'),
                "Giver with": move(level, ', side="giver", move="with"'),
                "Decide by": f"1000 * {move('journey_move_deadline_timestamp_seconds')}",
                "Until": f"1000 * {move('journey_move_until_timestamp_seconds')}",
            },
            columns={
                "Agents": Column(panels.AGENTS),
                "More in time": Column(panels.COUNT, decimals=0),
                "Taker without": Column(panels.SHARE, steps=panels.LEVEL, decimals=0),
                "Taker with": Column(panels.SHARE, steps=panels.LEVEL, decimals=0),
                "Giver without": Column(panels.SHARE, steps=panels.LEVEL, decimals=0),
                "Giver with": Column(panels.SHARE, steps=panels.LEVEL, decimals=0),
                "Decide by": Column(panels.MOMENT),
                "Until": Column(panels.MOMENT),
            },
            height=6,
            none="no move would help",
        ),
        panels.figures(
            "Alerts that fire",
            "Of the chosen queues and of the centre as a whole.",
            ("alertname", "severity", "queue", "channel", "site"),
            {
                "Since": f"1000 * max by ({alert}) "
                f'(ALERTS_FOR_STATE{{alertname!="JourneyWatchdog", queue=~"|$queue"}}) '
                f'and on ({alert}) ALERTS{{alertstate="firing"}}',
            },
            columns={"Since": Column(panels.MOMENT), "Queue": Column(panels.WORD, link=TO_STAFFING)},
            height=6,
            none="none",
        ),
    ]
