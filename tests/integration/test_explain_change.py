"""Why a metric changed, asked in real Airflow runs of predictions and late labels in PostgreSQL."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

from airflow_ml_monitor import Severity, Status, Window, explain_change
from airflow_ml_monitor.data import Table
from airflow_ml_monitor.operators.explain_change import ExplainChangeOperator
from airflow_ml_monitor.operators.reference import BuildReferenceOperator
from airflow_ml_monitor.results import Report
from airflow_ml_monitor.store import Store
from tests.airflow_runs import Run, run_dag
from tests.checks import check
from tests.conftest import as_airflow_connection
from tests.performance.estimation.made_rows import binary

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_metadata")]

ROWS = 1_000
FIRST = Window("2026-02-02T00:00:00Z", "2026-02-09T00:00:00Z")
MOVED = Window(FIRST.end, FIRST.end + FIRST.length)
CHANGED = Window(MOVED.end, MOVED.end + FIRST.length)
WEEKS: dict[Window, dict[str, Any]] = {FIRST: {}, MOVED: {"shift": 0.5}, CHANGED: {"slope": 0.3}}
DELAY = timedelta(days=10)
PREDICTIONS = Table("predictions", conn_id="warehouse", time_column="predicted_at")
LABELS = Table("labels", conn_id="warehouse", arrived_at_column="arrived_at")


def week(window: Window) -> pd.DataFrame:
    number = list(WEEKS).index(window)
    at = pd.date_range(window.start, window.end, periods=ROWS + 1, inclusive="left")
    rows = binary(ROWS, seed=number, **WEEKS[window])
    return rows.assign(id=range(ROWS * number, ROWS * (number + 1)), predicted_at=at, arrived_at=at + DELAY)


@pytest.fixture
def store(store_connection: sa.URL, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The store, in the warehouse's database, with three weeks: as ever, of another mix, of another relation."""
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", as_airflow_connection(store_connection))
    engine = sa.create_engine(store_connection, poolclass=sa.NullPool)
    rows = pd.concat([week(window) for window in WEEKS])
    rows[["id", "predicted_at", "score", "x"]].to_sql("predictions", engine, index=False)
    wrong = rows.assign(label=~rows["label"], arrived_at=rows["predicted_at"] + timedelta(days=1))
    pd.concat([wrong, rows])[["id", "label", "arrived_at"]].to_sql("labels", engine, index=False)
    return Store(engine)


def explain(dag_id: str, window: Window, **changed: Any) -> Run:
    arguments: dict[str, Any] = {"reference": (FIRST.start, FIRST.end), "margin": 0.02, "as_of": window.end + DELAY}
    with DAG(dag_id, schedule=None) as dag:
        ExplainChangeOperator(
            task_id="why",
            model="m",
            predictions=PREDICTIONS,
            labels=LABELS,
            on="id",
            problem="binary",
            metric="log_loss",
            features=["x"],
            **arguments | changed,
        ) >> EmptyOperator(task_id="after")
    return run_dag(dag, conf={"window": window.to_dict()})


def report_of(store: Store, run: Run) -> Report:
    (stored,) = store.run_reports(dag_id=run.dag_id, run_id=run.run_id)
    return stored.report


def test_another_relation_closes_and_is_stored_with_both_parts(store: Store) -> None:
    run = explain("ec_changed", CHANGED)
    report = report_of(store, run)
    assert run.states == {"why": "failed", "after": "upstream_failed"}
    assert (report.kind, report.status, report.window) == ("relation", Status.FAIL, CHANGED)
    assert "by the mix" in str(run.errors["why"])
    expected = explain_change(
        week(FIRST), week(CHANGED), problem="binary", metric="log_loss", margin=0.02, features=["x"]
    )
    assert report.results == expected.results


def test_another_mix_does_not(store: Store) -> None:
    run = explain("ec_moved", MOVED, margin=0.05)
    report = report_of(store, run)
    mix, relation = (check(report, name).value for name in ("mix", "relation"))
    assert mix is not None
    assert relation is not None
    assert abs(relation) < abs(mix)
    assert report.status is not Status.FAIL
    assert run.states["after"] == "success"


def test_before_the_labels_have_come_it_is_left_open(store: Store) -> None:
    report = report_of(store, explain("ec_early", CHANGED, as_of=CHANGED.start + timedelta(hours=1)))
    assert report.status is Status.INSUFFICIENT


def test_without_a_margin_it_tells_and_closes_nothing(store: Store) -> None:
    run = explain("ec_told", CHANGED, margin=None)
    relation = check(report_of(store, run), "relation")
    assert (relation.severity, run.states["after"]) == (Severity.INFO, "success")
    assert relation.value is not None
    assert relation.value > 0.1


def test_the_reference_may_be_a_stored_one(store: Store) -> None:
    with DAG("ec_reference", schedule=None) as dag:
        BuildReferenceOperator(task_id="ref", model="m", name="r", data=PREDICTIONS, window=(FIRST.start, FIRST.end))
    run_dag(dag)
    report = report_of(store, explain("ec_stored", CHANGED, reference="r"))
    assert (report.status, str(report.reference).split()[0]) == (Status.FAIL, "r")


def test_without_a_reference_it_says_what_to_give(store: Store) -> None:
    run = explain("ec_none", CHANGED, reference="{{ None }}")
    assert "give the window that the change is since" in str(run.errors["why"])
