from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeys.calendar import Hours, Site, working_s
from journeys.contact import Contact, fold
from journeys.repeats import window_ends
from journeys.settings import Settings, SettingsError, convert
from journeys.touchpoint import Touchpoint
from tests.journeys.scenes import MINUTE

HOUR = 60 * MINUTE
WORKDAYS = ("mon", "tue", "wed", "thu", "fri")


def hours(zone: str = "Europe/Berlin", **site: Any) -> Hours:
    return Hours(Site(time_zone=zone, **site))


def office(zone: str = "Europe/Berlin", **site: Any) -> Hours:
    return hours(zone, opening=dict.fromkeys(WORKDAYS, "08:00-18:00"), **site)


def at(text: str, zone: str = "Europe/Berlin", fold: int = 0) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp() * 1000)


def shown(instant: int, zone: str = "Europe/Berlin") -> str:
    return datetime.fromtimestamp(instant / 1000, ZoneInfo(zone)).strftime("%a %Y-%m-%d %H:%M")


class TestOpening:
    def test_always_open_unless_said(self) -> None:
        assert hours().is_open(at("2026-01-01T03:00"))
        assert hours().working_ms(at("2026-01-01T00:00"), at("2026-02-01T00:00")) == 31 * 24 * HOUR

    def test_an_opening_belongs_to_it_and_a_closing_does_not(self) -> None:
        found = [office().is_open(at(f"2026-01-05T{clock}")) for clock in ("07:59", "08:00", "17:59", "18:00")]
        assert found == [False, True, True, False]
        assert not office().is_open(at("2026-01-04T12:00")), "a Sunday, which is not named"

    def test_several_spans_a_day(self) -> None:
        site = hours(opening={"mon": ("13:00-18:00", "08:00-12:00")})
        assert [site.is_open(at(f"2026-01-05T{clock}")) for clock in ("11:59", "12:30", "13:00")] == [True, False, True]
        assert site.working_ms(at("2026-01-05T11:00"), at("2026-01-05T14:00")) == 2 * HOUR

    def test_a_night_shift_belongs_to_the_day_on_which_it_begins(self) -> None:
        site = hours(opening={"fri": "22:00-06:00"}, holidays=(date(2026, 1, 9),))
        assert site.is_open(at("2026-01-03T05:59"))
        assert not site.is_open(at("2026-01-03T06:00"))
        assert not site.is_open(at("2026-01-10T01:00")), "Friday the 9th is a holiday"
        assert site.working_ms(at("2026-01-01T00:00"), at("2026-01-31T12:00")) == 4 * 8 * HOUR

    def test_a_shift_past_new_year(self) -> None:
        site = hours(opening={"thu": "22:00-06:00"})
        assert site.working_ms(at("2026-12-31T23:00"), at("2027-01-01T12:00")) == 7 * HOUR
        assert site.is_open(at("2027-01-01T05:00"))
        assert shown(site.after(at("2026-12-31T23:00"), 6 * HOUR)) == "Fri 2027-01-01 05:00"

    def test_holidays_of_the_country_and_of_its_part(self) -> None:
        noon = at("2026-06-04T12:00")  # Corpus Christi, in some of the states
        assert office(country="DE", subdivision="BE").is_open(noon)
        assert not office(country="DE", subdivision="NW").is_open(noon)
        assert not office(country="DE").is_open(at("2026-12-25T12:00"))
        assert office(country="DE", open_holidays=(date(2026, 12, 25),)).is_open(at("2026-12-25T12:00"))
        assert not office(holidays=(date(2026, 12, 24),)).is_open(at("2026-12-24T12:00"))


class TestChangesOfTheClocks:
    """In Berlin 29 March 2026 has 23 hours and 25 October 25; in Santiago midnight of 6 September does not exist."""

    @pytest.mark.parametrize(("day", "length"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-10-26", 24)])
    def test_the_length_of_a_day(self, day: str, length: int) -> None:
        sunday = hours(opening={"sun": "00:00-24:00", "mon": "00:00-24:00"})
        midnight = at(f"{day}T00:00")
        assert sunday.working_ms(midnight, midnight + length * HOUR) == length * HOUR
        (shift,) = sunday.shifts(date.fromisoformat(day))
        assert (shift.opens_at, shift.closes_at) == (midnight, midnight + length * HOUR)

    def test_a_night_shift_over_each_change(self) -> None:
        night = hours(opening={"sat": "22:00-06:00"})
        assert night.working_ms(at("2026-03-28T12:00"), at("2026-03-29T12:00")) == 7 * HOUR
        assert night.working_ms(at("2026-10-24T12:00"), at("2026-10-25T12:00")) == 9 * HOUR
        assert shown(night.after(at("2026-03-28T22:00"), 5 * HOUR)) == "Sun 2026-03-29 04:00"

    def test_an_hour_that_the_clocks_skip(self) -> None:
        early = hours(opening={"sun": ("01:00-02:30", "02:30-03:15")})
        assert early.working_ms(at("2026-03-29T00:00"), at("2026-03-29T12:00")) == 75 * MINUTE
        assert [shown(shift.opens_at)[-5:] for shift in early.shifts(date(2026, 3, 29))] == ["01:00", "03:00"]
        within = hours(opening={"sun": ("02:10-02:50", "05:00-06:00")})
        assert len(within.shifts(date(2026, 3, 29))) == 1

    def test_an_hour_that_comes_twice(self) -> None:
        late = hours(opening={"sun": ("00:00-02:30", "02:30-05:00")})
        assert late.working_ms(at("2026-10-25T00:00"), at("2026-10-25T12:00")) == 6 * HOUR
        assert late.is_open(at("2026-10-25T02:45", fold=0))
        assert late.is_open(at("2026-10-25T02:45", fold=1))

    def test_a_midnight_that_does_not_exist(self) -> None:
        zone = "America/Santiago"
        (shift,) = hours(zone).shifts(date(2026, 9, 6))
        assert shown(shift.opens_at, zone) == "Sun 2026-09-06 01:00"
        assert shift.closes_at - shift.opens_at == 23 * HOUR

    def test_a_day_that_does_not_exist(self) -> None:
        assert hours("Pacific/Apia").shifts(date(2011, 12, 30)) == []

    def test_working_days_keep_the_time_of_day(self) -> None:
        assert shown(hours().after_days(at("2026-03-28T09:00"), 1)[0]) == "Sun 2026-03-29 09:00"
        assert shown(hours().after_days(at("2026-10-24T09:00"), 2)[0]) == "Mon 2026-10-26 09:00"


class TestWorkingDays:
    def test_the_same_time_of_day_so_many_working_days_later(self) -> None:
        site = office(country="DE")
        thursday = at("2026-04-02T17:00")  # before Good Friday and Easter Monday
        assert shown(site.after_days(thursday, 1)[0]) == "Tue 2026-04-07 17:00"
        assert shown(site.after_days(thursday, 3)[0]) == "Thu 2026-04-09 17:00"

    @pytest.mark.parametrize("begins", ["2026-01-09T18:00", "2026-01-10T10:00", "2026-01-11T23:59", "2026-01-12T08:00"])
    def test_what_begins_while_closed_begins_when_it_opens(self, begins: str) -> None:
        assert shown(office().after_days(at(begins), 1)[0]) == "Tue 2026-01-13 08:00"

    def test_in_a_night_shift_it_is_still_the_day_before(self) -> None:
        night = hours(opening=dict.fromkeys(WORKDAYS, "22:00-06:00"))
        assert shown(night.after_days(at("2026-01-10T02:00"), 1)[0]) == "Tue 2026-01-13 02:00"
        assert shown(night.after_days(at("2026-01-10T07:00"), 1)[0]) == "Tue 2026-01-13 22:00"

    def test_past_new_year_and_past_many(self) -> None:
        assert shown(office().after_days(at("2026-12-31T09:00"), 1)[0]) == "Fri 2027-01-01 09:00"
        assert shown(office().after_days(at("2026-01-05T09:00"), 5 * 52 * 10)[0]) == "Mon 2035-12-24 09:00"

    @given(days=st.integers(1, 12), minutes=st.integers(0, 60 * 24 * 60))
    def test_a_window_has_as_many_days_of_opening_in_it(self, days: int, minutes: int) -> None:
        site = office(holidays=(date(2026, 1, 14),))
        start = at("2026-01-01T00:00") + minutes * MINUTE
        end = site.after_days(start, days)[0]
        assert site.working_ms(start, end) == days * 10 * HOUR
        assert site.after(start, days * 10 * HOUR) <= end


ZONES = ("Europe/Berlin", "America/Santiago", "Asia/Kolkata", "Pacific/Auckland")
CLOCKS = ("00:00", "01:30", "02:30", "03:00", "09:15", "18:00", "23:30")


@st.composite
def sites(draw: st.DrawFn) -> Hours:
    opening = {}
    for day in ("mon", "wed", "sat", "sun"):
        opens, closes, again, ends = sorted(draw(st.sets(st.sampled_from(CLOCKS), min_size=4, max_size=4)))
        spans = [f"{opens}-{closes}", f"{again}-{ends}"]
        if day in ("mon", "wed"):
            spans.append(f"{ends}-00:00")
        opening[day] = tuple(draw(st.lists(st.sampled_from(spans), unique=True)))
    opening["thu"] = "22:00-05:00"
    return hours(draw(st.sampled_from(ZONES)), opening=opening, holidays=(date(2026, 3, 30), date(2026, 10, 26)))


@given(
    site=sites(),
    start=st.sampled_from([at("2026-03-27T00:00"), at("2026-04-03T12:00"), at("2026-10-23T00:00")]),
    first=st.integers(0, 10_000),
    length=st.integers(0, 3_000),
)
def test_working_time_is_the_minutes_in_which_it_is_open(site: Hours, start: int, first: int, length: int) -> None:
    begins = start + first * MINUTE
    ends = begins + length * MINUTE
    open_minutes = [minute for minute in range(begins, ends, MINUTE) if site.is_open(minute)]
    worked = site.working_ms(begins, ends)
    assert worked == len(open_minutes) * MINUTE
    assert working_s(site, begins, ends) == worked / 1000
    if worked:
        assert site.after(begins, worked) == open_minutes[-1] + MINUTE
    assert site.after(begins, 0) == begins


def test_a_long_span_is_the_sum_of_its_parts() -> None:
    site = office(country="DE", subdivision="BE")
    years = [at(f"{year}-01-01T00:00") for year in range(1950, 2051)]  # more than are kept at a time
    assert site.working_ms(years[0], years[-1]) == sum(map(site.working_ms, years, years[1:]))


@pytest.mark.parametrize(
    ("site", "says"),
    [
        ({"time_zone": "Berlin"}, "sites.b.time_zone: expected one such as \"Europe/Berlin\", got 'Berlin'"),
        ({"time_zone": "../x"}, "sites.b.time_zone: expected one"),
        ({"time_zone": "Europe"}, "sites.b.time_zone: expected one"),
        ({"opening": {"monday": "08:00-18:00"}}, "sites.b.opening: expected weekdays mon, tue, "),
        ({"opening": {"mon": "8-18"}}, "sites.b.opening.mon: expected a span such as \"08:00-18:00\", got '8-18'"),
        ({"opening": {"mon": ["08:00-12:00", "13:00-24:30"]}}, "sites.b.opening.mon: expected a span"),
        ({"opening": {"mon": "08:60-12:00"}}, "got '08:60-12:00'"),
        ({"opening": {"mon": ["08:00-12:00", "11:00-13:00"]}}, "overlap, got mon 08:00-12:00 and mon 11:00-13:00"),
        ({"opening": {"sun": "22:00-06:00", "mon": "05:00-09:00"}}, "got sun 22:00-06:00 and mon 05:00-09:00"),
        ({"opening": {"sat": []}}, "sites.b.opening: expected a site that opens on some weekday, got none"),
        ({"country": "Germany"}, "sites.b.country: expected one such as \"DE\", got 'Germany'"),
        ({"country": "DE", "subdivision": "XX"}, "sites.b.subdivision: expected one of DE's (BB, BE,"),
        ({"subdivision": "BE"}, "sites.b.subdivision: expected a country with it, got 'BE' alone"),
        ({"holidays": ["24.12.2026"]}, "holidays[0]: Invalid RFC3339 encoded date"),
        ({"open": {}}, "unknown field `open`"),
    ],
)
def test_a_site_that_cannot_be_read_is_named_with_its_value(site: dict[str, object], says: str) -> None:
    with pytest.raises(SettingsError) as caught:
        convert({"sites": {"b": site}})
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({"queues": {"q": {"site": "x"}}}, "queues.q.site: expected one of sites (b), got 'x'"),
        ({"queue": {"site": "x"}}, "queue.site: expected one of sites (b), got 'x'"),
        ({"calendar": {"site": "x"}}, "calendar.site: expected one of sites (b), got 'x'"),
        ({"calendar": {"working_time": ["waits"]}}, "calendar.working_time: expected a site whose hours count"),
        ({"calendar": {"working_time": ["talk"]}}, "calendar.working_time[0]: Invalid enum value 'talk'"),
    ],
)
def test_a_site_that_is_not_there_is_named(raw: dict[str, object], says: str) -> None:
    with pytest.raises(SettingsError) as caught:
        convert({"sites": {"b": {}}} | raw)
    assert says in str(caught.value)


class TestWhatIsMeasured:
    @staticmethod
    def settings(*measured: str) -> Settings:
        return convert(
            {
                "sites": {"berlin": {"time_zone": "Europe/Berlin", "opening": {"mon": "08:00-18:00"}}, "always": {}},
                "calendar": {"site": "berlin", "working_time": list(measured)},
                "queues": {"night": {"site": "always"}},
            }
        )

    @staticmethod
    def waited(queue: str, settings: Settings, reported: float | None = None) -> float:
        contact, visits = fold(
            [
                Touchpoint(at("2026-01-05T07:00"), "1", "queued", "email", "c", queue=queue),
                Touchpoint(at("2026-01-05T09:00"), "2", "connected", "email", "c", wait_s=reported),
            ],
            settings,
        )
        assert visits[0].wait_s == contact.wait_s
        return contact.wait_s

    def test_waits_by_the_hours_of_the_queues_site(self) -> None:
        assert self.waited("day", self.settings("waits")) == 3600
        assert self.waited("night", self.settings("waits")) == 7200
        assert self.waited("day", self.settings("fcr")) == 7200

    def test_what_the_source_reports_wins(self) -> None:
        assert self.waited("day", self.settings("waits"), reported=42.0) == 42.0

    def test_windows_in_working_days_of_the_queues_site(self) -> None:
        ended = at("2026-01-05T09:00")
        call = Contact("c", "voice", ended, ended, True, ended, (), attempt="answered", queue="day")
        first = window_ends([call], self.settings("fcr"))["c"][0]
        assert shown(first) == "Mon 2026-01-12 09:00"
        first = window_ends([call], self.settings("waits"))["c"][0]
        assert shown(first) == "Tue 2026-01-06 09:00"

    def test_stages_are_ready_to_be(self) -> None:
        span = at("2026-01-05T07:00"), at("2026-01-05T09:00")
        assert working_s(self.settings("stages").hours_for("stages", "day"), *span) == 3600
        assert working_s(self.settings().hours_for("stages", "day"), *span) == 7200
