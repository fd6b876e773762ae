"""A challenger before the deployment: compared in a real run, recorded, and let through by a gate, or not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

from airflow_ml_monitor import Segment, Status
from airflow_ml_monitor.data import Frame
from airflow_ml_monitor.operators.compare_models import CompareModelsOperator
from airflow_ml_monitor.operators.gate import GateOperator
from airflow_ml_monitor.store import Store
from tests.airflow_runs import Run, run_dag
from tests.integration.test_model_quality import COMMON, DELAY, FIRST, PREDICTIONS, named, store, week

__all__ = ["store"]
pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_metadata")]

READY = FIRST.end + DELAY
HALF = FIRST.end + timedelta(days=3)


def champion() -> tuple[pd.DataFrame, np.ndarray]:
    predictions, labels = week(FIRST, seed=1, useful=True, first_id=0)
    return predictions, labels["late"].fillna(False).to_numpy(dtype=float)


def better(by: float, *, spoiled: str = "") -> pd.DataFrame:
    """Return a challenger whose scores are nearer to the truth by a share, but of one carrier turned round."""
    predictions, truth = champion()
    score = (1 - by) * predictions["score"] + by * (0.1 + 0.8 * truth)
    return predictions.assign(score=score.where(predictions["carrier"] != spoiled, 1 - score))


def deployed(dag_id: str, challenger: pd.DataFrame, **kwargs: Any) -> Run:
    """Run comparison, gate and deployment; the comparison records, and the gate decides."""
    asked = {"metric": "log_loss", "as_of": READY} | kwargs
    with DAG(dag_id, schedule=None) as dag:
        compare = CompareModelsOperator(
            task_id="compare",
            champion=PREDICTIONS,
            challenger=Frame(lambda: challenger, time_column="predicted_at"),
            **COMMON | asked,
        )
        closing = {"fail", "error", "insufficient", "warn"}
        compare >> GateOperator(task_id="gate", close_on=closing) >> EmptyOperator(task_id="deploy")
    return run_dag(dag, interval=FIRST)


def compared(store: Store, run: Run) -> Any:
    reports = [one.report for one in store.run_reports(dag_id=run.dag_id, run_id=run.run_id)]
    (found,) = [one for one in reports if one.kind == "model_comparison"]
    return found


def let_through(run: Run) -> bool:
    return run.states == {"compare": "success", "gate": "success", "deploy": "success"}


def said_by_gate(run: Run) -> str:
    assert run.states == {"compare": "success", "gate": "failed", "deploy": "upstream_failed"}
    return str(run.errors["gate"])


class TestDeployed:
    def test_a_proven_challenger_is_deployed(self, store: Store) -> None:
        run = deployed("cg_better", better(0.4))
        assert let_through(run)
        assert "proven better: challenger less champion is -0." in named(compared(store, run), "log_loss").message

    def test_one_that_is_no_worse_is_deployed_where_that_is_asked(self, store: Store) -> None:
        asked = {"goal": "non_inferiority", "margin": 0.01, "metric": "roc_auc"}
        run = deployed("cg_no_worse", better(0.0), **asked)
        assert let_through(run)
        assert "proven no worse by more than 0.01" in named(compared(store, run), "roc_auc").message

    def test_what_a_third_of_the_labels_cannot_turn_is_deployed_early(self, store: Store) -> None:
        margin = {"goal": "non_inferiority", "margin": 0.6}
        run = deployed("cg_early", better(0.1), as_of=HALF, **margin)
        assert let_through(run)
        said = named(compared(store, run), "log_loss")
        assert "whatever the 1,241 missing labels are" in said.message
        assert said.detail["missing"] == 1241

    def test_a_share_that_is_enough_decides_where_there_is_no_worst_case(self, store: Store) -> None:
        run = deployed("cg_share", better(0.4), as_of=HALF, metric="ks", min_completeness=0.3)
        assert let_through(run)

    def test_labels_are_due_by_a_column_of_the_champion_alone(self, store: Store) -> None:
        with store.engine.begin() as connection:
            connection.execute(sa.text("ALTER TABLE predictions ADD due_at timestamptz"))
            connection.execute(sa.text("UPDATE predictions SET due_at = predicted_at + interval '10 days'"))
        run = deployed("cg_due", better(0.4), delay="due_at")
        assert let_through(run)
        assert named(compared(store, run), "coverage").value == 1.0


class TestRefused:
    def test_what_is_not_proven_says_so_at_the_gate(self, store: Store) -> None:
        said = said_by_gate(deployed("cg_equal", better(0.0)))
        assert "compare.model_comparison: insufficient" in said
        assert "the challenger is not proven better" in said
        assert "no difference is seen" in said

    def test_what_is_worse_says_by_how_much(self, store: Store) -> None:
        said = said_by_gate(deployed("cg_worse", better(0.4).assign(score=0.5)))
        assert "compare.log_loss: fail, log_loss_difference 0." in said
        assert "the challenger is proven not to be better: challenger less champion is 0." in said

    def test_a_veto_names_its_segment(self, store: Store) -> None:
        free = {"goal": "non_inferiority", "margin": 2.0}
        veto = {"segments": [Segment("carrier", required=True)], "segment_margin": 0.02}
        run = deployed("cg_veto", better(0.4, spoiled="B6"), **free, **veto)
        said = said_by_gate(run)
        assert "carrier=B6" in said
        assert "carrier=UA" not in said
        assert "the challenger is proven not to be no worse by more than 0.02" not in said
        assert "the challenger is proven worse by more than 0.02" in said
        assert compared(store, run).status is Status.FAIL

    def test_missing_labels_say_how_many_more_would_decide(self, store: Store) -> None:
        run = deployed("cg_missing", better(0.15), as_of=HALF)
        said = said_by_gate(run)
        assert "with the 1,241 missing labels at their worst for it" in said
        more = named(compared(store, run), "log_loss").detail["labels_needed"]
        assert 0 < more < 1241
        assert f"about {more:,} more" in said

    def test_a_metric_without_a_worst_case_says_what_to_do(self, store: Store) -> None:
        said = said_by_gate(deployed("cg_ks", better(0.4), as_of=HALF, metric="ks"))
        assert "1,241 of 1,992 labels are missing, and ks has no worst case here" in said
        assert "or set min_completeness" in said

    def test_rows_of_one_model_alone_are_told(self, store: Store) -> None:
        said = said_by_gate(deployed("cg_pairs", better(0.4).query("abs(score - 0.5) > 0.2")))
        assert "compare.pairs: fail" in said
        assert "by the champion only; let both answer all rows" in said

    def test_no_labels_at_all_are_told(self, store: Store) -> None:
        said = said_by_gate(deployed("cg_none", better(0.4), as_of=FIRST.end - timedelta(days=6)))
        assert "none of 290 labels is known" in said
