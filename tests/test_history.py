"""Which reports tell of the windows before one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow_ml_monitor.history import reports_before, reports_known
from airflow_ml_monitor.results import Report
from airflow_ml_monitor.window import Window

START = datetime(2026, 1, 5, tzinfo=UTC)


def window(first: int, last: int) -> Window:
    return Window(START + timedelta(days=first), START + timedelta(days=last))


def report(first: int, last: int, as_of: int = 0) -> Report:
    return Report(kind="drift", results=(), window=window(first, last), as_of=START + timedelta(days=as_of))


def test_what_a_verdict_of_then_did_not_know_is_left_out() -> None:
    then, at, later = (report(0, 2, as_of=days) for days in (3, 4, 5))
    assert reports_known([later, then, at], at.as_of) == [then, at]


def test_the_nearest_window_comes_first_whatever_the_order() -> None:
    history = [report(2, 4), report(0, 2), report(4, 6)]
    assert reports_before(history, window(6, 8)) == [history[2], history[0], history[1]]


def test_the_latest_report_on_a_window_counts() -> None:
    early, late = report(0, 2, as_of=3), report(0, 2, as_of=9)
    assert reports_before([late, early], window(2, 4)) == [late]


def test_windows_that_overlap_the_one_taken_are_left_out() -> None:
    daily = [report(day, day + 7) for day in range(14)]
    assert reports_before(daily, window(14, 21)) == [daily[7], daily[0]]


def test_the_window_itself_and_later_ones_are_left_out() -> None:
    assert reports_before([report(2, 4), report(4, 6)], window(2, 4)) == []


def test_without_a_window_nothing_goes_before() -> None:
    whole = Report(kind="drift", results=(), as_of=START)
    assert reports_before([report(0, 2), whole], None) == []
    assert reports_before([whole], window(0, 2)) == []
