"""What Grafana and its ClickHouse plugin put in the place of variables and macros, as far as our dashboards use them.

- Variables: https://grafana.com/docs/grafana/v11.6/dashboards/variables/variable-syntax/
- Macros of Prometheus: https://grafana.com/docs/grafana/v11.6/datasources/prometheus/template-variables/
- Macros of the plugin: https://grafana.com/docs/plugins/grafana-clickhouse-datasource/latest/query-editor/ (macros)

Whatever is left afterwards that looks like one is an error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

ALL = ("$__all",)


class Choice(NamedTuple):
    """Of one variable: what is chosen (``ALL``, or some values), and all that there is to choose from."""

    values: Sequence[str]
    options: Sequence[str] = ()
    all_value: str = ""

    @property
    def meant(self) -> Sequence[str]:
        return self.options if tuple(self.values) == ALL else self.values


Choices = Mapping[str, Choice]
_VARIABLE = re.compile(r"\$(?:\{(?P<braced>\w+)(?::(?P<format>\w+))?\}|(?P<bare>(?!__)\w+))")
_CONDITION = "$__conditionalAll("


def promql(expr: str, choices: Choices, interval_s: int = 15) -> str:
    times = {
        "$__rate_interval": f"{4 * interval_s}s",
        "$__interval": f"{interval_s}s",
        "$__range": "1h",
    }
    for macro, value in times.items():
        expr = expr.replace(macro, value)
    return _whole(_VARIABLE.sub(lambda found: _value(found, choices, "regex"), expr))


def sql(query: str, choices: Choices, since: datetime, until: datetime, interval_s: int = 900) -> str:
    query = _conditions(query, choices)
    begin, end = int(since.timestamp()), int(until.timestamp())
    first, last = since.astimezone(UTC).date(), until.astimezone(UTC).date()
    for macro, value in {
        r"\$__timeFilter\((\w+)\)": rf"\1 >= toDateTime({begin}) AND \1 <= toDateTime({end})",
        r"\$__dateFilter\((\w+)\)": rf"\1 >= toDate('{first}') AND \1 <= toDate('{last}')",
        r"\$__timeInterval\((\w+)\)": rf"toStartOfInterval(toDateTime(\1), INTERVAL {interval_s} second)",
        r"\$__interval_s\b": str(interval_s),
    }.items():
        query = re.sub(macro, value, query)
    return _whole(_VARIABLE.sub(lambda found: _value(found, choices, "csv"), query))


def _conditions(query: str, choices: Choices) -> str:
    """The plugin takes the last one first, splits its arguments at commas that no bracket encloses, and wants two."""
    while (begins := query.rfind(_CONDITION)) >= 0:
        depth, commas, ends = 1, [], begins + len(_CONDITION)
        while depth:
            character = query[ends]
            depth += (character in "({") - (character in ")}")
            if character == "," and depth == 1:
                commas.append(ends)
            ends += 1
        assert len(commas) == 1, f"two arguments are wanted: {query[begins:ends]}"
        condition, variable = query[begins + len(_CONDITION) : commas[0]], query[commas[0] + 1 : ends - 1].strip()
        everything = tuple(choices[variable.strip("${}")].values) in (ALL, ("",))
        query = query[:begins] + ("1=1" if everything else condition) + query[ends:]
    return query


def _value(found: re.Match[str], choices: Choices, otherwise: str) -> str:
    name, shape = found["braced"] or found["bare"], found["format"] or otherwise
    choice = choices[name]
    if tuple(choice.values) == ALL and choice.all_value:
        return choice.all_value
    if shape == "singlequote":
        return ",".join("'" + value.replace("'", "\\'") + "'" for value in choice.meant)
    if shape == "regex":
        escaped = [re.sub(r"([\\^$*+?.()|\[\]{}])", r"\\\\\1", value) for value in choice.meant]
        return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"
    assert shape == "csv", f"{found[0]}: this format is not expanded here"
    return ",".join(choice.meant)


def _whole(text: str) -> str:
    assert "$" not in text, f"not expanded: {text}"
    return text
