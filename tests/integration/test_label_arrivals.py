"""What is said when labels are overdue, in real runs: by the report, the ledger, the sensor, and a gate across DAGs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from airflow.sdk import DAG

from airflow_ml_monitor import Status, Window
from airflow_ml_monitor.data import Table
from airflow_ml_monitor.operators.gate import GateOperator
from airflow_ml_monitor.operators.label_arrivals import LabelArrivalsOperator
from airflow_ml_monitor.operators.model_quality import ModelQualityOperator
from airflow_ml_monitor.store import Store
from tests.airflow_runs import Run, run_dag
from tests.conftest import as_airflow_connection

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_metadata")]

START = datetime(2024, 3, 4, tzinfo=UTC)
WEEK = Window(START, START + timedelta(days=7))
JOIN: dict[str, Any] = {
    "predictions": Table("predictions", conn_id="warehouse", time_column="at"),
    "labels": Table("labels", conn_id="warehouse", arrived_at_column="arrived_at"),
    "on": "id",
    "delay": timedelta(days=2),
    "model": "m",
    "window": WEEK.to_dict(),
}
AS_OF = {"before": WEEK.end + timedelta(hours=1), "passed": WEEK.end + timedelta(days=8)}


@pytest.fixture
def store(store_connection: sa.URL, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Of a prediction an hour, those of the first three days have their labels after a day; no others come."""
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", as_airflow_connection(store_connection))
    engine = sa.create_engine(store_connection, poolclass=sa.NullPool)
    at = pd.date_range(WEEK.start, WEEK.end, freq="h", inclusive="left")
    pd.DataFrame({"id": range(168), "at": at, "score": 0.7}).to_sql("predictions", engine, index=False)
    labels = pd.DataFrame({"id": range(72), "label": True, "arrived_at": at[:72] + timedelta(days=1)})
    labels.to_sql("labels", engine, index=False)
    return Store(engine)


def arrivals(as_of: datetime, **kwargs: Any) -> Run:
    with DAG("label_arrivals", schedule=None) as dag:
        LabelArrivalsOperator(task_id="labels", as_of=as_of, **JOIN | {"overdue_after": timedelta(days=5)} | kwargs)
    return run_dag(dag)


@pytest.mark.parametrize(("when", "state"), [("before", "success"), ("passed", "failed")])
def test_the_report_closes_when_the_deadline_has_passed(store: Store, when: str, state: str) -> None:
    run = arrivals(AS_OF[when])
    assert run.states == {"labels": state}
    (stored,) = store.run_reports(dag_id=run.dag_id, run_id=run.run_id)
    (check,) = stored.report.results
    assert (stored.report.kind, check.check) == ("label_arrivals", "overdue_labels")
    if state == "failed":
        assert "96 of 168 labels are missing 5 days after they were due" in str(run.errors["labels"])


def test_a_gate_of_another_dag_knows_of_an_outage(store: Store) -> None:
    # On the fifth day, for which labels are awaited since two.
    settings = {"overdue_after": None, "outage_after": timedelta(days=2), "on_fail": "record"}
    found = arrivals(START + timedelta(days=6), **settings)
    assert found.xcom("labels")["status"] == "fail"
    with DAG("needs_labels", schedule=None) as dag:
        GateOperator(task_id="gate", model="m", kinds=["label_arrivals"], window=WEEK.to_dict())
    run = run_dag(dag)
    assert run.states == {"gate": "failed"}
    assert run.xcom("gate")["reasons"][0].startswith("labels.label_outage: fail")


def test_the_ledger_has_what_is_missing(store: Store) -> None:
    with DAG("overdue_ledger", schedule=None) as dag:
        ModelQualityOperator(task_id="score", problem="binary", as_of=AS_OF["passed"], on_fail="record", **JOIN)
    run_dag(dag)
    (entry,) = store.ledger(model="m", environment="prod")
    assert (entry.mature, entry.labelled, entry.missing, entry.coverage) == (168, 72, 96, pytest.approx(72 / 168))
    assert entry.verdict is Status.INSUFFICIENT
