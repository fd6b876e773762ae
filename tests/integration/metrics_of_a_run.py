"""Run by ``test_prometheus`` in a process of its own, since Airflow reads ``[metrics]`` once: a DAG with two tasks that
judge, one model's drift and one's size, through Airflow's own task runner."""

from __future__ import annotations

import numpy as np
import pandas as pd
from airflow.sdk import DAG

from airflow_ml_monitor.data import Frame
from airflow_ml_monitor.operators.drift import DriftOperator
from airflow_ml_monitor.operators.reference import BuildReferenceOperator
from tests.airflow_runs import run_dag

WEEK = {"start": "2013-02-04T00:00:00Z", "end": "2013-02-11T00:00:00Z"}


def rows(shift: float) -> Frame:
    rng = np.random.default_rng(1)
    at = pd.date_range("2013-02-04", "2013-02-10", periods=2_000, tz="UTC")
    made = pd.DataFrame({"at": at, "distance": rng.normal(shift, 1, 2_000), "delay": rng.normal(0, 1, 2_000)})
    return Frame(lambda: made, time_column="at")


def start_as_a_task_does() -> None:
    try:
        from airflow.sdk._shared.observability.metrics import stats
        from airflow.sdk.observability.metrics import stats_utils
    except ImportError:  # Airflow 3.1 does so when a metric is first sent
        return
    if hasattr(stats, "initialize"):
        stats.initialize(factory=stats_utils.get_stats_factory(), export_legacy_names=False)
    else:  # Airflow 3.2
        stats.Stats.initialize(factory=stats_utils.get_stats_factory(stats.Stats))


def run() -> None:
    start_as_a_task_does()
    with DAG("flights.metrics", schedule=None) as dag:
        reference = BuildReferenceOperator(task_id="reference", model="flight delay", name="r", data=rows(0.0))
        moved = DriftOperator(task_id="moved", model="flight delay", data=rows(1.0), reference="r")
        steady = DriftOperator(task_id="steady", model="flight delay", data=rows(0.0), reference="r")
        reference >> [moved, steady]
    states = run_dag(dag, conf={"window": WEEK}).states
    assert states == {"reference": "success", "moved": "failed", "steady": "success"}, states


if __name__ == "__main__":
    run()
