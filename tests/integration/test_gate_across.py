"""A gate across DAGs over tasks that are mapped over windows or models, in real Airflow runs."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from airflow.sdk import DAG

from airflow_ml_monitor import Window
from airflow_ml_monitor.data import Frame
from airflow_ml_monitor.operators.data_quality import DataQualityOperator
from airflow_ml_monitor.operators.gate import GateOperator
from tests.airflow_runs import run_dag

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_metadata", "store_connection")]

DAY = Window("2013-02-04T00:00:00Z", "2013-02-05T00:00:00Z")
NEXT = Window(DAY.end, DAY.end + DAY.length)


def rows(window: Window) -> pd.DataFrame:
    """Rows of the first day; the second has none, and the third cannot be read."""
    if window.start > NEXT.start:
        raise OSError("the lake is dry")
    return pd.DataFrame({"at": [DAY.start]})


def judged(dag_id: str, **mapped: list[Any]) -> None:
    with DAG(dag_id, schedule=None) as dag:
        common = {"model": "m", "window": DAY.to_dict()}
        DataQualityOperator.partial(
            task_id="quality",
            data=Frame(rows, time_column="at"),
            on_fail="record",
            **{name: value for name, value in common.items() if name not in mapped},
        ).expand(**mapped)
    run_dag(dag)


def gate(dag_id: str, window: Window, model: str = "m") -> tuple[str, str]:
    """The gate's state, and what it said."""
    with DAG(dag_id, schedule=None) as dag:
        GateOperator(task_id="gate", model=model, kinds=["data_quality"], window=window.to_dict())
    run = run_dag(dag)
    return run.states["gate"], str(run.errors.get("gate"))


def test_it_judges_its_own_window_only() -> None:
    judged("across_windows", window=[DAY.to_dict(), NEXT.to_dict()])
    assert gate("across_first_window", DAY)[0] == "success"
    state, said = gate("across_second_window", NEXT)
    assert state == "failed"
    assert "quality[1].rows: fail" in said
    assert "quality[0]" not in said


def test_it_judges_its_own_model_only() -> None:
    judged("across_models", model=["a", "b"])
    assert gate("across_first_model", DAY, "a")[0] == "success"


def test_an_instance_that_came_to_no_report_might_have_been_about_it() -> None:
    third = Window(NEXT.end, NEXT.end + DAY.length)
    judged("across_broken", window=[DAY.to_dict(), third.to_dict()])
    state, said = gate("across_beside_broken", DAY)
    assert state == "failed"
    assert "quality[1].report: error - missing: the task is failed and has no report of that" in said
