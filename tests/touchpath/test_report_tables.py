"""What the report shows of sentiment and surveys, as a person reads it."""

from __future__ import annotations

import io

from rich.console import Console

from sinks.report import Redials, Report, ResponseRate, Sentiment, SurveyScore
from touchpath.report import _feelings


def shown(sentiment: Sentiment, surveys: tuple[SurveyScore, ...], rates: tuple[ResponseRate, ...]) -> str:
    figures = {
        name: 0 for name in Report.__struct_fields__ if name not in ("service_level", "fcr", "redials", "as_of")
    } | {"as_of": None, "service_level": (), "fcr": (), "redials": Redials(0, 0, 0, 0, 0, 0)}
    found = Report(**figures | {"sentiment": sentiment, "surveys": surveys, "response_rates": rates})  # type: ignore[arg-type]
    page = io.StringIO()
    console = Console(file=page, width=100)
    for table in _feelings(found):
        console.print(table)
    return page.getvalue()


def test_how_customers_felt_and_what_they_answered() -> None:
    page = shown(
        Sentiment(1200, 0.25, -0.125, 300, 7),
        (SurveyScore("csat", 40, 3.5, 62.5), SurveyScore("nps", 8, 6.0, -12.5)),
        (ResponseRate("", 1, 0, 2, 0.0), ResponseRate("voice", 80, 30, 0, 0.375), ResponseRate("chat", 0, 0, 3, None)),
    )
    rows = [line.split() for line in page.splitlines()]
    assert ["1,200", "0.250", "-0.125", "300", "7"] in rows
    assert ["CSAT", "40", "3.500", "62.500"] in rows
    assert ["NPS", "8", "6.000", "-12.500"] in rows
    assert ["voice", "80", "30", "0.3750", "0"] in rows
    assert ["unknown", "1", "0", "0.0000", "2"] in rows
    assert ["chat", "0", "0", "-", "3"] in rows


def test_nothing_where_nothing_is_known() -> None:
    assert shown(Sentiment(0, None, None, 0, 0), (), ()) == ""
