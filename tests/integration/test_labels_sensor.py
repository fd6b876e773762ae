"""``LabelsSensor`` in real Airflow runs: deferral and resume, rescheduling, timeouts, labels that come meanwhile."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Timer
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from airflow.sdk import DAG

from airflow_ml_monitor import Window
from airflow_ml_monitor.data import Files, Table
from airflow_ml_monitor.performance.delays_learnt import LearntDelay
from airflow_ml_monitor.sensors.labels import LabelsSensor
from tests.airflow_runs import Run, run_dag
from tests.conftest import as_airflow_connection

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_metadata")]

DAY = Window("2024-03-04T00:00:00Z", "2024-03-05T00:00:00Z")
PREDICTIONS = Table("predictions", conn_id="warehouse", time_column="at")
LABELS = Table("labels", conn_id="warehouse", arrived_at_column="arrived_at")


def predictions(window: Window = DAY) -> pd.DataFrame:
    """Ten predictions, the last of them void."""
    at = pd.date_range(window.start, window.end, periods=11, inclusive="left")
    return pd.DataFrame({"id": range(10), "at": at, "cancelled": [False] * 9 + [True]})


def labels(many: int, arrived_at: datetime = DAY.end) -> pd.DataFrame:
    """The labels of the first predictions."""
    times = pd.Series([arrived_at] * many, dtype="datetime64[us, UTC]")
    frame = pd.DataFrame({"id": range(many), "label": [True] * many, "arrived_at": times})
    return frame.astype({"id": "int64", "label": "bool"})


@pytest.fixture
def warehouse(engine: sa.Engine, database_url: sa.URL, monkeypatch: pytest.MonkeyPatch) -> sa.Engine:
    """The Airflow connection ``warehouse``, with predictions and no labels yet."""
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", as_airflow_connection(database_url))
    predictions().to_sql("predictions", engine, index=False)
    labels(0).to_sql("labels", engine, index=False)
    return engine


def arrive(warehouse: sa.Engine, many: int) -> None:
    labels(many).to_sql("labels", warehouse, index=False, if_exists="append")


def sensor(**kwargs: Any) -> LabelsSensor:
    settings = {"predictions": PREDICTIONS, "labels": LABELS, "on": "id", "void": "cancelled"}
    return LabelsSensor(task_id="labels", **settings | {"poke_interval": 0.2, "timeout": 60} | kwargs)


def run_sensor(dag_id: str, interval: Window = DAY, between: Any = lambda: None, **kwargs: Any) -> Run:
    with DAG(dag_id, schedule=None) as dag:
        sensor(**kwargs)
    return run_dag(dag, interval=interval, between=between)


@pytest.mark.usefixtures("warehouse")
class TestReady:
    @pytest.mark.parametrize("deferrable", [True, False])
    def test_labels_that_are_there_need_one_look(self, warehouse: sa.Engine, deferrable: bool) -> None:
        arrive(warehouse, 9)
        run = run_sensor(f"labels_there_{deferrable}", deferrable=deferrable)
        assert run.states == {"labels": "success"}
        found = run.xcom("labels")
        assert {key: found[key] for key in ("ready", "timed_out", "coverage", "completeness", "window")} == {
            "ready": True,
            "timed_out": False,
            "coverage": 1.0,
            "completeness": 1.0,
            "window": DAY.to_dict(),
        }
        assert found["counts"]["void"] == 1

    def test_enough_is_enough(self, warehouse: sa.Engine) -> None:
        arrive(warehouse, 8)
        run = run_sensor("labels_enough", min_coverage=0.85)
        assert run.xcom("labels")["coverage"] == pytest.approx(8 / 9)

    def test_as_of_uses_what_had_arrived_by_then(self, warehouse: sa.Engine) -> None:
        arrive(warehouse, 9)
        run = run_sensor("labels_as_of", as_of=DAY.end.isoformat(), timeout=0, on_timeout="go_on")
        later = labels(9, DAY.end + timedelta(seconds=1))
        later.to_sql("labels", warehouse, index=False, if_exists="replace")
        before = run_sensor("labels_before", as_of=DAY.end.isoformat(), timeout=0, on_timeout="go_on")
        assert (run.xcom("labels")["coverage"], before.xcom("labels")["coverage"]) == (1.0, 0.0)

    def test_a_week_in_which_clocks_change(self, warehouse: sa.Engine) -> None:
        """From 3 to 11 March 2024 in New York, by a template of wall times; one hour of it does not exist."""
        week = Window("2024-03-04T00:00:00-05:00", "2024-03-11T00:00:00-04:00")
        made = predictions(week)
        made["at"] = made["at"].dt.tz_convert("America/New_York").dt.tz_localize(None)
        made.to_sql("predictions", warehouse, index=False, if_exists="replace")
        arrive(warehouse, 9)
        wall = Table("predictions", conn_id="warehouse", time_column="at", timezone="America/New_York")
        run = run_sensor("labels_dst", week, predictions=wall, delay=timedelta(weeks=1))
        assert run.xcom("labels")["counts"]["predictions"] == 10


class TestDeferred:
    def test_it_resumes_when_labels_arrive(self, warehouse: sa.Engine) -> None:
        arriving = Timer(1.5, lambda: arrive(warehouse, 9))
        arriving.start()
        run = run_sensor("labels_deferred", deferrable=True)
        arriving.join()
        assert run.states == {"labels": "success"}
        assert run.xcom("labels")["coverage"] == 1.0

    def test_its_timeout_fails_with_what_is_missing(self, warehouse: sa.Engine) -> None:
        arrive(warehouse, 6)
        run = run_sensor("labels_deferred_timeout", deferrable=True, timeout=1)
        assert run.states == {"labels": "failed"}
        assert str(run.errors["labels"]) == (
            "labels of 2024-03-04T00:00Z to 2024-03-05T00:00Z: 6 of 9 mature predictions labelled "
            "(66.7 %; at least 95 % wanted), 1 void, 0 not yet mature; 3 labels are missing after 0:00:01 of waiting; "
            "give it a longer timeout=, a lower min_coverage=, void= for predictions that never get a label, "
            "or on_timeout='go_on' to judge what is there"
        )

    @pytest.mark.parametrize("deferrable", [True, False])
    def test_labels_past_their_deadline_are_waited_for_no_more(self, warehouse: sa.Engine, deferrable: bool) -> None:
        arrive(warehouse, 6)
        due = {"delay": timedelta(days=1), "overdue_after": timedelta(days=2)}
        run = run_sensor(f"labels_overdue_{deferrable}", deferrable=deferrable, timeout=timedelta(days=7), **due)
        assert run.states == {"labels": "failed"}
        said = "3 labels are missing and overdue since 2024-03-08 00:00 UTC; give it a longer overdue_after="
        assert said in str(run.errors["labels"])

    def test_a_deadline_that_comes_while_it_waits_ends_the_waiting(self, warehouse: sa.Engine) -> None:
        arrive(warehouse, 6)
        soon = datetime.now(UTC) + timedelta(seconds=3) - DAY.end
        run = run_sensor("labels_overdue_soon", deferrable=True, timeout=timedelta(days=7), overdue_after=soon)
        assert run.states == {"labels": "failed"}
        assert "and overdue since" in str(run.errors["labels"])

    def test_it_goes_by_a_delay_that_is_learnt_at_each_look(self, warehouse: sa.Engine) -> None:
        arrive(warehouse, 6)
        learnt = LearntDelay(quantile=0.5, over=timedelta(days=10))
        # Nine predictions, 2.4 hours apart. The first six had their label 24 to 12 hours later; the others were waited
        # for 18.6, 16.2 and 13.8 hours. Of 9, 7, 5 and 3 left at 12, 14.4, 16.8 and 19.2 hours one was labelled each
        # time: half of them at 19.2.
        as_of = (DAY.end + timedelta(hours=9)).isoformat()
        run = run_sensor("labels_learnt", deferrable=True, on_timeout="go_on", delay=learnt, as_of=as_of, timeout=1)
        found = run.xcom("labels")["counts"]
        assert (found["mature"], found["labelled"], found["predictions"]) == (6, 6, 10)

    def test_its_timeout_goes_on_with_what_is_there(self, warehouse: sa.Engine) -> None:
        arrive(warehouse, 6)
        run = run_sensor("labels_deferred_go_on", deferrable=True, timeout=1, on_timeout="go_on")
        assert run.states == {"labels": "success"}
        found = run.xcom("labels")
        assert (found["ready"], found["timed_out"], found["counts"]["labelled"]) == (False, True, 6)

    @pytest.mark.parametrize("timeout", [0, 1], ids=["at the first look", "in the triggerer"])
    def test_its_timeout_skips_softly(self, warehouse: sa.Engine, timeout: int) -> None:
        run = run_sensor(f"labels_deferred_soft_{timeout}", deferrable=True, timeout=timeout, soft_fail=True)
        assert run.states == {"labels": "skipped"}

    def test_a_table_that_vanishes_fails_the_task(self, warehouse: sa.Engine) -> None:
        def vanish() -> None:
            with warehouse.begin() as connection:
                connection.execute(sa.text("DROP TABLE labels"))

        vanishing = Timer(4.0, vanish)
        vanishing.start()
        run = run_sensor("labels_vanish", deferrable=True)
        vanishing.join()
        assert run.states == {"labels": "failed"}
        assert "table labels of connection 'warehouse' does not exist" in str(run.errors["labels"])


class TestRescheduled:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        predictions().to_parquet(tmp_path / "predictions.parquet")
        labels(0).to_parquet(tmp_path / "labels.parquet")
        return tmp_path

    def run(self, dag_id: str, folder: Path, between: Any = lambda: None, **kwargs: Any) -> Run:
        made = Files(str(folder / "predictions.parquet"), time_column="at")
        said = Files(str(folder / "labels.parquet"), arrived_at_column="arrived_at")
        return run_sensor(dag_id, between=between, predictions=made, labels=said, deferrable=True, **kwargs)

    def test_files_are_looked_at_again(self, folder: Path) -> None:
        looks: list[None] = []

        def between() -> None:
            looks.append(None)
            if len(looks) == 3:
                labels(9).to_parquet(folder / "labels.parquet")

        run = self.run("labels_files", folder, between)
        assert run.states == {"labels": "success"}
        assert len(looks) > 3

    def test_its_timeout_counts_from_the_first_look(self, folder: Path) -> None:
        started = datetime.now(UTC)
        run = self.run("labels_files_timeout", folder, timeout=1.5)
        assert run.states == {"labels": "failed"}
        assert "0 of 9 mature predictions labelled" in str(run.errors["labels"])
        assert datetime.now(UTC) - started >= timedelta(seconds=1.3)

    def test_its_timeout_goes_on(self, folder: Path) -> None:
        run = self.run("labels_files_go_on", folder, timeout=0, on_timeout="go_on")
        assert (run.states, run.xcom("labels")["timed_out"]) == ({"labels": "success"}, True)

    def test_its_timeout_skips_softly(self, folder: Path) -> None:
        assert self.run("labels_files_soft", folder, timeout=0, soft_fail=True).states == {"labels": "skipped"}

    def test_before_the_window_is_over_nobody_looks_again(self, folder: Path) -> None:
        now = datetime.now(UTC)
        window = Window(now - timedelta(hours=1), now + timedelta(hours=1))
        with pytest.raises(InterruptedError):
            self.run("labels_early", folder, stop, window=window, timeout=timedelta(days=1))
        assert abs(next_look("labels_early") - window.end) < timedelta(seconds=10)


def stop() -> None:
    raise InterruptedError


def next_look(dag_id: str) -> datetime:
    """When Airflow looks again."""
    from airflow.models.taskinstance import TaskInstance
    from airflow.models.taskreschedule import TaskReschedule
    from airflow.utils.session import create_session

    query = sa.select(TaskReschedule.reschedule_date).join(TaskInstance, TaskInstance.id == TaskReschedule.ti_id)
    with create_session() as session:
        found: datetime = session.scalars(query.where(TaskInstance.dag_id == dag_id)).one()
    return found


@pytest.mark.parametrize("deferrable", [True, False])
def test_a_database_that_is_down_is_named_and_asked_again_by_airflows_retries(
    warehouse: sa.Engine, monkeypatch: pytest.MonkeyPatch, deferrable: bool
) -> None:
    right = as_airflow_connection(warehouse.url)
    down = {"conn_type": "postgres", "host": "127.0.0.1", "port": 1, "login": "ann", "password": "s3cret"}
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps(down))

    def mend() -> None:
        arrive(warehouse, 9)
        monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", right)

    retried = {"retries": 1, "retry_delay": timedelta(seconds=0), "deferrable": deferrable}
    run = run_sensor(f"labels_down_{deferrable}", between=mend, **retried)
    assert str(run.errors["labels"]).startswith("table predictions of connection 'warehouse' cannot be read now: ")
    assert "s3cret" not in str(run.errors["labels"])
    assert run.states == {"labels": "success"}


def test_an_unknown_column_fails_at_the_first_look(warehouse: sa.Engine) -> None:
    run = run_sensor("labels_column", on="key", deferrable=True)
    assert run.states == {"labels": "failed"}
    assert "column 'key' is not in table predictions of connection 'warehouse'" in str(run.errors["labels"])


@pytest.fixture
def kept_by_airflow(database_url: sa.URL) -> Iterator[str]:
    """A connection to the warehouse that is in Airflow's metadata, as most are."""
    from airflow.models import Connection
    from airflow.utils.session import create_session

    given = json.loads(as_airflow_connection(database_url))
    row = Connection(conn_id="kept_by_airflow", **given)
    with create_session() as session:
        session.add(row)
    yield "kept_by_airflow"
    with create_session() as session:
        session.execute(sa.delete(Connection).where(Connection.conn_id == "kept_by_airflow"))


@pytest.fixture
def triggerer() -> Iterator[None]:
    """A triggerer process of Airflow's own."""
    from airflow.jobs.job import Job
    from airflow.utils.session import create_session

    started = datetime.now(UTC)
    process = subprocess.Popen(
        [sys.executable, "-m", "airflow", "triggerer", "--skip-serve-logs"],
        env=os.environ | {"AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    query = sa.select(Job.id).where(Job.job_type == "TriggererJob", Job.start_date >= started)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with create_session() as session:
            if session.scalar(query) is not None:
                break
        time.sleep(0.2)
    yield
    process.terminate()
    process.wait(30)


@pytest.mark.usefixtures("triggerer")
def test_in_airflows_own_triggerer(warehouse: sa.Engine, kept_by_airflow: str) -> None:
    rounds: list[None] = []

    def between() -> None:
        rounds.append(None)
        time.sleep(0.5)
        if len(rounds) == 6:
            arrive(warehouse, 9)

    with DAG("labels_triggerer", schedule=None) as dag:
        made, said = (replace(table, conn_id=kept_by_airflow) for table in (PREDICTIONS, LABELS))
        sensor(predictions=made, labels=said, deferrable=True)
    run = run_dag(dag, interval=DAY, between=between, inline_triggers=False)
    assert run.states == {"labels": "success"}
    assert len(rounds) > 6
    assert run.xcom("labels")["coverage"] == 1.0
