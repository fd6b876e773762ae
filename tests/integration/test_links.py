"""The link from a task to the page of its report, as Airflow keeps it, in real Airflow runs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from airflow.sdk import DAG

from airflow_ml_monitor.data import Frame
from airflow_ml_monitor.operators.drift import DriftOperator
from airflow_ml_monitor.operators.reference import BuildReferenceOperator
from tests.airflow_runs import run_dag

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_metadata", "store_connection")]

LINK = "_link_ReportLink"
WEEK = {"start": "2013-02-04T00:00:00Z", "end": "2013-02-11T00:00:00Z"}


def rows(shift: float) -> Frame:
    rng = np.random.default_rng(1)
    at = pd.date_range("2013-02-04", "2013-02-10", periods=2_000, tz="UTC")
    made = pd.DataFrame({"at": at, "distance": rng.normal(shift, 1, 2_000)})
    return Frame(lambda: made, time_column="at")


def test_failed_skipped_and_mapped_tasks_link_their_reports_and_one_without_a_report_its_dag() -> None:
    common: dict[str, Any] = {"model": "m", "data": rows(1.0)}
    with DAG("links", schedule=None) as dag:
        reference = BuildReferenceOperator(task_id="reference", model="m", name="r", data=rows(0.0))
        failed = DriftOperator(task_id="failed", reference="r", **common)
        skipping = DriftOperator(task_id="skipping", reference="r", on_fail="skip", **common)
        mapped = DriftOperator.partial(task_id="mapped", model="m", reference="r").expand(data=[rows(0.0), rows(1.0)])
        without = DriftOperator(task_id="without", reference="no such reference", **common)
        reference >> [failed, skipping, mapped, without]
    run = run_dag(dag, conf={"window": WEEK})
    assert run.states["failed"] == run.states["without"] == run.states["mapped[1]"] == "failed"
    for task, place in (("failed", -1), ("skipping", -1), ("mapped", 0), ("mapped", 1)):
        assert run.xcom(task, place, LINK) == f"/ml-monitor/reports/{run.xcom(task, place)['report_id']}"
    assert run.xcom("without", key=LINK) == "/ml-monitor/dags/links"
