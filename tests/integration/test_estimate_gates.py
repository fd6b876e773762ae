"""An estimate before a gate in real Airflow runs: it may close, and it opens nothing by itself."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

from airflow_ml_monitor import AtLeast, Window
from airflow_ml_monitor.data import Frame
from airflow_ml_monitor.operators.data_quality import DataQualityOperator
from airflow_ml_monitor.operators.estimate_performance import EstimatePerformanceOperator
from airflow_ml_monitor.operators.gate import GateOperator
from tests.airflow_runs import Run, run_dag
from tests.performance.estimation.made_rows import binary

pytestmark = [
    pytest.mark.integration,
    pytest.mark.usefixtures("airflow_metadata", "store_connection"),
]

WEEK = Window("2026-02-02T00:00:00Z", "2026-02-09T00:00:00Z")
DEPLOY = {"fail", "error", "insufficient"}
PASSES, WARNS, FAILS = 0.7, 0.79, 0.95
"""Limits on the area under the ROC curve, which is estimated at 0.76 to 0.83."""


def scored() -> pd.DataFrame:
    at = pd.date_range(WEEK.start, WEEK.end, periods=501, inclusive="left")[:500]
    return binary(500, seed=1).drop(columns="label").assign(predicted_at=at)


def estimate(limit: float) -> EstimatePerformanceOperator:
    return EstimatePerformanceOperator(
        task_id="estimate",
        model="m",
        predictions=Frame(scored, time_column="predicted_at"),
        reference=Frame(lambda: binary(1_000)),
        problem="binary",
        expect=[AtLeast("roc_auc", limit)],
        on_fail="record",
    )


def quality() -> DataQualityOperator:
    data = Frame(scored, time_column="predicted_at")
    return DataQualityOperator(task_id="quality", model="m", data=data, on_fail="record")


def run_gate(dag_id: str, *before: Any, close_on: Any = ("fail", "error")) -> Run:
    with DAG(dag_id, schedule=None) as dag:
        tasks = [make() for make in before]
        tasks >> GateOperator(task_id="gate", close_on=close_on) >> EmptyOperator(task_id="deploy")
    return run_dag(dag, interval=WEEK)


@pytest.mark.parametrize(("limit", "status"), [(PASSES, "pass"), (WARNS, "warn")])
def test_no_deployment_goes_by_an_estimate_alone(limit: float, status: str) -> None:
    run = run_gate(f"eg_alone_{status}", lambda: estimate(limit), close_on=DEPLOY)
    assert run.xcom("estimate")["status"] == status
    assert run.xcom("gate")["status"] == "insufficient"
    assert run.states == {"estimate": "success", "gate": "failed", "deploy": "upstream_failed"}
    assert "opens none by itself" in run.xcom("gate")["reasons"][0]


def test_alone_it_is_never_a_pass_of_the_gate() -> None:
    run = run_gate("eg_default", lambda: estimate(PASSES))
    assert (run.xcom("gate")["status"], run.states["deploy"]) == ("insufficient", "success")


def test_an_estimate_closes() -> None:
    run = run_gate("eg_closes", lambda: estimate(FAILS), quality)
    assert (run.xcom("gate")["status"], run.states["deploy"]) == ("fail", "upstream_failed")


@pytest.mark.parametrize(("limit", "status"), [(PASSES, "pass"), (WARNS, "warn")])
def test_beside_what_was_seen_it_leaves_the_verdict_to_that_and_keeps_its_warnings(limit: float, status: str) -> None:
    run = run_gate(f"eg_beside_{status}", lambda: estimate(limit), quality, close_on=DEPLOY)
    assert (run.xcom("gate")["status"], run.states["deploy"]) == (status, "success")


def test_a_gate_behind_that_gate_closes_too() -> None:
    with DAG("eg_behind", schedule=None) as dag:
        first = GateOperator(task_id="first")
        estimate(PASSES) >> first >> GateOperator(task_id="second", close_on=DEPLOY)
    run = run_dag(dag, interval=WEEK)
    assert (run.states["first"], run.states["second"]) == ("success", "failed")
