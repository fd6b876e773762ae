"""Tasks and task groups mapped over an empty list, in real Airflow runs: nothing to judge is no missing report."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from airflow.sdk import DAG, task, task_group

from airflow_ml_monitor import Window
from airflow_ml_monitor.data import Frame
from airflow_ml_monitor.operators.data_quality import DataQualityOperator
from airflow_ml_monitor.operators.gate import GateOperator
from tests.airflow_runs import clear, run_dag

pytestmark = [
    pytest.mark.integration,
    pytest.mark.usefixtures("airflow_metadata", "store_connection"),
]

DAY = Window("2013-02-04T00:00:00Z", "2013-02-05T00:00:00Z")
ROWS = Frame(lambda: pd.DataFrame({"x": [1]}))
QUALITY = DataQualityOperator.partial


def mapped(values: Any) -> Any:
    return QUALITY(task_id="quality", data=ROWS, on_fail="record").expand(model=values)


def mapped_by_mappings(values: Any) -> Any:
    return QUALITY(task_id="quality", data=ROWS, on_fail="record").expand_kwargs(values)


def decorated(values: Any) -> Any:
    @task.ml_quality(on_fail="record")
    def quality(model: str) -> pd.DataFrame:
        return pd.DataFrame({"x": [1]})

    return quality.expand(model=values)


def grouped(values: Any) -> Any:
    @task_group
    def each(model: str) -> None:
        DataQualityOperator(task_id="quality", model=model, data=ROWS, on_fail="record")

    return each.expand(model=values)


@pytest.mark.parametrize("made", [mapped, mapped_by_mappings, decorated, grouped])
@pytest.mark.parametrize("upstream", [False, True], ids=["written", "returned"])
def test_nothing_to_judge_is_insufficient(made: Callable[[Any], Any], upstream: bool, store_connection: sa.URL) -> None:
    @task
    def planned() -> list[Any]:
        return []

    with DAG(f"empty_{made.__name__}_{upstream}", schedule=None) as dag:
        made(planned() if upstream else []) >> GateOperator(task_id="gate")
    found = run_dag(dag, interval=DAY)
    assert (found.states["gate"], found.xcom("gate")["status"]) == ("success", "insufficient")


def test_a_list_that_is_empty_when_the_task_is_cleared() -> None:
    models = ["a", "b"]

    @task
    def planned() -> list[str]:
        return models

    with DAG("emptied", schedule=None) as dag:
        mapped(planned()) >> GateOperator(task_id="gate")
    found = run_dag(dag, interval=DAY)
    assert found.xcom("gate")["status"] == "pass"
    models.clear()
    assert clear(dag, found, ["planned", "quality", "gate"]).states["gate"] == "success"
    assert found.xcom("gate")["status"] == "insufficient"


def test_a_group_that_was_skipped_is_missing() -> None:
    @task.skip_if(lambda context: True)
    @task
    def planned() -> list[str]:
        return ["a"]

    with DAG("empty_for_another_reason", schedule=None) as dag:
        grouped(planned()) >> GateOperator(task_id="gate")
    found = run_dag(dag, interval=DAY)
    assert found.states["gate"] == "failed"
    assert "each.quality.report: error - missing: the task is skipped" in str(found.errors["gate"])
