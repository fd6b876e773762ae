"""Windows of one length and of the calendar, also where clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_ml_monitor import Window
from airflow_ml_monitor.errors import ConfigurationError, WindowError
from airflow_ml_monitor.performance.arrivals_windows import WindowGrid

NEW_YORK = ZoneInfo("America/New_York")
ZONES = ["UTC", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]
LENGTHS: list[Any] = ["@hourly", "@daily", "@weekly", "@monthly", timedelta(hours=5), timedelta(days=1)]
LENGTHS += [timedelta(weeks=1), timedelta(days=1, hours=6), "15 2,14 * * MON-FRI"]
moments = st.datetimes(datetime(2013, 1, 1), datetime(2016, 1, 1), timezones=st.just(UTC))


def local(window: Window) -> tuple[str, str]:
    start, end = (each.astimezone(NEW_YORK).strftime("%a %m-%d %H:%M") for each in (window.start, window.end))
    return start, end


@given(st.sampled_from(LENGTHS), moments, st.timedeltas(timedelta(0), timedelta(days=70)), st.sampled_from(ZONES))
def test_follow_one_another_and_are_over(every: Any, since: datetime, span: timedelta, timezone: str) -> None:
    until = since + span
    found = WindowGrid(every=every, since=since, timezone=timezone).until(until)
    assert all(one.end == other.start for one, other in pairwise(found))
    assert all(since <= window.start and window.end <= until for window in found)
    longest = timedelta(days=32) if every == "@monthly" else timedelta(days=7, hours=1)
    assert found or span < 2 * longest
    assert not found or until - found[-1].end < longest


@given(st.sampled_from(LENGTHS), moments, st.timedeltas(timedelta(0), timedelta(days=40)))
def test_looking_back_finds_the_same_windows_later(every: Any, moment: datetime, later: timedelta) -> None:
    grid = WindowGrid(every=every, since=timedelta(days=70), timezone="America/New_York")
    before, after = set(grid.until(moment)), set(grid.until(moment + later))
    shared = [window for window in before if window.start >= moment + later - timedelta(days=70)]
    assert set(shared) <= after


def test_days_have_23_and_25_hours_where_clocks_change() -> None:
    grid = WindowGrid(every=timedelta(days=1), since="2014-03-08T00:00:00-05:00", timezone="America/New_York")
    lengths = [window.length / timedelta(hours=1) for window in grid.until(datetime(2014, 11, 4, tzinfo=UTC))]
    assert (lengths[1], lengths[-1], set(lengths)) == (23, 25, {23, 24, 25})


@pytest.mark.parametrize(
    ("every", "first"),
    [
        (timedelta(weeks=1), ("Wed 01-02 07:30", "Wed 01-09 07:30")),
        (timedelta(hours=7), ("Wed 01-02 07:30", "Wed 01-02 14:30")),
        ("@hourly", ("Wed 01-02 08:00", "Wed 01-02 09:00")),
        ("@daily", ("Thu 01-03 00:00", "Fri 01-04 00:00")),
        ("@weekly", ("Sun 01-06 00:00", "Sun 01-13 00:00")),
        ("@monthly", ("Fri 02-01 00:00", "Fri 03-01 00:00")),
    ],
)
def test_begin_at_since_or_where_the_calendar_says(every: Any, first: tuple[str, str]) -> None:
    grid = WindowGrid(every=every, since="2013-01-02T07:30:00-05:00", timezone="America/New_York")
    assert local(grid.until(datetime(2013, 4, 1, tzinfo=UTC))[0]) == first


def test_looking_back_weeks_begin_on_monday() -> None:
    grid = WindowGrid(every=timedelta(weeks=1), since=timedelta(days=20), timezone="America/New_York")
    found = [local(window) for window in grid.until(datetime(2013, 2, 20, tzinfo=UTC))]
    assert found == [("Mon 02-04 00:00", "Mon 02-11 00:00"), ("Mon 02-11 00:00", "Mon 02-18 00:00")]


@pytest.mark.parametrize(
    "wrong",
    [{"every": "weekly"}, {"every": timedelta(0)}, {"since": timedelta(0)}, {"timezone": "Mars"}],
    ids=lambda wrong: next(iter(wrong)),
)
def test_what_makes_no_windows_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        WindowGrid(**{"every": "@daily", "since": timedelta(days=9)} | wrong)


def test_naive_since_is_refused() -> None:
    with pytest.raises(WindowError, match="no time zone"):
        WindowGrid(every="@daily", since=datetime(2013, 1, 1))


def test_too_many_windows_are_a_mistake() -> None:
    with pytest.raises(ConfigurationError, match="more than 10,000"):
        WindowGrid(every="@hourly", since="2013-01-01T00:00Z").until(datetime(2015, 1, 1, tzinfo=UTC))


CRONS = [
    "0 6 * * 1-5",
    "30 2 * * *",
    "15 1 * * *",
    "0 0 * * 0",
    "0 0 1 * *",
    "20 * * * *",
    "0 */8 * * *",
    "0 0 13 * 5",
    "0,40 * * * *",
]


@pytest.mark.parametrize("text", CRONS)
@pytest.mark.parametrize("timezone", ["UTC", "America/New_York", "Asia/Kolkata"])
def test_cron_text_makes_the_intervals_of_airflows_timetable(text: str, timezone: str) -> None:
    from airflow.timetables.base import TimeRestriction
    from airflow.timetables.interval import CronDataIntervalTimetable
    from pendulum import instance

    since, until = datetime(2014, 2, 25, tzinfo=UTC), datetime(2014, 3, 25, tzinfo=UTC)
    for begin, end in ((since, until), (since.replace(month=10), until.replace(month=11))):
        found = WindowGrid(every=text, since=begin, timezone=timezone).until(end)
        timetable, last, expected = CronDataIntervalTimetable(text, timezone=timezone), None, []
        restriction = TimeRestriction(earliest=instance(begin), latest=None, catchup=True)
        while True:
            info = timetable.next_dagrun_info(last_automated_data_interval=last, restriction=restriction)
            assert info is not None
            last = info.data_interval
            if last.end > end:
                break
            expected.append(Window(last.start, last.end))
        assert found == expected


@pytest.mark.parametrize(
    "text", ["weekly", "* * *", "61 * * * *", "0 0 30 2 *", "R * * * *", "H 0 * * *", "0 0 * * * *"]
)
def test_text_that_is_no_cron_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="nor cron text"):
        WindowGrid(every=text, since=timedelta(days=1))
