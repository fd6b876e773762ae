"""The window of every kind of run, through real Airflow: what was read is what the report says was judged."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from airflow.sdk import DAG

from airflow_ml_monitor import Last, Window
from airflow_ml_monitor.data import Frame
from airflow_ml_monitor.operators.data_quality import DataQualityOperator
from tests.airflow_runs import Run, run_dag

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_metadata", "store_connection")]

WEEK = Window("2013-02-04T05:00:00Z", "2013-02-11T05:00:00Z")
DAY = Window("2013-02-05T05:00:00Z", "2013-02-06T05:00:00Z")


def hourly() -> pd.DataFrame:
    return pd.DataFrame({"at": pd.date_range("2013-02-01", "2013-03-01", freq="h", tz="UTC"), "x": 1})


def judged(run: Run) -> Window:
    """The window in the summary of the run's one task, which must have read exactly its hours."""
    summary = run.xcom("quality")
    return Window.of(summary["window"])


def run(dag_id: str, *, task: dict[str, Any] | None = None, **how: Any) -> Run:
    with DAG(dag_id, schedule=None) as dag:
        DataQualityOperator(task_id="quality", model="m", data=Frame(hourly, time_column="at"), **(task or {}))
    return run_dag(dag, **how)


@pytest.mark.parametrize("run_type", ["scheduled", "backfill", "manual"])
def test_a_data_interval(run_type: str) -> None:
    assert judged(run(f"interval_{run_type}", interval=WEEK, run_type=run_type)) == WEEK


def test_a_zero_length_interval_is_refused() -> None:
    at = datetime(2013, 2, 4, tzinfo=UTC)
    assert run("zero", logical_date=at, run_type="scheduled").states == {"quality": "failed"}


def test_a_manual_run_without_a_date_is_refused() -> None:
    assert run("undated").states == {"quality": "failed"}


def test_dag_run_conf_wins_over_the_interval() -> None:
    assert judged(run("conf", interval=WEEK, conf={"window": DAY.to_dict()})) == DAY


def test_a_conf_window_with_start_after_end_is_refused() -> None:
    backwards = [DAY.end.isoformat(), DAY.start.isoformat()]
    assert run("backwards", conf={"window": backwards}).states == {"quality": "failed"}


def test_an_asset_event() -> None:
    assert judged(run("event", run_type="asset_triggered", events=[{"window": DAY.to_dict()}])) == DAY


def test_several_merged_asset_events_are_judged_together() -> None:
    later = Window(DAY.end, DAY.end + DAY.length)
    events = [{"window": later.to_dict()}, {"window": DAY.to_dict()}]
    assert judged(run("events", run_type="asset_triggered", events=events)) == Window(DAY.start, later.end)


def test_an_asset_event_without_a_window_is_refused() -> None:
    assert run("eventless", run_type="asset_triggered", events=[{"rows": 1}]).states == {"quality": "failed"}


def test_a_templated_pair() -> None:
    window = ("{{ data_interval_start - macros.timedelta(days=1) }}", "{{ data_interval_start }}")
    assert judged(run("pair", task={"window": window}, interval=DAY)) == Window(DAY.start - DAY.length, DAY.start)


def test_last_before_a_templated_as_of() -> None:
    task = {"window": Last(timedelta(days=7)), "as_of": "{{ data_interval_end }}"}
    found = run("last", task=task, interval=DAY)
    assert judged(found) == Window(DAY.end - timedelta(days=7), DAY.end)
    assert found.xcom("quality")["as_of"] == DAY.end.isoformat()


def test_a_naive_as_of_is_refused() -> None:
    assert run("naive", task={"as_of": "2013-02-05"}, interval=DAY).states == {"quality": "failed"}


def test_as_of_is_now_by_default() -> None:
    before = datetime.now(UTC)
    as_of = datetime.fromisoformat(run("now", interval=DAY).xcom("quality")["as_of"])
    assert before <= as_of <= datetime.now(UTC)


def test_a_weekly_interval_of_new_york_over_the_change_of_clocks() -> None:
    from airflow.timetables.interval import CronDataIntervalTimetable

    timetable = CronDataIntervalTimetable("0 0 * * 1", timezone="America/New_York")
    interval = timetable.infer_manual_data_interval(run_after=pd.Timestamp("2013-03-11T12:00Z").to_pydatetime())
    week = Window(interval.start, interval.end)
    assert week.length == timedelta(days=7) - timedelta(hours=1)
    found = run("clocks", interval=week)
    assert judged(found) == week


def test_the_rows_read_are_those_of_the_window(store_connection: sa.URL) -> None:
    found = run("rows", interval=WEEK)
    with sa.create_engine(store_connection, poolclass=sa.NullPool).connect() as connection:
        rows = connection.execute(sa.text("SELECT rows_current, window_start FROM ml_monitor.report")).one()
    assert (rows.rows_current, rows.window_start) == (7 * 24, WEEK.start)
    assert found.states == {"quality": "success"}
