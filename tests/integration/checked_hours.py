"""A day of hourly rows or none, a task that checks them, and a run of it with a plain task after it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

from airflow_ml_monitor import Window
from airflow_ml_monitor.data import Frame
from airflow_ml_monitor.operators.data_quality import DataQualityOperator
from tests.airflow_runs import Run, run_dag

DAY = Window("2013-02-04T00:00:00Z", "2013-02-05T00:00:00Z")
NEXT = Window("2013-02-05T00:00:00Z", "2013-02-06T00:00:00Z")


def hours(start: str = "2013-02-04", days: int = 2) -> pd.DataFrame:
    return pd.DataFrame({"at": pd.date_range(start, periods=24 * days, freq="h", tz="UTC"), "x": range(24 * days)})


def nothing() -> pd.DataFrame:
    return hours().iloc[:0]


GOOD, EMPTY = Frame(hours, time_column="at"), Frame(nothing, time_column="at")


def quality(task_id: str = "quality", data: Frame = GOOD, **kwargs: Any) -> DataQualityOperator:
    return DataQualityOperator(task_id=task_id, model="m", data=data, **kwargs)


def run_before(made: Callable[[], Any], dag_id: str, window: Window = DAY) -> Run:
    """Run a DAG of the tasks made, with one plain task after them."""
    with DAG(dag_id, schedule=None) as dag:
        made() >> EmptyOperator(task_id="after")
    return run_dag(dag, interval=window)
