"""Rankings, and metrics of one's own, in real Airflow runs, the rows in PostgreSQL."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from airflow.sdk import DAG
from sklearn.metrics import ndcg_score

from airflow_ml_monitor import AtLeast, BetterThanDummy, Status, Window
from airflow_ml_monitor.data import Table
from airflow_ml_monitor.operators.model_quality import ModelQualityOperator
from airflow_ml_monitor.results import Report
from airflow_ml_monitor.store import Store
from tests.airflow_runs import run_dag
from tests.checks import check
from tests.conftest import as_airflow_connection
from tests.performance.scored import START
from tests.performance.test_rankings import ITEMS, searches

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_metadata")]

WINDOW = Window(START, START + timedelta(hours=200))


@pytest.fixture
def rows(store_connection: sa.URL, monkeypatch: pytest.MonkeyPatch) -> tuple[pd.DataFrame, pd.DataFrame]:
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", as_airflow_connection(store_connection))
    predictions, labels = searches()
    engine = sa.create_engine(store_connection, poolclass=sa.NullPool)
    for name, frame in (("shown", predictions), ("clicks", labels)):
        frame.to_sql(name, engine, index=False)
    return predictions, labels


def top_is_relevant(labels: Any, scores: Any) -> float:
    """Return of one search whether its first row is relevant."""
    return float(labels[scores.argmax()] > 0)


def judged(store_connection: sa.URL, dag_id: str, *expect: Any) -> Report:
    with DAG(dag_id, schedule=None) as dag:
        ModelQualityOperator(
            task_id="score",
            model="search",
            predictions=Table("shown", conn_id="warehouse", time_column="at"),
            labels=Table("clicks", conn_id="warehouse", arrived_at_column="arrived_at"),
            on=["search", "item"],
            problem="ranking",
            query="search",
            delay=timedelta(days=1),
            as_of=WINDOW.end + timedelta(days=2),
            expect=expect,
            on_fail="record",
        )
    run = run_dag(dag, conf={"window": WINDOW.to_dict()})
    engine = sa.create_engine(store_connection, poolclass=sa.NullPool)
    (stored,) = Store(engine).run_reports(dag_id=run.dag_id, run_id=run.run_id)
    return stored.report


def test_a_ranking_is_judged_by_its_queries(store_connection: sa.URL, rows: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    report = judged(store_connection, "ranked", AtLeast("ndcg@3", 0.7), BetterThanDummy("mrr", 0.05))
    predictions, labels = rows
    truth, score = (each.to_numpy().reshape(-1, ITEMS) for each in (labels["label"], predictions["score"]))
    found = check(report, "ndcg@3")
    assert report.status is Status.PASS
    assert report.config["query"] == "search"
    assert found.value == pytest.approx(ndcg_score(truth[truth.any(axis=1)], score[truth.any(axis=1)], k=3))


@pytest.mark.usefixtures("rows")
def test_a_function_of_ones_own_is_judged(store_connection: sa.URL) -> None:
    report = judged(store_connection, "own", AtLeast(top_is_relevant, 0.4))
    assert (report.status, check(report, "top_is_relevant").status) == (Status.PASS, Status.PASS)
    assert report.config["expect"][0]["function"] == f"{__name__}.top_is_relevant"
