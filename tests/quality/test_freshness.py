from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest
import sqlalchemy as sa

from airflow_ml_monitor.data import Connections, Files, Frame, Table
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.quality import validate
from airflow_ml_monitor.results import Status
from airflow_ml_monitor.window import Window

LATEST = datetime(2013, 2, 4, 22, tzinfo=UTC)
MIDNIGHT = datetime(2013, 2, 5, tzinfo=UTC)
TWO_HOURS = timedelta(hours=2)


def frame(latest: datetime = LATEST) -> Frame:
    times = pd.to_datetime([latest - timedelta(hours=5), latest, latest - timedelta(hours=1)], utc=True)
    return Frame(lambda: pd.DataFrame({"at": times}), time_column="at")


def freshness_result(data, **kwargs):
    return next(result for result in validate(data, **kwargs).results if result.check == "freshness")


def test_the_age_of_the_latest_row_is_measured_in_seconds():
    assert freshness_result(frame(), freshness=TWO_HOURS, as_of=MIDNIGHT).value == 7200.0


@pytest.mark.parametrize(("late", "status"), [(timedelta(0), Status.PASS), (timedelta(seconds=1), Status.FAIL)])
def test_a_row_exactly_as_old_as_allowed_passes(late, status):
    assert freshness_result(frame(), freshness=TWO_HOURS, as_of=MIDNIGHT + late).status is status


def test_a_window_of_the_past_is_as_fresh_as_it_was_then():
    window = Window(MIDNIGHT - timedelta(days=1), MIDNIGHT)
    years_later = datetime(2024, 1, 1, tzinfo=UTC)
    assert freshness_result(frame(), freshness=TWO_HOURS, window=window, as_of=years_later).value == 7200.0


def test_a_window_that_is_not_over_yet_is_judged_at_as_of():
    window = Window(MIDNIGHT - timedelta(days=1), MIDNIGHT)
    now = LATEST + timedelta(minutes=30)
    assert freshness_result(frame(), freshness=TWO_HOURS, window=window, as_of=now).value == 1800.0


def test_scheduled_times_ahead_of_as_of_are_fresh():
    result = freshness_result(frame(), freshness=TWO_HOURS, as_of=LATEST - timedelta(days=1))
    assert (result.status, result.value) == (Status.PASS, -86400.0)


def test_without_rows_the_age_is_unknown_rather_than_fine():
    window = Window(MIDNIGHT, MIDNIGHT + timedelta(days=1))
    result = freshness_result(frame(), freshness=TWO_HOURS, window=window, as_of=window.end)
    assert (result.status, result.value) == (Status.INSUFFICIENT, None)


def test_a_table_is_asked_for_its_latest_time_in_its_own_zone(engine):
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE flights (at timestamp, day date)"))
        connection.execute(sa.text("INSERT INTO flights VALUES ('2013-02-04 17:00', '2013-02-04'), (NULL, NULL)"))
    table = Table("flights", conn_id="w", time_column="at", timezone="America/New_York")
    result = freshness_result(table, freshness=TWO_HOURS, as_of=MIDNIGHT, connections=Connections({"w": engine}))
    assert result.value == 7200.0


def test_days_count_from_their_midnight(engine):
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE flights (day date)"))
        connection.execute(sa.text("INSERT INTO flights VALUES ('2013-02-04')"))
    table = Table("flights", conn_id="w", time_column="day", timezone="UTC")
    result = freshness_result(table, freshness=TWO_HOURS, as_of=MIDNIGHT, connections=Connections({"w": engine}))
    assert result.value == 86400.0


def test_times_that_sqlite_keeps_as_text_are_read():
    engine = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool)
    data = pd.DataFrame({"at": pd.to_datetime(["2013-02-04 22:00"]), "day": [date(2013, 2, 4)]})
    data.to_sql("flights", engine, index=False)
    table = Table("flights", conn_id="w", time_column="at", timezone="UTC")
    result = freshness_result(table, freshness=TWO_HOURS, as_of=MIDNIGHT, connections=Connections({"w": engine}))
    assert result.value == 7200.0


def test_a_dataset_without_a_time_column_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match=r"give files .*flights\.parquet a time_column"):
        validate(Files(str(tmp_path / "flights.parquet")), freshness=TWO_HOURS)


@pytest.mark.parametrize("freshness", [timedelta(0), timedelta(seconds=-1), 3600])
def test_a_freshness_that_is_no_span_is_refused(freshness):
    with pytest.raises(ConfigurationError, match="must be a timedelta longer than nothing"):
        validate(frame(), freshness=freshness)
