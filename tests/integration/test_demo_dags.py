"""The demo's DAGs with nothing of the demo around them: two connections and a folder, as docker-compose.yaml has it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from airflow_ml_monitor import Window
from airflow_ml_monitor.version_compat import AIRFLOW_V_3_2_PLUS
from tests.airflow_runs import Run, run_dag, sync
from tests.conftest import as_airflow_connection
from tests.test_compose import commands

DAGS = Path(__file__).resolve().parents[2] / "dags"

pytestmark = pytest.mark.integration


@dataclass(frozen=True)
class Played:
    """What became of a week: each DAG's run, and the events that would start the retraining."""

    week: Window
    reference: Run
    scoring: Run
    evaluation: Run
    retraining: Run
    events: list[dict[str, Any]]
    models: Path


@pytest.fixture(scope="module")
def environment(postgres_server: sa.URL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The two connections, each to an empty database, and an empty folder for models."""
    admin = sa.create_engine(postgres_server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    names = {conn_id: f"{conn_id.lower()}_{uuid.uuid4().hex[:8]}" for conn_id in ("ML_MONITOR_DEFAULT", "WAREHOUSE")}
    models: Path = tmp_path_factory.mktemp("flight_delay") / "models"
    with admin.connect() as connection, pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(DAGS))
        patch.setenv("FLIGHT_DELAY_MODELS", str(models))
        for conn_id, name in names.items():
            connection.execute(sa.text(f"CREATE DATABASE {name}"))
            patch.setenv(f"AIRFLOW_CONN_{conn_id}", as_airflow_connection(postgres_server.set(database=name)))
        yield models
        for name in names.values():
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="module")
def played(environment: Path, airflow_metadata: None) -> Played:
    if AIRFLOW_V_3_2_PLUS:
        from airflow.dag_processing.dagbag import DagBag
    else:
        from airflow.models.dagbag import DagBag

    dags = DagBag(str(DAGS)).dags
    reference = run_dag(dags["flight_delay_reference"])
    week = asked_week(dags["flight_delay_scoring"])
    scoring = run_dag(dags["flight_delay_scoring"], interval=week)
    evaluation = run_dag(dags["flight_delay_label_evaluation"], interval=week)
    events = events_of(evaluation)
    retraining = run_dag(dags["flight_delay_retraining"], conf={"window": events[0]["window"]})
    return Played(week, reference, scoring, evaluation, retraining, events, environment)


def asked_week(dag: Any) -> Window:
    """The data interval that Airflow gives the run which docker-compose.yaml says to trigger."""
    (logical_date,) = {command[-2] for command in commands() if command[-1] == dag.dag_id}
    timetable = sync(dag).timetable
    interval = timetable.infer_manual_data_interval(run_after=datetime.fromisoformat(logical_date))
    return Window(interval.start, interval.end)


def events_of(run: Run) -> list[dict[str, Any]]:
    from airflow.models.asset import AssetEvent
    from airflow.utils.session import create_session

    with create_session() as session:
        return list(session.scalars(sa.select(AssetEvent.extra).where(AssetEvent.source_run_id == run.run_id)))


def test_the_reference_is_built_and_the_first_model_is_in_use(played: Played) -> None:
    assert played.reference.states == {"reference": "success", "start_project": "success"}
    deployed = json.loads((played.models / "deployed.json").read_text())
    assert deployed[0]["version"] == played.reference.xcom("start_project")["version"]


def test_the_week_that_is_asked_for_is_the_one_of_24_june(played: Played) -> None:
    assert played.week == Window("2013-06-24T04:00:00Z", "2013-07-01T04:00:00Z")


def test_the_week_is_scored(played: Played) -> None:
    assert played.scoring.states == {"score": "success"}
    flights = pd.read_parquet(DAGS / "data" / "flights_2013.parquet", columns=["scheduled_at"])["scheduled_at"]
    assert played.scoring.xcom("score")["rows"] == flights.between("2013-06-24", "2013-07-01", inclusive="left").sum()


def test_its_labels_say_that_the_model_has_degraded(played: Played) -> None:
    assert played.evaluation.states == {"labels": "success", "model_quality": "success"}
    assert played.evaluation.xcom("model_quality")["status"] == "fail"
    assert [event["window"] for event in played.events] == [played.week.to_dict()]


def test_the_retraining_deploys_what_it_has_proven(played: Played) -> None:
    tasks = ("quality", "drift", "gate", "train", "compare", "deploy")
    assert played.retraining.states == dict.fromkeys(tasks, "success")
    deployed = json.loads((played.models / "deployed.json").read_text())
    assert deployed[-1]["version"] == played.retraining.xcom("deploy") != deployed[0]["version"]
