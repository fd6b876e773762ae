"""DAGs with monitoring tasks that pass, fail, skip and are mapped; the tests copy this file into a real Airflow."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
from airflow.sdk import DAG

from airflow_ml_monitor.data import Frame
from airflow_ml_monitor.operators.drift import DriftOperator
from airflow_ml_monitor.operators.reference import BuildReferenceOperator

WEEK = ("2013-12-23T00:00:00Z", "2013-12-30T00:00:00Z")


def rows(shift: float) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    at = pd.date_range("2013-12-23", "2013-12-29", periods=2_000, tz="UTC")
    return pd.DataFrame({"at": at, "distance": rng.normal(shift, 1, 2_000), "hour": rng.integers(5, 23, 2_000)})


def frame(shift: float) -> Frame:
    return Frame(rows, kwargs={"shift": shift}, time_column="at")


with DAG("guarded", schedule=None, default_args={"retries": 2, "retry_delay": timedelta(seconds=1)}):
    about = {"model": "flight_delay", "window": WEEK}
    reference = BuildReferenceOperator(task_id="reference", name="december", data=frame(0.0), **about)
    against = about | {"reference": "december"}
    reference >> [
        DriftOperator(task_id="passed", data=frame(0.0), **against),
        DriftOperator(task_id="failed", data=frame(1.0), **against),
        DriftOperator(task_id="skipping", data=frame(1.0), on_fail="skip", **against),
        DriftOperator.partial(task_id="mapped", on_fail="record", **against).expand(data=[frame(0.0), frame(1.0)]),
    ]
