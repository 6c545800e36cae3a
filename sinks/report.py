"""The figures that a person asks for first, from the views, as of the newest touchpoint."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import msgspec

from journeys.moments import Moment, moments
from sinks.store import Store


class ServiceLevel(msgspec.Struct, frozen=True):
    """``service_level`` = ``within`` / ``offered`` in the words of the dialect; none while nothing counts."""

    dialect: str
    within: int
    offered: int
    service_level: float | None


class Fcr(msgspec.Struct, frozen=True):
    """First contact resolution of identified customers' ended attempts within ``window_days``."""

    window_days: int
    scope: str
    attempt: str
    broken: int
    confirmed: int
    pending: int


class Redials(msgspec.Struct, frozen=True):
    """Of identified customers' inbound contacts that were abandoned in a queue."""

    abandoned: int
    redialled: int
    """The customer rang again within the redial window, whether or not a call-back came first."""
    recovered: int
    called_back: int
    lost: int
    pending: int


class Sentiment(msgspec.Struct, frozen=True):
    """Of the contacts that have a sentiment, from -1 to 1: how they began and ended on average, none without any."""

    contacts: int
    mean_first: float | None
    mean_last: float | None
    ended_worse: int
    """Ended below where they began."""
    drops: int
    """Sudden drops."""


class SurveyScore(msgspec.Struct, frozen=True):
    """``score`` in the words of ``kind``: csat, percent of 4 and 5; nps, from -100 to 100; ces and qa, the mean."""

    kind: str
    responses: int
    mean: float
    score: float


class ResponseRate(msgspec.Struct, frozen=True):
    """Contacts in ``channel`` after which the customer was asked, and those of them that got an answer."""

    channel: str
    invitations: int
    responses: int
    unasked: int
    """Answers that nobody asked for by an invitation."""
    response_rate: float | None


class Agents(msgspec.Struct, frozen=True):
    """Of all intervals together. Ratios are none while nobody was busy or available."""

    agents: int
    contacts: int
    """That agents got."""
    occupancy: float | None
    """Busy over busy and available, by the wall clock."""
    occupancy_by_slots: float | None
    """The same, weighted by the slots that were in use."""
    concurrency: float | None
    """Contacts at once while busy."""
    after_contact_work_s: float
    transfers_in: int
    transfers_out: int
    escalations: int
    hard: int
    longest_hard_run: int
    """Hard contacts in a row, of one agent on one day."""


class Stage(msgspec.Struct, frozen=True):
    """``median_s``: seconds that a journey spends in it; ``share``: of the closed journeys that came through it, those
    that dropped off there; none while none is closed."""

    stage: str
    journeys: int
    median_s: float
    dropped_off: int
    share: float | None


class Friction(msgspec.Struct, frozen=True):
    """How often something went wrong, and in how many journeys."""

    kind: str
    times: int
    journeys: int


class RootCause(msgspec.Struct, frozen=True):
    """One of the first causes of today or yesterday (UTC, as events go); none where nothing is comparable."""

    day: date
    rank: int
    event: str
    dimension: str
    cause: str
    count: int
    exposed: int
    expected: float | None
    lift: float | None
    p_value: float | None
    significant: bool
    minutes: float
    customers: int


class Report(msgspec.Struct, frozen=True):
    """Counts are of leading contacts (a visit of several touches is one); means are in seconds, none without any."""

    as_of: datetime | None
    """Time (UTC) of the newest touchpoint; none if there is no touchpoint yet."""
    provisional_since: datetime | None
    """Figures of what happened since may still change with what comes late; none if there is no touchpoint yet."""
    touchpoints: int
    dead_letters: int
    contacts: int
    answered: int
    abandoned_in_queue: int
    left_in_ivr: int
    answered_within_target: int
    abandoned_within_target: int
    abandoned_short: int
    service_level: tuple[ServiceLevel, ...]
    mean_wait_answered_s: float | None
    mean_service_answered_s: float | None
    identified_customers: int
    fcr: tuple[Fcr, ...]
    redials: Redials
    journeys: int
    journeys_open: int
    switches: int
    repeats: int
    sentiment: Sentiment
    surveys: tuple[SurveyScore, ...]
    response_rates: tuple[ResponseRate, ...]
    agents: Agents
    mean_effort: float | None
    """Of all journeys, 0 to 100."""
    stages: tuple[Stage, ...]
    friction: tuple[Friction, ...]
    """The most frequent first."""
    moments: tuple[Moment, ...]
    """Stages whose friction moves the survey score, the weightiest first."""
    root_causes: tuple[RootCause, ...] = ()


_TOUCHPOINTS = "SELECT count() AS touchpoints, max(time) AS as_of FROM touchpoints FINAL"
_HORIZON = "SELECT provisional_since FROM v_horizon"
_DEAD_LETTERS = "SELECT count() AS dead_letters FROM dead_letters FINAL"
_CONTACTS = """
SELECT
    count() AS contacts,
    countIf(outcome = 'answered') AS answered,
    countIf(outcome = 'abandoned' AND queue != '') AS abandoned_in_queue,
    countIf(channel = 'ivr' AND queue = '' AND outcome != 'answered') AS left_in_ivr,
    if(answered = 0, NULL, sumIf(wait_s, outcome = 'answered') / answered) AS mean_wait_answered_s,
    if(answered = 0, NULL, sumIf(talk_s, outcome = 'answered') / answered) AS mean_service_answered_s,
    uniqExactIf(customer, identified) AS identified_customers,
    countIf(repeat_of_any != '') AS repeats
FROM v_contacts
"""
_VISITS = """
SELECT
    countIf(outcome = 'answered' AND coalesce(wait_s, 0) <= target_s) AS answered_within_target,
    countIf(outcome = 'abandoned' AND coalesce(wait_s, 0) <= target_s) AS abandoned_within_target,
    countIf(outcome = 'abandoned' AND coalesce(wait_s, 0) <= short_s) AS abandoned_short
FROM v_visits
"""
_SERVICE_LEVEL = """
SELECT
    dialect,
    sum(total.within) AS within,
    sum(total.offered) AS offered,
    if(offered = 0, NULL, within / offered) AS service_level
FROM v_service_level AS total GROUP BY dialect ORDER BY dialect
"""
_FCR = "SELECT window_days, scope, attempt, broken, confirmed, pending FROM v_fcr"
_REDIALS = """
SELECT
    count() AS abandoned,
    countIf(redial_id != '' AND (outcome != 'called_back' OR contact_id IN
    (
        SELECT abandoned.contact_id
        FROM v_redials AS abandoned
        INNER JOIN v_contacts AS again ON again.customer = abandoned.customer
        WHERE abandoned.outcome = 'called_back' AND again.direction = 'inbound'
            AND again.channel NOT IN ('survey', 'review')
            AND again.contact_id != abandoned.contact_id
            AND again.started_at BETWEEN abandoned.abandoned_at AND abandoned.redial_until
    ))) AS redialled,
    countIf(outcome = 'recovered') AS recovered,
    countIf(outcome = 'called_back') AS called_back,
    countIf(outcome = 'lost') AS lost,
    countIf(outcome = 'pending') AS pending
FROM v_redials WHERE identified AND queue != ''
"""
_JOURNEYS = """
SELECT count() AS journeys, countIf(state = 'open') AS journeys_open, if(journeys = 0, NULL, avg(effort)) AS mean_effort
FROM v_journeys
"""
_STAGES = """
SELECT
    stage,
    count() AS journeys,
    quantileExactInclusive(0.5)(seconds) AS median_s,
    any(closed.dropped_off) AS dropped_off,
    if(any(closed.journeys) = 0, NULL, any(closed.share)) AS share
FROM v_stages AS stages LEFT JOIN v_drop_offs AS closed ON closed.stage = stages.stage
GROUP BY stages.stage AS stage ORDER BY journeys DESC, stage
"""
_FRICTION = """
SELECT kind, sum(times) AS times, uniqExact(journey_id) AS journeys
FROM v_friction GROUP BY kind ORDER BY times DESC, kind
"""
_MOMENTS = "SELECT journey_id, stage, points, score FROM v_moments WHERE score IS NOT NULL"
_SWITCHES = "SELECT count() AS switches FROM v_switches"
_ROOT_CAUSES = """
SELECT
    day, rank, event, dimension, cause, count, exposed, expected, lift, p_value, toBool(significant) AS significant,
    minutes, customers
FROM v_root_causes
WHERE day >= toDate((SELECT max(time) FROM touchpoints)) - 1 AND rank <= 5
ORDER BY day DESC, rank
"""

_SENTIMENT = """
SELECT
    count() AS contacts,
    if(contacts = 0, NULL, avg(first)) AS mean_first,
    if(contacts = 0, NULL, avg(last)) AS mean_last,
    countIf(trend < 0) AS ended_worse,
    sum(found.drops) AS drops
FROM v_sentiment AS found
"""
_SURVEYS = """
SELECT
    kind,
    sum(found.responses) AS responses,
    sum(found.mean * found.responses) / responses AS mean,
    sum(found.score * found.responses) / responses AS score
FROM v_survey_scores AS found GROUP BY kind ORDER BY kind
"""
_RESPONSE_RATES = "SELECT channel, invitations, responses, unasked, response_rate FROM v_response_rates"
_AGENTS = """
SELECT
    uniqExact(agent) AS agents,
    sum(contacts) AS contacts,
    if(sum(busy_s + available_s) = 0, NULL, sum(busy_s) / sum(busy_s + available_s)) AS occupancy,
    if(sum(busy_s + available_s) = 0, NULL, sum(load_s) / sum(busy_s + available_s)) AS occupancy_by_slots,
    if(sum(busy_s) = 0, NULL, sum(slot_s) / sum(busy_s)) AS concurrency,
    sum(acw_s) AS after_contact_work_s,
    sum(transfers_in) AS transfers_in,
    sum(transfers_out) AS transfers_out,
    sum(escalations) AS escalations,
    sum(hard) AS hard,
    max(hard_run) AS longest_hard_run
FROM agent_intervals FINAL WHERE is_deleted = 0
"""


def report(store: Store) -> Report:
    """The figures in ``store`` now. Raises ``StoreError``."""

    def rows(sql: str) -> list[dict[str, Any]]:
        return store.query(sql).dicts()

    touchpoints = rows(_TOUCHPOINTS)[0] | rows(_HORIZON)[0]
    if not touchpoints["touchpoints"]:
        touchpoints["as_of"] = touchpoints["provisional_since"] = None
    figures: dict[str, Any] = {}
    for sql in (_DEAD_LETTERS, _CONTACTS, _VISITS, _JOURNEYS, _SWITCHES):
        figures |= rows(sql)[0]
    return Report(
        **touchpoints,
        **figures,
        service_level=tuple(ServiceLevel(**row) for row in rows(_SERVICE_LEVEL)),
        fcr=tuple(Fcr(**row) for row in rows(_FCR)),
        redials=Redials(**rows(_REDIALS)[0]),
        sentiment=Sentiment(**rows(_SENTIMENT)[0]),
        surveys=tuple(SurveyScore(**row) for row in rows(_SURVEYS)),
        response_rates=tuple(ResponseRate(**row) for row in rows(_RESPONSE_RATES)),
        agents=Agents(**rows(_AGENTS)[0]),
        stages=tuple(Stage(**row) for row in rows(_STAGES)),
        friction=tuple(Friction(**row) for row in rows(_FRICTION)),
        moments=tuple(moments(store.query(_MOMENTS).rows)),
        root_causes=tuple(RootCause(**row) for row in rows(_ROOT_CAUSES)),
    )
