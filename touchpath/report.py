"""`touchpath report`: the figures that a person asks for first."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, cast

import msgspec
import typer
from rich.table import Table

from touchpath import options
from touchpath.layout import Layout
from touchpath.problem import Problem
from touchpath.queries import Queries, queries
from touchpath.terminal import ANSWERS

if TYPE_CHECKING:
    from sinks.report import Agents, Report
    from sinks.store import Store


def report(
    data: options.Data = options.DATA,
    clickhouse: options.ClickHouse = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object instead; its keys are stable.")] = False,
) -> None:
    """Print contacts, waiting, service level, first contact resolution, journeys, what they meant, causes and agents.

    \b
    Example:
      touchpath report --data data --json
    """
    from sinks.store import StoreError

    try:
        with queries(Layout(data), clickhouse) as store:
            show(store, json)
    except StoreError as error:
        raise Problem(str(error)) from None


def show(store: Queries, json: bool = False) -> None:
    """Print the report of what is in ``store``."""
    from sinks.report import report

    found = report(cast("Store", store))
    if json:
        print(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    else:
        for table in _tables(found):
            ANSWERS.print(table)


def _tables(found: Report) -> list[Table]:
    as_of = _time(found.as_of) if found.as_of else "nothing yet"
    since = f"; since {_time(found.provisional_since)} provisional" if found.provisional_since else ""
    figures = _table(f"as of {as_of}{since}", "", "")
    for name, value in (
        ("contacts", found.contacts),
        ("answered", found.answered),
        ("abandoned in queue", found.abandoned_in_queue),
        ("left in the IVR", found.left_in_ivr),
        ("answered within the target", found.answered_within_target),
        ("abandoned within the target", found.abandoned_within_target),
        ("abandoned at once (short)", found.abandoned_short),
        ("mean wait of the answered, s", found.mean_wait_answered_s),
        ("mean service of the answered, s", found.mean_service_answered_s),
        ("identified customers", found.identified_customers),
        ("journeys", found.journeys),
        ("journeys open", found.journeys_open),
        ("channel switches", found.switches),
        ("repeat contacts", found.repeats),
        ("mean effort of a journey, 0 to 100", found.mean_effort),
        ("touchpoints", found.touchpoints),
        ("dead letters", found.dead_letters),
    ):
        figures.add_row(name, _figure(value))
    levels = _table("service level", "dialect", "within", "offered", "level")
    for one in found.service_level:
        levels.add_row(one.dialect, _figure(one.within), _figure(one.offered), _ratio(one.service_level))
    fcr = _table(
        "first contact resolution (identified customers)",
        *("window", "scope", "attempt", "broken", "confirmed", "pending", "FCR"),
    )
    for row in found.fcr:
        # Before a window has passed only what broke is settled: that is no rate (the console says so too).
        known = row.confirmed / (row.broken + row.confirmed) if row.confirmed else None
        fcr.add_row(
            *(f"{row.window_days} d", row.scope, row.attempt, *map(_figure, (row.broken, row.confirmed, row.pending))),
            _ratio(known),
        )
    redials = _table(
        "after an abandonment in queue (identified customers)",
        *("abandoned", "redialled", "recovered", "called back", "lost", "pending"),
    )
    again = found.redials
    redials.add_row(
        *map(_figure, (again.abandoned, again.redialled, again.recovered, again.called_back, again.lost, again.pending))
    )
    rest = (*_meaning(found), *_causes(found), *_feelings(found), _agents(found.agents))
    return [figures, levels, fcr, redials, *rest]


def _feelings(found: Report) -> list[Table]:
    """How customers sounded and what they answered; nothing where neither is known."""
    tables = []
    if found.sentiment.contacts:
        sentiment = _table(
            "sentiment of customers, from -1 to 1",
            *("contacts", "mean first", "mean last", "ended worse", "sudden drops"),
        )
        mood = found.sentiment
        sentiment.add_row(*map(_figure, (mood.contacts, mood.mean_first, mood.mean_last, mood.ended_worse, mood.drops)))
        tables.append(sentiment)
    if found.surveys:
        surveys = _table("survey scores", *("kind", "responses", "mean", "score"))
        for row in found.surveys:
            surveys.add_row(row.kind.upper(), *map(_figure, (row.responses, row.mean, row.score)))
        tables.append(surveys)
    if found.response_rates:
        rates = _table(
            "answers to surveys, by the channel asked about", *("channel", "asked", "answered", "rate", "unasked")
        )
        for one in found.response_rates:
            rates.add_row(
                one.channel or "unknown",
                *(_figure(one.invitations), _figure(one.responses), _ratio(one.response_rate), _figure(one.unasked)),
            )
        tables.append(rates)
    return tables


def _agents(found: Agents) -> Table:
    table = _table("agents", "", "")
    for name, value in (
        ("agents", _figure(found.agents)),
        ("contacts that they got", _figure(found.contacts)),
        ("occupancy by the wall clock", _ratio(found.occupancy)),
        ("occupancy weighted by slots", _ratio(found.occupancy_by_slots)),
        ("contacts at once while busy", _figure(found.concurrency)),
        ("after-contact work, s", _figure(found.after_contact_work_s)),
        ("transfers in", _figure(found.transfers_in)),
        ("transfers out", _figure(found.transfers_out)),
        ("escalations", _figure(found.escalations)),
        ("hard contacts", _figure(found.hard)),
        ("longest row of hard contacts", _figure(found.longest_hard_run)),
    ):
        table.add_row(name, value)
    return table


def _meaning(found: Report) -> list[Table]:
    """What the journeys were to customers; without journeys nothing, and without surveys no moments."""
    stages = _table("stages of the journeys", "stage", "journeys", "median, s", "dropped off", "of the closed")
    for stage in found.stages:
        counts = map(_figure, (stage.journeys, stage.median_s, stage.dropped_off))
        stages.add_row(stage.stage, *counts, _ratio(stage.share))
    friction = _table("friction", "kind", "times", "journeys")
    for one in found.friction:
        friction.add_row(one.kind, _figure(one.times), _figure(one.journeys))
    moments = _table(
        "moments of truth: what friction in a stage goes with in the survey score, 0 to 100",
        *("stage", "with", "without", "effect", "95 % interval", "p", "weight"),
    )
    for moment in found.moments:
        interval = f"{moment.low:+.1f} to {moment.high:+.1f}"
        counts = map(_figure, (moment.with_friction, moment.without))
        moments.add_row(
            moment.stage, *counts, f"{moment.effect:+.1f}", interval, f"{moment.p:.2g}", _figure(moment.weight)
        )
    return [table for table in (stages, friction, moments) if table.row_count]


def _causes(found: Report) -> list[Table]:
    causes = _table(
        "root causes, today and yesterday (* beyond chance)",
        *("day", "", "event", "of", "cause", "count", "exposed", "expected", "lift", "minutes", "customers"),
    )
    for cause in found.root_causes:
        causes.add_row(
            *(f"{cause.day:%m-%d}", "*" if cause.significant else "", cause.event, cause.dimension, cause.cause),
            *map(_figure, (cause.count, cause.exposed)),
            *("-" if one is None else f"{one:,.1f}" for one in (cause.expected, cause.lift, cause.minutes)),
            _figure(cause.customers),
        )
    return [causes] if found.root_causes else []


_WORDS = frozenset({"", "dialect", "scope", "attempt", "stage", "kind", "channel", "day", "event", "of", "cause"})


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", show_header=any(columns), box=None, pad_edge=False)
    table.padding = (0, 2, 0, 0)
    for column in columns:
        table.add_column(column, justify="left" if column in _WORDS else "right")
    return table


def _time(value: datetime) -> str:
    return value.strftime("%Y-%m-%d %H:%M:%S UTC")


def _figure(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.3f}" if isinstance(value, float) else f"{value:,}"


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
