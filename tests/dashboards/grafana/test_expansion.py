"""The small expansion of variables and macros that the other tests rest on, held against what is documented."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.dashboards.grafana.expansion import ALL, Choice, promql, sql

SINCE, UNTIL = datetime(2022, 10, 21, 22, 52, 5, tzinfo=UTC), datetime(2022, 10, 23, 1, 0, tzinfo=UTC)
OPTIONS = ["a", "it's", "b.c"]


@pytest.mark.parametrize(
    ("query", "values", "expanded"),
    [
        ("$__timeFilter(time)", [], "time >= toDateTime(1666392725) AND time <= toDateTime(1666486800)"),
        ("$__dateFilter(date)", [], "date >= toDate('2022-10-21') AND date <= toDate('2022-10-23')"),
        ("$__timeInterval(time)", [], "toStartOfInterval(toDateTime(time), INTERVAL 20 second)"),
        ("$__interval_s", [], "20"),
        ("q IN (${queue:singlequote})", ["a", "it's"], r"q IN ('a','it\'s')"),
        ("q IN (${queue:singlequote})", ALL, r"q IN ('a','it\'s','b.c')"),
        ("$queue ${queue}", ["a", "b.c"], "a,b.c a,b.c"),
        ("$__conditionalAll(f(q, 1) IN (${queue:singlequote}), $queue) OR 1", ["a"], "f(q, 1) IN ('a') OR 1"),
        ("$__conditionalAll(q IN (${queue:singlequote}), $queue)", ALL, "1=1"),
    ],
)
def test_sql(query: str, values: list[str], expanded: str) -> None:
    assert sql(query, {"queue": Choice(values, OPTIONS)}, SINCE, UNTIL, 20) == expanded


@pytest.mark.parametrize(
    ("expr", "choice", "expanded"),
    [
        ('up{q=~"$queue"}', Choice(["a"], OPTIONS), 'up{q=~"a"}'),
        ('up{q=~"|$queue"}', Choice(["a", "b.c"], OPTIONS), r'up{q=~"|(a|b\\.c)"}'),
        ('up{q=~"${queue:regex}"}', Choice(ALL, ["a", "b"]), 'up{q=~"(a|b)"}'),
        ('up{q=~"$queue"}', Choice(ALL, OPTIONS, ".*"), 'up{q=~".*"}'),
        ("rate(up[$__rate_interval])", Choice([]), "rate(up[60s])"),
    ],
)
def test_promql(expr: str, choice: Choice, expanded: str) -> None:
    assert promql(expr, {"queue": choice}) == expanded


def test_what_is_not_known_is_an_error() -> None:
    with pytest.raises(AssertionError, match="not expanded"):
        sql("SELECT $__fromTime", {}, SINCE, UNTIL)
