"""Judging and comparing models by late labels in real Airflow runs, predictions and labels in PostgreSQL."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Asset
from sklearn.metrics import roc_auc_score

from airflow_ml_monitor import AtLeast, NoWorseThanReference, Status, Window
from airflow_ml_monitor.data import Frame, Table
from airflow_ml_monitor.operators.compare_models import CompareModelsOperator
from airflow_ml_monitor.operators.gate import GateOperator
from airflow_ml_monitor.operators.model_quality import ModelQualityOperator
from airflow_ml_monitor.operators.reference import BuildReferenceOperator
from airflow_ml_monitor.store import Store
from tests.airflow_runs import Run, run_dag
from tests.conftest import as_airflow_connection
from tests.integration.test_events import events_of

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_metadata")]

DELAY = timedelta(days=10)
FIRST = Window("2013-02-04T00:00:00Z", "2013-02-11T00:00:00Z")
SECOND = Window(FIRST.end, FIRST.end + FIRST.length)
ROWS = 2_000

PREDICTIONS = Table("predictions", conn_id="warehouse", time_column="predicted_at")
LABELS = Table("labels", conn_id="warehouse", arrived_at_column="arrived_at")
COMMON: dict[str, Any] = {
    "model": "m",
    "labels": LABELS,
    "on": "id",
    "problem": "binary",
    "label": "late",
    "void": "cancelled",
    "delay": DELAY,
    "on_fail": "record",
}


def week(window: Window, *, seed: int, useful: bool, first_id: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A week's predictions, and its labels: a third each arrives after 4, 8 and 10 days; one in 50 is void."""
    rng = np.random.default_rng(seed)
    truth = rng.random(ROWS) < 0.3
    at = pd.to_datetime(window.start) + pd.to_timedelta(np.linspace(0, 6.9, ROWS), unit="D")
    center = np.where(truth, 0.65, 0.35) if useful else np.full(ROWS, 0.5)
    score = np.clip(center + rng.normal(0, 0.2, ROWS), 0.01, 0.99)
    ids = np.arange(first_id, first_id + ROWS)
    void = rng.random(ROWS) < 0.02
    predictions = pd.DataFrame(
        {"id": ids, "predicted_at": at, "score": score, "carrier": rng.choice(["UA", "B6"], ROWS), "model_version": "1"}
    )
    arrived = at + pd.to_timedelta(rng.choice([4, 8, 10], ROWS), unit="D")
    late = pd.array(np.where(void, None, truth), dtype="boolean")
    labels = pd.DataFrame({"id": ids, "late": late, "cancelled": void, "arrived_at": arrived})
    return predictions, labels


def one_carrier_spoiled() -> pd.DataFrame:
    predictions, _ = week(FIRST, seed=1, useful=True, first_id=0)
    noise = np.random.default_rng(0).random(ROWS)
    return predictions.assign(score=np.where(predictions["carrier"] == "B6", noise, predictions["score"]))


@pytest.fixture
def store(store_connection: sa.URL, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The store; the same database is the warehouse, with a good week and one in which the model knows nothing."""
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", as_airflow_connection(store_connection))
    engine = sa.create_engine(store_connection, poolclass=sa.NullPool)
    weeks = [
        week(FIRST, seed=1, useful=True, first_id=0),
        week(SECOND, seed=2, useful=False, first_id=ROWS),
    ]
    for name, frames in zip(("predictions", "labels"), zip(*weeks, strict=True), strict=True):
        pd.concat(frames).to_sql(name, engine, index=False)
    return Store(engine)


def judge(dag_id: str, window: Window, as_of: datetime | None = None, **kwargs: Any) -> Run:
    with DAG(dag_id, schedule=None) as dag:
        settings = COMMON | {"expect": [AtLeast("roc_auc", 0.7)], "predictions": PREDICTIONS} | kwargs
        ModelQualityOperator(task_id="score", as_of=as_of or window.end + DELAY, **settings)
    return run_dag(dag, conf={"window": window.to_dict()})


def verdict(store: Store, run: Run) -> Any:
    (stored,) = store.run_reports(dag_id=run.dag_id, run_id=run.run_id)
    return stored.report


def named(report: Any, check: str) -> Any:
    (found,) = [one for one in report.results if one.check == check and one.segment is None]
    return found


class TestModelQuality:
    def test_rows_of_two_carriers_alone_prove_nothing(self, store: Store) -> None:
        report = verdict(store, judge("mq_clustered", FIRST, cluster="carrier", weight="score"))
        found = named(report, "roc_auc")
        assert (report.config["cluster"], report.config["weight"]) == ("carrier", "score")
        assert (found.status, found.interval) == (Status.INSUFFICIENT, None)
        assert "2 clusters are too few for an interval, 10 are needed" in found.message

    def test_a_good_week_passes_and_its_report_is_stored_with_the_metric(self, store: Store) -> None:
        run = judge("mq_good", FIRST)
        report = verdict(store, run)
        assert (report.kind, report.status, report.rows_current) == ("model_quality", Status.PASS, ROWS)
        predictions, labels = week(FIRST, seed=1, useful=True, first_id=0)
        known = labels["late"].notna()
        exact = roc_auc_score(labels["late"][known].astype(int), predictions["score"][known])
        assert named(report, "roc_auc").value == pytest.approx(exact, abs=1e-12)
        assert named(report, "completeness").value == 1.0

    def test_a_week_the_model_knows_nothing_of_fails(self, store: Store) -> None:
        run = judge("mq_bad", SECOND)
        report = verdict(store, run)
        assert report.status is Status.FAIL
        assert [one.check for one in report.reasons] == ["roc_auc"]

    def test_each_later_look_is_a_report_of_its_own(self, store: Store) -> None:
        looks = [FIRST.end + timedelta(days=days) for days in (1, 5, 10)]
        reports = [verdict(store, judge("mq_looks", FIRST, as_of)) for as_of in looks]
        completeness = [named(report, "completeness").value for report in reports]
        assert completeness == sorted(set(completeness)), "every look knew more"
        assert [report.as_of for report in reports] == looks
        current = store.current_reports(model="m", environment="prod", window=FIRST)
        assert [one.report.as_of for one in current] == looks[-1:]
        with store.engine.connect() as connection:
            count = connection.execute(sa.text("SELECT count(*) FROM ml_monitor.report")).scalar_one()
        assert count == 3

    def test_a_look_at_the_past_repeats_the_verdict_of_then(self, store: Store) -> None:
        as_of = FIRST.end + timedelta(days=5)
        first = verdict(store, judge("mq_then", FIRST, as_of))
        with store.engine.begin() as connection:
            flipped = sa.text("INSERT INTO labels SELECT id, NOT late, cancelled, :at FROM labels")
            connection.execute(flipped, {"at": as_of + timedelta(seconds=1)})
        again = verdict(store, judge("mq_then_again", FIRST, as_of))
        assert again.results == first.results

    def test_the_reference_is_a_window_or_the_window_of_a_stored_reference(self, store: Store) -> None:
        expect = [NoWorseThanReference("log_loss", 0.02)]
        with DAG("mq_reference", schedule=None) as dag:
            BuildReferenceOperator(task_id="ref", model="m", name="good", data=PREDICTIONS, window=FIRST)
        run_dag(dag)
        by_window = verdict(store, judge("mq_by_window", SECOND, expect=expect, reference=(FIRST.start, FIRST.end)))
        by_name = verdict(store, judge("mq_by_name", SECOND, expect=expect, reference="good"))
        assert by_window.status is by_name.status is Status.FAIL
        assert named(by_window, "log_loss").limits == named(by_name, "log_loss").limits
        assert str(by_name.reference).startswith("good v1 (sha256 ")

    def test_windows_that_were_judged_before_are_counted(self, store: Store) -> None:
        expect = [AtLeast("accuracy", 0.6, over_windows=True)]
        first = named(verdict(store, judge("mq_over", FIRST, expect=expect)), "accuracy_over_windows")
        second = named(verdict(store, judge("mq_over", SECOND, expect=expect)), "accuracy_over_windows")
        assert (first.detail["windows"], second.detail["windows"]) == (1, 2)
        assert second.n_current == first.n_current + second.detail["window_loss"]["n"]

    def test_segments_are_judged_and_cannot_close(self, store: Store) -> None:
        only = Frame(one_carrier_spoiled, time_column="predicted_at")
        run = judge("mq_segments", FIRST, predictions=only, segments=["carrier"], expect=[AtLeast("roc_auc", 0.65)])
        report = verdict(store, run)
        spoiled = {one.segment: one.status for one in report.results if one.segment and one.check == "roc_auc"}
        assert spoiled == {"carrier=B6": Status.FAIL, "carrier=UA": Status.PASS}
        assert report.status is Status.WARN

    def test_a_degraded_model_is_an_event_with_its_window(self, store: Store) -> None:
        asset = Asset("m_degraded")
        run = judge("mq_event", SECOND, emit=asset)
        judge("mq_no_event", FIRST, emit=asset)
        (event,) = events_of(asset)
        assert event == run.xcom("score")
        assert Window.of(event["window"]) == SECOND
        assert any("roc_auc" in reason for reason in event["reasons"])

    def test_a_gate_closes_on_it(self, store: Store) -> None:
        with DAG("mq_gate", schedule=None) as dag:
            score = ModelQualityOperator(
                task_id="score",
                **COMMON,
                predictions=PREDICTIONS,
                as_of=SECOND.end + DELAY,
                expect=[AtLeast("roc_auc", 0.7)],
            )
            score >> GateOperator(task_id="gate") >> EmptyOperator(task_id="deploy")
        run = run_dag(dag, interval=SECOND)
        assert run.states == {"score": "success", "gate": "failed", "deploy": "upstream_failed"}
        assert "score.roc_auc: fail" in str(run.errors["gate"])

    def test_a_failed_verdict_says_what_where_by_how_much_and_what_next(self, store: Store) -> None:
        run = judge("mq_message", SECOND, on_fail="fail")
        said = str(run.errors["score"])
        assert run.states == {"score": "failed"}
        for part in ("m model quality for 2013-02-11T00:00Z to 2013-02-18T00:00Z: FAIL", "roc_auc", "0.7", "show "):
            assert part in said

    def test_a_past_as_of_needs_to_know_when_labels_arrived(self, store: Store) -> None:
        run = judge("mq_unknown_arrival", FIRST, labels=Table("labels", conn_id="warehouse"))
        assert run.states == {"score": "failed"}
        assert "arrived_at_column" in str(run.errors["score"])


class TestCompareModels:
    def compare(self, dag_id: str, challenger: pd.DataFrame, **kwargs: Any) -> Run:
        settings = COMMON | {"metric": "log_loss", "on_fail": "fail", "as_of": FIRST.end + DELAY} | kwargs
        with DAG(dag_id, schedule=None) as dag:
            compare = CompareModelsOperator(
                task_id="compare",
                champion=PREDICTIONS,
                challenger=Frame(lambda: challenger, time_column="predicted_at"),
                **settings,
            )
            compare >> EmptyOperator(task_id="deploy")
        return run_dag(dag, interval=FIRST)

    def better(self) -> pd.DataFrame:
        predictions, labels = week(FIRST, seed=1, useful=True, first_id=0)
        truth = labels["late"].fillna(False).to_numpy(dtype=float)
        return predictions.assign(score=0.6 * predictions["score"] + 0.4 * (0.2 + 0.6 * truth))

    def test_a_proven_challenger_is_deployed(self, store: Store) -> None:
        run = self.compare("cm_proven", self.better())
        assert run.states == {"compare": "success", "deploy": "success"}
        report = verdict(store, run)
        assert (report.kind, report.status) == ("model_comparison", Status.PASS)
        assert named(report, "log_loss").value < 0

    def test_an_equal_challenger_is_not_proven_and_not_deployed(self, store: Store) -> None:
        champion, _ = week(FIRST, seed=1, useful=True, first_id=0)
        run = self.compare("cm_equal", champion)
        assert run.states == {"compare": "failed", "deploy": "upstream_failed"}

    def test_an_equal_challenger_is_no_worse(self, store: Store) -> None:
        champion, _ = week(FIRST, seed=1, useful=True, first_id=0)
        run = self.compare("cm_no_worse", champion, goal="non_inferiority", margin=0.01)
        assert run.states == {"compare": "success", "deploy": "success"}

    def test_a_worse_challenger_fails(self, store: Store) -> None:
        worse = self.better().assign(score=0.5)
        run = self.compare("cm_worse", worse)
        assert verdict(store, run).status is Status.FAIL
        assert run.states["deploy"] == "upstream_failed"

    def test_one_that_answers_only_where_it_is_sure_is_refused(self, store: Store) -> None:
        sure = self.better().query("abs(score - 0.5) > 0.2")
        run = self.compare("cm_sure", sure)
        report = verdict(store, run)
        assert report.status is Status.FAIL
        assert "pairs" in {one.check for one in report.reasons}
        assert run.states["deploy"] == "upstream_failed"
