"""Windows are half-open, in UTC, and impossible ones say so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from airflow_ml_monitor.errors import WindowError
from airflow_ml_monitor.window import Last, Window, as_of_or_now, as_utc

START = datetime(2013, 2, 4, 5, tzinfo=UTC)


def test_other_zones_are_kept_in_utc() -> None:
    assert Window("2013-02-04T00:00:00-05:00", "2013-02-11T00:00:00-05:00").start == START
    assert Window(START, START + timedelta(days=1)).start.utcoffset() == timedelta(0)


def test_the_length_of_a_window_of_airflows_own_times_is_a_plain_one() -> None:
    pendulum = pytest.importorskip("pendulum")
    window = Window(pendulum.datetime(2013, 2, 4, 5), pendulum.datetime(2013, 2, 11, 5))
    assert window.length / timedelta(days=1) == 7


def test_half_open() -> None:
    window = Window(START, START + timedelta(hours=1))
    assert START in window
    assert START + timedelta(hours=1) not in window


@pytest.mark.parametrize("length", [timedelta(0), timedelta(days=-1)])
def test_start_not_before_end_names_both(length: timedelta) -> None:
    with pytest.raises(WindowError, match=r"2013-02-04T05:00:00\+00:00 is not before its end 2013-02-0"):
        Window(START, START + length)


def test_naive_time_is_refused() -> None:
    with pytest.raises(WindowError, match="2013-02-04T00:00:00 has no time zone"):
        Window("2013-02-04T00:00:00", START)


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:00:00-14:00"])
def test_a_time_that_utc_cannot_tell_is_refused(time: str) -> None:
    with pytest.raises(WindowError, match="since .* is in UTC not in the years 1 to 9999"):
        as_utc(time, what="since")


def test_as_of_is_a_moment_with_a_zone_and_now_without_one() -> None:
    assert as_of_or_now("2013-02-04T00:00:00-05:00") == START
    before = datetime.now(UTC)
    assert before <= as_of_or_now(None) <= datetime.now(UTC)
    with pytest.raises(WindowError, match="as_of 2013-02-04T00:00:00 has no time zone"):
        as_of_or_now(datetime(2013, 2, 4))


def test_text_that_is_no_time_is_refused() -> None:
    with pytest.raises(WindowError, match="'monday' is not an ISO 8601 time"):
        as_utc("monday")


@pytest.mark.parametrize(
    "value",
    [
        {"start": "2013-02-04T05:00:00+00:00", "end": "2013-02-05T05:00:00+00:00"},
        ["2013-02-04T05:00:00+00:00", "2013-02-05T05:00:00Z"],
        Window(START, START + timedelta(days=1)),
        "2013-02-04T05:00:00Z/2013-02-05T05:00:00Z",
        '{"start": "2013-02-04T05:00:00+00:00", "end": "2013-02-05T05:00:00+00:00"}',
        '["2013-02-04T05:00:00+00:00", "2013-02-05T05:00:00Z"]',
    ],
)
def test_forms_of_one_window(value: object) -> None:
    assert Window.of(value) == Window(START, START + timedelta(days=1))


@pytest.mark.parametrize(
    "value", ["2013-02-04", "7", "{'start': '2013-02-04'}", 7, {"start": "2013-02-04T05:00:00+00:00"}, [START]]
)
def test_other_forms_are_refused(value: object) -> None:
    with pytest.raises(WindowError, match="neither a pair"):
        Window.of(value)


def test_to_dict_comes_back() -> None:
    window = Window(START, START + timedelta(minutes=1))
    assert Window.of(window.to_dict()) == window


def test_last_ends_at_as_of() -> None:
    assert Last(timedelta(days=7)).before(START) == Window(START - timedelta(days=7), START)
    with pytest.raises(WindowError, match="must span more than nothing"):
        Last(timedelta(0))
