"""Naive times, zones and daylight saving: consecutive windows share no row and miss none."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_ml_monitor import Window
from airflow_ml_monitor.data import Dataset, Files, Frame
from airflow_ml_monitor.data.times import instants, latest_instant, wall_clock
from airflow_ml_monitor.errors import ConfigurationError, DataError, WindowError

NEW_YORK = ZoneInfo("America/New_York")
ZONES = st.sampled_from(["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"])


def frame(times: object, **kwargs: object) -> Frame:
    table = pa.table({"t": times, "n": pa.array(range(len(times)))})  # type: ignore[arg-type]
    return Frame(lambda: table, time_column="t", **kwargs)  # type: ignore[arg-type]


def count(dataset: Dataset, window: Window | None = None, as_of: datetime | None = None) -> int:
    return sum(batch.num_rows for batch in dataset.open(window, as_of=as_of).batches(["n"]))


@given(
    st.integers(0, 400 * 24 * 60).map(lambda m: datetime(2013, 1, 1) + timedelta(minutes=m)),
    st.integers(0, 400 * 24 * 60).map(lambda m: datetime(2013, 1, 1, tzinfo=UTC) + timedelta(minutes=m)),
    ZONES,
)
def test_bound_sorts_wall_times_as_their_first_instants(wall: datetime, bound: datetime, name: str) -> None:
    zone = ZoneInfo(name)
    instant = wall.replace(tzinfo=zone, fold=0)
    exists = instant.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == wall
    if exists:
        assert (wall >= wall_clock(bound, zone)) == (instant.astimezone(UTC) >= bound)


@pytest.mark.parametrize(
    ("instant", "wall"),
    [
        (datetime(2013, 11, 3, 5, 59, tzinfo=UTC), datetime(2013, 11, 3, 1, 59)),
        (datetime(2013, 11, 3, 6, 0, tzinfo=UTC), datetime(2013, 11, 3, 2, 0)),
        (datetime(2013, 11, 3, 6, 30, tzinfo=UTC), datetime(2013, 11, 3, 2, 0)),
        (datetime(2013, 11, 3, 7, 0, tzinfo=UTC), datetime(2013, 11, 3, 2, 0)),
        (datetime(2013, 3, 10, 6, 59, tzinfo=UTC), datetime(2013, 3, 10, 1, 59)),
        (datetime(2013, 3, 10, 7, 0, tzinfo=UTC), datetime(2013, 3, 10, 3, 0)),
    ],
)
def test_bound_at_the_change_of_clocks(instant: datetime, wall: datetime) -> None:
    assert wall_clock(instant, NEW_YORK) == wall


@pytest.mark.parametrize("day", [datetime(2013, 11, 3), datetime(2013, 3, 10)])
def test_windows_of_a_quarter_of_an_hour_share_no_row_and_miss_none(day: datetime) -> None:
    times = pa.array([day + timedelta(minutes=m) for m in range(24 * 60)], pa.timestamp("us"))
    start = day.replace(tzinfo=NEW_YORK).astimezone(UTC)
    end = (day + timedelta(days=1)).replace(tzinfo=NEW_YORK).astimezone(UTC)
    quarters = int((end - start) / timedelta(minutes=15))
    counted = [
        count(
            frame(times, timezone="America/New_York"),
            Window(start + timedelta(minutes=15 * q), start + timedelta(minutes=15 * (q + 1))),
        )
        for q in range(quarters)
    ]
    assert sum(counted) == 24 * 60


def test_a_day_of_25_hours_is_read_whole() -> None:
    hours = pd.date_range("2013-11-03", "2013-11-04", freq="h", inclusive="left", tz="America/New_York")
    window = Window("2013-11-03T00:00:00-04:00", "2013-11-04T00:00:00-05:00")
    assert len(hours) == 25
    assert count(frame(pa.array(hours)), window) == 25


def test_naive_times_without_a_zone_are_refused_with_what_to_do() -> None:
    times = pa.array([datetime(2013, 1, 1)], pa.timestamp("us"))
    with pytest.raises(DataError, match=r"'t' of the frame of .* holds times without a zone; .*timezone='UTC'"):
        count(frame(times), Window("2013-01-01T00:00:00Z", "2013-01-02T00:00:00Z"))


def test_aware_times_need_no_zone() -> None:
    times = pa.array([datetime(2013, 1, 1, 23, tzinfo=UTC), datetime(2013, 1, 2, tzinfo=UTC)])
    assert count(frame(times), Window("2013-01-01T00:00:00Z", "2013-01-02T00:00:00Z")) == 1


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_every_unit_of_naive_times(unit: str) -> None:
    times = pa.array([datetime(2013, 1, 1, 1), datetime(2013, 1, 2, 1)]).cast(pa.timestamp(unit))
    window = Window("2013-01-01T00:00:00.000001Z", "2013-01-02T00:00:00Z")
    assert count(frame(times, timezone="UTC"), window) == 1


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "+05:30"])
@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_every_unit_and_zone_of_aware_times(unit: str, zone: str, tmp_path: Path) -> None:
    instants = [datetime(2013, 1, 1, hour, tzinfo=UTC) for hour in (0, 1, 2)]
    times = pa.array(instants).cast(pa.timestamp(unit, zone))
    window = Window("2013-01-01T00:00:00.000001Z", "2013-01-01T02:00:00Z")
    pq.write_table(pa.table({"t": times, "n": [0, 1, 2]}), tmp_path / "times.parquet")
    assert count(frame(times), window) == 1
    assert count(Files(str(tmp_path / "times.parquet"), time_column="t"), window) == 1


def test_dates_are_days_of_the_zone() -> None:
    days = pa.array([date(2013, 1, 1), date(2013, 1, 2), date(2013, 1, 3)])
    window = Window("2013-01-02T05:00:00Z", "2013-01-03T05:00:00Z")
    assert count(frame(days, timezone="America/New_York"), window) == 1


def test_text_in_the_time_column_is_refused() -> None:
    with pytest.raises(DataError, match="time column 't' .* holds string, not times"):
        count(frame(pa.array(["2013-01-01"])), Window("2013-01-01T00:00:00Z", "2013-01-02T00:00:00Z"))


def test_unknown_zone_is_refused_when_the_dataset_is_made() -> None:
    with pytest.raises(ConfigurationError, match="time zone 'New York' is unknown"):
        frame(pa.array([datetime(2013, 1, 1)]), timezone="New York")


def test_rows_that_arrived_after_as_of_do_not_exist() -> None:
    arrived = pa.array([datetime(2013, 1, day, tzinfo=UTC) for day in (1, 2, 3)])
    dataset = Frame(lambda: pa.table({"n": pa.array(range(3)), "at": arrived}), arrived_at_column="at")
    assert count(dataset, as_of=datetime(2013, 1, 2, tzinfo=UTC)) == 2
    assert count(dataset, as_of=datetime(2013, 1, 1, 23, tzinfo=UTC)) == 1


def test_rows_without_a_time_are_in_no_window() -> None:
    times = pa.array([datetime(2013, 1, 1, 1, tzinfo=UTC), None])
    assert count(frame(times), Window("2013-01-01T00:00:00Z", "2013-01-02T00:00:00Z")) == 1


def test_latest_is_in_utc() -> None:
    rows = frame(pa.array([datetime(2013, 7, 1, 12), datetime(2013, 7, 1, 9)]), timezone="America/New_York").open()
    assert latest_instant(rows.dataset, rows.batches(["t"])) == datetime(2013, 7, 1, 16, tzinfo=UTC)
    assert latest_instant(rows.dataset, []) is None


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "America/New_York", "+02:00"])
@pytest.mark.parametrize("at", [datetime(2013, 7, 1, 12, 0, 1), datetime(1969, 12, 31, 23, 59, 58)])
def test_latest_is_the_same_in_every_unit(unit: str, zone: str | None, at: datetime) -> None:
    aware = at.replace(tzinfo=UTC)
    times = pa.array([aware if zone else at, None]).cast(pa.timestamp(unit, zone))
    rows = frame(times, timezone="UTC").open()
    assert latest_instant(rows.dataset, rows.batches(["t"])) == aware


def test_a_naive_as_of_is_refused_not_taken_for_utc() -> None:
    with pytest.raises(WindowError, match="as_of 2013-07-01T00:00:00 has no time zone"):
        frame([datetime(2013, 7, 1, tzinfo=UTC)]).open(as_of=datetime(2013, 7, 1))


def test_latest_drops_what_is_less_than_a_microsecond() -> None:
    rows = frame(pa.array([-1], pa.timestamp("ns", "UTC"))).open()
    assert latest_instant(rows.dataset, rows.batches(["t"])) == datetime(1970, 1, 1, tzinfo=UTC) - timedelta(
        microseconds=1
    )


def test_latest_day_begins_at_midnight_of_its_zone() -> None:
    rows = frame(pa.array([date(2013, 7, 1), date(2013, 6, 30)]), timezone="America/New_York").open()
    assert latest_instant(rows.dataset, rows.batches(["t"])) == datetime(2013, 7, 1, 4, tzinfo=UTC)


@given(
    st.datetimes(datetime(2013, 3, 1), datetime(2013, 11, 30)).map(lambda wall: wall.replace(microsecond=0)),
    st.sampled_from(["2013-03-10T06:30", "2013-03-10T07:00", "2013-11-03T05:30", "2013-11-03T06:30"]),
    st.integers(-90, 90),
    ZONES,
)
def test_moments_agree_with_the_conditions_rows_are_cut_by(
    anywhere: datetime, change: str, minutes: int, name: str
) -> None:
    """Around New York's changes of clock a wall time is known by ``as_of`` exactly if its moment is no later."""
    as_of = datetime.fromisoformat(change + "+00:00")
    near = as_of.astimezone(ZoneInfo(name)).replace(tzinfo=None) + timedelta(minutes=minutes)
    walls = pa.chunked_array([pa.array([anywhere, near, None], pa.timestamp("us"))])
    known = Frame(lambda: pa.table({"t": walls, "n": [1, 1, 1]}), arrived_at_column="t", timezone=name)
    moments = instants(known, "t", walls)
    assert count(known, as_of=as_of) == sum(moment <= pd.Timestamp(as_of).to_datetime64() for moment in moments[:2])
    assert pd.isna(moments[2])
