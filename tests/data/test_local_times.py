"""Naive times as moments: the same as by pandas, in every zone and around every change of its clocks."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_ml_monitor.data.local_times import local_to_utc

ZONES = [
    "America/New_York",
    "Europe/Berlin",
    "America/Havana",
    "America/Sao_Paulo",
    "Asia/Beirut",
    "Asia/Kolkata",
    "UTC",
]


def by_pandas(walls: np.ndarray, name: str) -> list[int]:
    index = pd.DatetimeIndex(walls)
    first = np.ones(len(index), dtype=bool)
    aware = index.tz_localize(ZoneInfo(name), ambiguous=first, nonexistent="shift_forward")
    return np.asarray(aware.tz_convert("UTC").tz_localize(None)).astype("datetime64[us]").astype(np.int64).tolist()


@pytest.mark.parametrize("name", ZONES)
def test_each_quarter_of_an_hour_of_years_is_that_of_pandas(name: str) -> None:
    walls = np.arange("2011-01-01", "2013-01-01", np.timedelta64(15, "m"), dtype="datetime64[us]")
    assert local_to_utc(walls.astype(np.int64), ZoneInfo(name)).tolist() == by_pandas(walls, name)


@given(st.lists(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)), max_size=5), st.sampled_from(ZONES))
def test_any_time_is_that_of_pandas(times: list[datetime], name: str) -> None:
    walls = np.array(times, dtype="datetime64[us]")
    assert local_to_utc(walls.astype(np.int64), ZoneInfo(name)).tolist() == by_pandas(walls, name)


def test_the_last_time_there_is_has_a_moment() -> None:
    walls = np.array(["9999-12-31T23:59:59"], dtype="datetime64[us]").astype(np.int64)
    assert (local_to_utc(walls, ZoneInfo("America/New_York")) - walls).tolist() == [5 * 3_600_000_000]


def test_clocks_that_go_forward_by_half_an_hour_do_so_at_the_change() -> None:
    """pandas 3.1 takes half an hour more here."""
    walls = np.array(["2011-10-02T01:59", "2011-10-02T02:15", "2011-10-02T02:30"], dtype="datetime64[us]")
    moments = local_to_utc(walls.astype(np.int64), ZoneInfo("Australia/Lord_Howe")).astype("datetime64[us]")
    assert [str(at)[:16] for at in moments] == ["2011-10-01T15:29", "2011-10-01T15:30", "2011-10-01T15:30"]
