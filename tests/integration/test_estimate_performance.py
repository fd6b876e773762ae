"""Estimating performance in real Airflow runs, and what the labels then gave beside it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from airflow.sdk import DAG

from airflow_ml_monitor import AtLeast, AtMost, Status, Window
from airflow_ml_monitor.data import Table
from airflow_ml_monitor.operators.estimate_performance import EstimatePerformanceOperator
from airflow_ml_monitor.operators.model_quality import ModelQualityOperator
from airflow_ml_monitor.store import Store
from tests.airflow_runs import Run, run_dag
from tests.conftest import as_airflow_connection
from tests.performance.estimation.made_rows import binary, regression

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_metadata")]

FIRST = Window("2026-02-02T00:00:00Z", "2026-02-09T00:00:00Z")
SECOND = Window(FIRST.end, FIRST.end + FIRST.length)
DELAY = timedelta(days=10)
PREDICTIONS = Table("predictions", conn_id="warehouse", time_column="predicted_at")
LABELS = Table("labels", conn_id="warehouse", arrived_at_column="arrived_at")
LABELLED = Table(
    sql="SELECT p.predicted_at, p.score, l.label, l.arrived_at FROM predictions p JOIN labels l USING (id)",
    conn_id="warehouse",
    time_column="predicted_at",
    arrived_at_column="arrived_at",
)


@pytest.fixture
def store(store_connection: sa.URL, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The store, in the database of the warehouse, with two weeks alike; labels come ten days later."""
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", as_airflow_connection(store_connection))
    engine = sa.create_engine(store_connection, poolclass=sa.NullPool)
    for number, window in enumerate((FIRST, SECOND)):
        rows = binary(1_000, seed=number)
        at = pd.date_range(window.start, window.end, periods=1_001, inclusive="left")
        keyed = rows.assign(id=range(1_000 * number, 1_000 * (number + 1)), predicted_at=at, arrived_at=at + DELAY)
        keyed[["id", "predicted_at", "score"]].to_sql("predictions", engine, index=False, if_exists="append")
        keyed[["id", "label", "arrived_at"]].to_sql("labels", engine, index=False, if_exists="append")
    return Store(engine)


def estimate(dag_id: str, **changed: Any) -> Run:
    arguments: dict[str, Any] = {"reference_window": (FIRST.start, FIRST.end), "expect": [AtLeast("roc_auc", 0.7)]}
    with DAG(dag_id, schedule=None) as dag:
        EstimatePerformanceOperator(
            task_id="estimate",
            model="m",
            **{"predictions": PREDICTIONS, "reference": LABELLED, "problem": "binary", "as_of": FIRST.end + DELAY}
            | arguments
            | changed,
        )
    return run_dag(dag, conf={"window": SECOND.to_dict()})


def report_of(store: Store, run: Run) -> Any:
    (stored,) = store.run_reports(dag_id=run.dag_id, run_id=run.run_id)
    return stored.report


def test_an_estimate_is_stored_before_a_label_of_its_window_is_there(store: Store) -> None:
    run = estimate("ep_pass")
    report = report_of(store, run)
    assert run.states == {"estimate": "success"}
    assert (report.kind, report.status, report.window) == ("estimated_performance", Status.PASS, SECOND)
    assert (report.rows_reference, report.rows_current) == (1_000, 1_000)


def test_its_checks_are_told_of_the_predictions_that_it_judged(store: Store) -> None:
    told: list[str] = []
    estimate("ep_lineage", on_verdict=lambda _, context: told.extend(r.table for r in context["task"].check_results))
    assert set(told) == {PREDICTIONS.label}


def test_the_labels_of_the_reference_may_be_elsewhere(store: Store) -> None:
    joined = report_of(store, estimate("ep_joined"))
    report = report_of(store, estimate("ep_labels", reference=PREDICTIONS, labels=LABELS, on="id"))
    assert report.results == joined.results


def test_an_estimate_may_block(store: Store) -> None:
    run = estimate("ep_fail", expect=[AtLeast("roc_auc", 0.95)])
    assert run.states == {"estimate": "failed"}
    assert report_of(store, run).status is Status.FAIL


def test_labels_of_the_reference_that_have_not_come_do_not_exist(store: Store) -> None:
    run = estimate("ep_early", as_of=FIRST.start + timedelta(days=10, minutes=30))
    assert report_of(store, run).status is Status.INSUFFICIENT


def test_what_the_labels_gave_is_stored_beside_the_estimate(store: Store) -> None:
    estimated = report_of(store, estimate("ep_before"))
    with DAG("ep_after", schedule=None) as dag:
        ModelQualityOperator(
            task_id="score",
            model="m",
            predictions=PREDICTIONS,
            labels=LABELS,
            on="id",
            problem="binary",
            delay=DELAY,
            expect=[AtLeast("roc_auc", 0.7)],
            as_of=SECOND.end + DELAY,
        )
    realised = report_of(store, run_dag(dag, conf={"window": SECOND.to_dict()}))
    values = {one.check: one for one in realised.results}
    (before,) = [one.value for one in estimated.results if one.check == "roc_auc"]
    beside = values["estimated_roc_auc"]
    assert beside.value == pytest.approx(before)
    assert beside.detail["difference"] == pytest.approx(values["roc_auc"].value - before)
    assert realised.status is Status.PASS


class TestRegression:
    """Errors of another mix of rows, estimated without labels; then the labels come."""

    @pytest.fixture(autouse=True)
    def of_numbers(self, store: Store) -> None:
        for number, window in enumerate((FIRST, SECOND)):
            at = pd.date_range(window.start, window.end, periods=1_001, inclusive="left")
            rows = regression(1_000, seed=number, shift=0.5 * number).assign(
                id=range(1_000 * number, 1_000 * (number + 1)), predicted_at=at, arrived_at=at + DELAY
            )
            keep = {
                "answers": ["id", "predicted_at", "x", "kind", "prediction"],
                "truths": ["id", "label", "arrived_at"],
            }
            for name, columns in keep.items():
                rows[columns].to_sql(name, store.engine, index=False, if_exists="append")

    def estimate(self, **changed: Any) -> Run:
        labelled = LABELLED.sql.replace("p.score", "p.x, p.kind, p.prediction")
        labelled = labelled.replace("predictions p", "answers p").replace("labels l", "truths l")
        return estimate(
            "ep_regression",
            problem="regression",
            features=["x", "kind"],
            predictions=Table("answers", conn_id="warehouse", time_column="predicted_at"),
            reference=replace(LABELLED, sql=labelled),
            **changed,
        )

    def realised(self) -> Run:
        with DAG("ep_regression_after", schedule=None) as dag:
            ModelQualityOperator(
                task_id="score",
                model="m",
                predictions=Table("answers", conn_id="warehouse", time_column="predicted_at"),
                labels=Table("truths", conn_id="warehouse", arrived_at_column="arrived_at"),
                on="id",
                problem="regression",
                expect=[AtMost("mae", 3.0)],
                as_of=SECOND.end + DELAY,
            )
        return run_dag(dag, conf={"window": SECOND.to_dict()})

    def test_its_errors_are_estimated_and_what_they_were_is_stored_beside(self, store: Store) -> None:
        estimated = report_of(store, self.estimate(expect=[AtMost("mae", 3.0)]))
        assert (estimated.status, estimated.config["method"]) == (Status.PASS, "DLE")
        realised = {one.check: one for one in report_of(store, self.realised()).results}
        exact = regression(1_000, seed=1, shift=0.5).eval("abs(label - prediction)").mean()
        assert realised["mae"].value == pytest.approx(exact)
        for name in ("mae", "mse", "rmse"):
            beside = realised[f"estimated_{name}"]
            (before,) = [one for one in estimated.results if one.check == name]
            assert (beside.value, beside.interval) == (before.value, before.interval)
            assert beside.detail["realised"] == realised[name].value
            assert beside.detail["held"], name

    def test_an_estimate_of_errors_may_block(self, store: Store) -> None:
        assert self.estimate(expect=[AtMost("mae", 0.5)]).states == {"estimate": "failed"}
