"""What OpenLineage is told of verdicts, by its own provider and its file transport, in real Airflow runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from airflow.sdk import DAG

from airflow_ml_monitor.data import Files, Frame, Table
from airflow_ml_monitor.operators.drift import DriftOperator
from airflow_ml_monitor.operators.lineage import check_results, facets
from airflow_ml_monitor.operators.reference import BuildReferenceOperator
from airflow_ml_monitor.results import CheckResult, Report
from tests.airflow_runs import run_dag

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_metadata", "store_connection")]

WEEK = {"start": "2013-02-04T00:00:00Z", "end": "2013-02-11T00:00:00Z"}


def write(path: Path, shift: float) -> str:
    rng = np.random.default_rng(1)
    at = pd.date_range("2013-02-04", "2013-02-10", periods=2_000, tz="UTC")
    pd.DataFrame({"at": at, "distance": rng.normal(shift, 1, 2_000)}).to_parquet(path)
    return str(path)


def judge(before: str, after: str) -> None:
    """Compare rows that moved with a reference that did not; the drift task fails."""
    common: dict[str, Any] = {"model": "m"}
    with DAG("lineage", schedule=None) as dag:
        reference = BuildReferenceOperator(
            task_id="reference", name="r", data=Files(path=before, time_column="at"), **common
        )
        drift = DriftOperator(task_id="drift", data=Files(path=after, time_column="at"), reference="r", **common)
        reference >> drift
    states = run_dag(dag, conf={"window": WEEK}).states
    assert states == {"reference": "success", "drift": "failed"}, states


def events(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines() if line]


def test_a_verdict_is_told_when_its_task_succeeds_and_when_it_fails(tmp_path: Path) -> None:
    before, after = write(tmp_path / "before.parquet", 0.0), write(tmp_path / "after.parquet", 1.0)
    transport = {"type": "file", "log_file_path": str(tmp_path / "events.json"), "append": True}
    environment = os.environ | {
        "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(transport),
        "AIRFLOW__OPENLINEAGE__EXECUTE_IN_THREAD": "True",
    }
    script = f"from tests.integration.test_lineage import judge; judge({before!r}, {after!r})"
    ran = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    told = {(each["job"]["name"], each["eventType"]): each for each in events(tmp_path / "events.json")}
    (built,) = told["lineage.reference", "COMPLETE"]["inputs"]
    assert (built["namespace"], built["name"]) == ("file", before)
    metrics = built["inputFacets"]["dataQualityMetrics"]
    assert metrics["rowCount"] == 2000
    assert metrics["columnMetrics"]["distance"]["nullCount"] == 0
    (judged,) = told["lineage.drift", "FAIL"]["inputs"]
    assert judged["name"] == after
    failed = [one for one in judged["inputFacets"]["dataQualityAssertions"]["assertions"] if not one["success"]]
    assert {(one["assertion"], one["column"], one["severity"]) for one in failed} == {
        ("distribution", "distance", "error")
    }


REPORT = Report(
    kind="drift",
    model="m",
    results=(
        CheckResult(check="distribution", metric="ks", status="fail", column="x", value=0.3, limits=(None, 0.1)),
        CheckResult(check="rows", metric="rows", status="insufficient", value=3, limits=(30, None)),
        CheckResult(check="unseen", metric="share", status="warn", severity="warning", column="y"),
    ),
)


def test_checks_are_kept_as_those_of_airflows_own_sql_checks() -> None:
    drifted, rows, unseen = check_results(REPORT, "flights")
    assert (drifted.name, drifted.check_type, drifted.success, drifted.column) == (
        "distribution[x]",
        "distribution",
        False,
        "x",
    )
    assert (drifted.table, drifted.actual, drifted.severity) == ("flights", "0.3", "error")
    assert (rows.success, unseen.success, unseen.severity) == (False, True, "warn")


def test_a_table_is_named_by_its_database(store_connection: sa.URL) -> None:
    told = facets(REPORT, [Table("analytics.flights", conn_id="ml_monitor_default")], None)
    (dataset,) = told.inputs
    assert dataset.name == f"{store_connection.database}.analytics.flights"
    assert dataset.namespace.startswith("postgres://")


def test_files_behind_a_url_are_named_without_their_connection() -> None:
    (dataset,) = facets(REPORT, [Files(path="s3://lake@bucket/flights/part.parquet")], None).inputs
    assert (dataset.namespace, dataset.name) == ("s3://bucket", "flights/part.parquet")


def test_rows_without_a_name_make_the_checks_tests_of_the_run() -> None:
    told = facets(REPORT, [Frame(pd.DataFrame)], None)
    assert told.inputs == []
    assert [(test.name, test.status) for test in told.run_facets["test"].tests] == [
        ("distribution[x]", "fail"),
        ("rows", "fail"),
        ("unseen[y]", "pass"),
    ]
