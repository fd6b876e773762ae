"""A reference of windows in real Airflow runs: built, stored, limits learnt from it, past windows replayed."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from airflow.sdk import DAG

from airflow_ml_monitor import DriftPolicy, Status, Window, backtest
from airflow_ml_monitor.data import Frame
from airflow_ml_monitor.operators.drift import DriftOperator
from airflow_ml_monitor.operators.reference import BuildReferenceOperator
from airflow_ml_monitor.store import Store
from tests.airflow_runs import run_dag

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_metadata")]

DAYS = Window("2013-02-01T00:00:00Z", "2013-02-11T00:00:00Z")
MOVES = [0.0, 0.4, -0.4, 0.2, -0.2, 0.5, -0.5, 0.3, -0.3, 0.0, 0.35, 3.0]


def readings() -> pd.DataFrame:
    random = np.random.default_rng(7)
    at = pd.date_range("2013-02-01", periods=len(MOVES) * 1_440, freq="min", tz="UTC")
    return pd.DataFrame({"at": at, "x": random.normal(np.repeat(MOVES, 1_440), 1.0)})


READINGS = Frame(readings, time_column="at")


def day(place: int) -> Window:
    return Window(DAYS.start + place * timedelta(days=1), DAYS.start + (place + 1) * timedelta(days=1))


def test_limits_are_learnt_and_the_windows_judged_are_replayed(store_connection: sa.URL) -> None:
    store = Store(sa.create_engine(store_connection, poolclass=sa.NullPool))
    with DAG("windows_reference", schedule=None) as build:
        BuildReferenceOperator(
            task_id="reference", model="m", name="days", data=READINGS, window=DAYS, windows=timedelta(days=1)
        )
    built = run_dag(build)
    assert built.states == {"reference": "success"}
    (stored,) = store.run_reports(dag_id="windows_reference", run_id=built.run_id)
    assert len(stored.report.config["windows"]) == 10

    with DAG("windows_drift", schedule=None) as judge:
        DriftOperator(
            task_id="drift", model="m", data=READINGS, reference="days", policy=DriftPolicy(alarms_per_year=2)
        )
        patient = DriftPolicy(learnt=None, confirm=(2, 2))
        DriftOperator(task_id="confirmed", model="other", data=READINGS, reference="days", policy=patient)
    build_other = DAG("windows_other", schedule=None)
    with build_other:
        BuildReferenceOperator(task_id="reference", model="other", name="days", data=READINGS, window=DAYS)
    run_dag(build_other)
    states = [run_dag(judge, interval=day(place)).states for place in (10, 11)]
    assert [each["drift"] for each in states] == ["success", "failed"]
    assert [each["confirmed"] for each in states] == ["success", "failed"]
    (first,) = store.current_reports(model="other", environment="prod", kinds=("drift",), window=day(10))
    assert first.report.status is Status.WARN

    reference = store.reference(model="m", environment="prod", name="days")
    history = store.window_profiles(model="m", environment="prod")
    assert [profile.window for profile in history] == [day(10), day(11)]
    learnt, practical = (
        backtest(reference.profile, history, policy) for policy in (DriftPolicy(), DriftPolicy(learnt=None))
    )
    assert [report.window for report in learnt.alarms] == [day(11)]
    assert [report.window for report in practical.alarms] == [day(10), day(11)]
    (report,) = [one.report for one in store.current_reports(model="m", environment="prod", window=day(10))]
    told = {result.check: result for result in report.results}
    assert told["false_alarms"].value == pytest.approx(2.0)
    assert "learnt from 10 windows of the reference" in told["distribution"].message
