"""Pages of reports as files, written by real Airflow runs."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from airflow.sdk import DAG, ObjectStoragePath

from airflow_ml_monitor.data import Frame
from airflow_ml_monitor.operators.drift import DriftOperator
from airflow_ml_monitor.operators.reference import BuildReferenceOperator
from airflow_ml_monitor.store import Store
from airflow_ml_monitor.version_compat import AIRFLOW_V_3_2_PLUS
from tests.airflow_runs import Run, run_dag

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_metadata")]

MOVED = {"start": "2013-02-04T00:00:00Z", "end": "2013-02-11T00:00:00Z"}


def rows(shift: float) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    at = pd.date_range("2013-02-04", "2013-02-10", periods=2_000, tz="UTC")
    return pd.DataFrame({"at": at, "distance": rng.normal(shift, 1, 2_000)})


def judge(dag_id: str, reports_path: Any, *, model: str = "m") -> Run:
    """Compare a week that moved with a reference that did not; the drift task fails."""
    with DAG(dag_id, schedule=None) as dag:
        reference = BuildReferenceOperator(
            task_id="reference", model=model, name="r", data=Frame(lambda: rows(0.0), time_column="at")
        )
        drift = DriftOperator(
            task_id="drift",
            model=model,
            data=Frame(lambda: rows(1.0), time_column="at"),
            reference="r",
            reports_path=reports_path,
        )
        reference >> drift
    return run_dag(dag, conf={"window": MOVED})


def test_a_failed_task_has_its_page_in_the_folder_and_names_it(store: Store, tmp_path: Path) -> None:
    run = judge("rp_file", f"file://{tmp_path}/{{{{ dag.dag_id }}}}")
    assert run.states["drift"] == "failed"
    (page,) = (tmp_path / "rp_file" / "m").iterdir()
    told = run.xcom("drift")
    assert page.name == f"drift_20130204T000000Z_{told['report_id']}.html"
    assert told["report_path"].endswith(str(page))
    html = page.read_text("utf-8")
    for part in ("m drift", "ks ", "Shares of rows by distance", told["report_id"], run.run_id, "/tasks/drift"):
        assert part in html


@pytest.mark.skipif(not AIRFLOW_V_3_2_PLUS, reason="the object storage of Airflow 3.1 knows no memory://")
def test_any_file_system_will_do(store: Store) -> None:
    folder = f"memory://reports-{uuid.uuid4().hex}"
    run = judge("rp_memory", folder)
    path = run.xcom("drift")["report_path"]
    assert path.startswith(folder)
    assert ObjectStoragePath(path).read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_name_of_a_model_cannot_lead_out_of_the_folder(store: Store, tmp_path: Path) -> None:
    judge("rp_names", f"file://{tmp_path}/in", model="../../out/m")
    (page,) = tmp_path.rglob("*.html")
    assert page.is_relative_to(tmp_path / "in")


@pytest.mark.parametrize("folder", ["file:///proc/nowhere", "s3://unknown_connection@bucket/x", "no-such-scheme://x"])
def test_a_folder_that_cannot_be_written_loses_no_verdict(store: Store, folder: str) -> None:
    run = judge(f"rp_{abs(hash(folder)) % 10_000}", folder)
    assert ": FAIL (7 pass, 2 fail)" in str(run.errors["drift"])
    told = run.xcom("drift")
    assert told["status"] == "fail"
    assert "report_path" not in told
    (stored,) = store.run_reports(dag_id=run.dag_id, run_id=run.run_id, task_ids=["drift"])
    assert stored.report.status == "fail"


def test_without_a_folder_nothing_is_written(store: Store) -> None:
    assert "report_path" not in judge("rp_none", "{{ none }}").xcom("drift")
