"""The figures that a person asks for first, from the views, as of the newest touchpoint."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import msgspec

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
    """The customer rang again within 60 min, whether or not a call-back came first."""
    recovered: int
    called_back: int
    lost: int
    pending: int


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
    root_causes: tuple[RootCause, ...] = ()


_TOUCHPOINTS = "SELECT count() AS touchpoints, max(time) AS as_of FROM touchpoints FINAL"
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
            AND again.contact_id != abandoned.contact_id
            AND again.started_at BETWEEN abandoned.abandoned_at AND abandoned.abandoned_at + toIntervalMinute(60)
    ))) AS redialled,
    countIf(outcome = 'recovered') AS recovered,
    countIf(outcome = 'called_back') AS called_back,
    countIf(outcome = 'lost') AS lost,
    countIf(outcome = 'pending') AS pending
FROM v_redials WHERE identified AND queue != ''
"""
_JOURNEYS = "SELECT count() AS journeys, countIf(state = 'open') AS journeys_open FROM v_journeys"
_SWITCHES = "SELECT count() AS switches FROM v_switches"
_ROOT_CAUSES = """
SELECT
    day, rank, event, dimension, cause, count, exposed, expected, lift, p_value, toBool(significant) AS significant,
    minutes, customers
FROM v_root_causes
WHERE day >= toDate((SELECT max(time) FROM touchpoints)) - 1 AND rank <= 5
ORDER BY day DESC, rank
"""


def report(store: Store) -> Report:
    """The figures in ``store`` now. Raises ``StoreError``."""

    def rows(sql: str) -> list[dict[str, Any]]:
        found = store.query(sql)
        return [dict(zip(found.names, row, strict=True)) for row in found.rows]

    (touchpoints,) = rows(_TOUCHPOINTS)
    if not touchpoints["touchpoints"]:
        touchpoints["as_of"] = None
    figures: dict[str, Any] = {}
    for sql in (_DEAD_LETTERS, _CONTACTS, _VISITS, _JOURNEYS, _SWITCHES):
        figures |= rows(sql)[0]
    return Report(
        **touchpoints,
        **figures,
        service_level=tuple(ServiceLevel(**row) for row in rows(_SERVICE_LEVEL)),
        fcr=tuple(Fcr(**row) for row in rows(_FCR)),
        redials=Redials(**rows(_REDIALS)[0]),
        root_causes=tuple(RootCause(**row) for row in rows(_ROOT_CAUSES)),
    )
