"""Segments, fairness, the model's age and the veto of a segment in real Airflow runs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pandas as pd
import pytest
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

from airflow_ml_monitor import FairnessLimit, FindSegments, Segment, Status
from airflow_ml_monitor.data import Frame
from airflow_ml_monitor.operators.compare_models import CompareModelsOperator
from airflow_ml_monitor.operators.model_quality import ModelQualityOperator
from airflow_ml_monitor.store import Store
from tests.airflow_runs import Run, run_dag
from tests.integration.test_model_quality import (
    COMMON,
    DELAY,
    FIRST,
    PREDICTIONS,
    judge,
    named,
    one_carrier_spoiled,
    store,
    verdict,
    week,
)

__all__ = ["store"]
pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_metadata")]

SPOILED = Frame(one_carrier_spoiled, time_column="predicted_at")


def test_the_worst_segment_is_found_and_stored(store: Store) -> None:
    run = judge("sg_worst", FIRST, predictions=SPOILED, find_segments=FindSegments("carrier", severity="warning"))
    report = verdict(store, run)
    (worst,) = [one for one in report.results if one.check == "worst_segment"]
    assert (worst.segment, worst.status) == ("carrier = 'B6'", Status.FAIL)
    assert report.status is Status.WARN


def test_an_unfair_model_closes_the_gate(store: Store) -> None:
    limit = FairnessLimit("demographic_parity_difference", 0.02, by="carrier")
    run = judge("sg_fair", FIRST, predictions=SPOILED, fairness=[limit], on_fail="fail")
    assert run.states == {"score": "failed"}
    assert "demographic_parity_difference[carrier]: fail" in str(run.errors["score"])


def test_the_moment_of_training_is_a_template(store: Store) -> None:
    month = timedelta(days=30)
    with DAG("sg_age", schedule=None, params={"trained_at": (FIRST.end - 2 * month).isoformat()}) as dag:
        ModelQualityOperator(
            task_id="score",
            **COMMON,
            predictions=PREDICTIONS,
            as_of=FIRST.end + DELAY,
            trained_at="{{ params.trained_at }}",
            max_age=month,
        )
    report = verdict(store, run_dag(dag, conf={"window": FIRST.to_dict()}))
    age = named(report, "model_age")
    assert (age.value, age.limits.upper, age.status, report.status) == (60.0, 30.0, Status.FAIL, Status.FAIL)


def compare(dag_id: str, **kwargs: Any) -> Run:
    """Compare with a challenger that is better, but of one carrier knows nothing."""
    champion, labels = week(FIRST, seed=1, useful=True, first_id=0)
    truth = labels["late"].fillna(False).to_numpy(dtype=float)
    better = 0.5 * champion["score"] + 0.5 * (0.1 + 0.8 * truth)
    spoiled: pd.Series[float] = better.where(champion["carrier"] != "B6", 1 - champion["score"])
    with DAG(dag_id, schedule=None) as dag:
        compared = CompareModelsOperator(
            task_id="compare",
            champion=PREDICTIONS,
            challenger=Frame(lambda: champion.assign(score=spoiled), time_column="predicted_at"),
            metric="log_loss",
            goal="non_inferiority",
            margin=2.0,
            **COMMON | {"on_fail": "fail", "as_of": FIRST.end + DELAY} | kwargs,
        )
        compared >> EmptyOperator(task_id="deploy")
    return run_dag(dag, interval=FIRST)


def test_a_required_segment_vetoes_what_passes_on_the_whole(store: Store) -> None:
    free = compare("sg_free")
    vetoed = compare("sg_veto", segments=[Segment("carrier", required=True)], segment_margin=0.1)
    assert (free.states["deploy"], vetoed.states["deploy"]) == ("success", "upstream_failed")
    assert [one.segment for one in verdict(store, vetoed).reasons] == ["carrier=B6"]
