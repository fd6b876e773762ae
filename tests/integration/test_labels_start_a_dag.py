"""Labels that arrive start a DAG, through Airflow's own scheduler, triggerer, DAG processor and workers; a triggerer
that is killed between two batches goes on where it was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa

from airflow_ml_monitor import Window
from airflow_ml_monitor.store import Store
from tests.airflow_services import Services, services
from tests.conftest import as_airflow_connection

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_metadata")]

START = datetime(2024, 3, 4, tzinfo=UTC)
DAYS = [Window(START + timedelta(days=day), START + timedelta(days=day + 1)) for day in range(2)]
DAG_FILE = """
from airflow.sdk import DAG, Asset, AssetWatcher

from airflow_ml_monitor.data import Table
from airflow_ml_monitor.operators.model_quality import ModelQualityOperator
from airflow_ml_monitor.operators.pending_windows import PendingWindowsOperator
from airflow_ml_monitor.triggers.labels_arrived import LabelsArrivedTrigger

predictions = Table("predictions", conn_id="warehouse", time_column="at")
labels = Table("labels", conn_id="warehouse", arrived_at_column="arrived_at")
both = dict(predictions=predictions, labels=labels, on="id")
grid = dict(every="@daily", since="2024-03-04T00:00:00Z")
watch = LabelsArrivedTrigger(**both, **grid, poke_interval=0.5)
arrived = Asset("labels_arrived", watchers=[AssetWatcher(name="labels", trigger=watch)])

with DAG("judge_on_arrival", schedule=[arrived], max_active_runs=1):
    pending = PendingWindowsOperator(task_id="pending", model="m", **both, **grid, arrived_only=True, min_gain=1)
    judge = ModelQualityOperator.partial(
        task_id="judge", model="m", **both, problem="binary", on_fail="record"
    ).expand(window=pending.output)
"""


@pytest.fixture
def warehouse(engine: sa.Engine) -> sa.Engine:
    """A prediction an hour of two days, with no labels yet."""
    at = [START + timedelta(hours=hour) for hour in range(48)]
    pd.DataFrame({"id": range(48), "at": at, "score": 0.7}).to_sql("predictions", engine, index=False)
    arrive(engine, 0, 0)
    return engine


def arrive(warehouse: sa.Engine, first: int, last: int) -> None:
    times = pd.Series([datetime.now(UTC)] * (last - first), dtype="datetime64[us, UTC]")
    rows = pd.DataFrame({"id": range(first, last), "label": True, "arrived_at": times})
    rows.astype({"id": "int64", "label": "bool"}).to_sql("labels", warehouse, index=False, if_exists="append")


def verdicts(store: Store) -> dict[Window, int]:
    return {entry.window: entry.verdicts for entry in store.ledger(model="m", environment="prod")}


def events() -> list[dict[str, object]]:
    """The payloads of all events so far."""
    from airflow.models.asset import AssetEvent, AssetModel
    from airflow.utils.session import create_session

    with create_session() as session:
        query = sa.select(AssetEvent.extra).join(AssetModel, AssetModel.id == AssetEvent.asset_id)
        found = session.scalars(query.where(AssetModel.name == "labels_arrived").order_by(AssetEvent.timestamp))
        return [extra["payload"] for extra in found]


def runs_over() -> int | None:
    """How many runs there were, once none is under way."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session

    with create_session() as session:
        states = list(session.scalars(sa.select(DagRun.state).where(DagRun.dag_id == "judge_on_arrival")))
    assert "failed" not in states
    return len(states) if states and set(states) == {"success"} else None


@pytest.fixture
def judged(warehouse: sa.Engine, database_url: sa.URL, tmp_path: Path) -> Callable[[], Services]:
    dags = tmp_path / "dags"
    dags.mkdir()
    (dags / "judge_on_arrival.py").write_text(DAG_FILE)
    connection = as_airflow_connection(database_url)
    settings = {"AIRFLOW_CONN_WAREHOUSE": connection, "AIRFLOW_CONN_ML_MONITOR_DEFAULT": connection}
    return services(dags, tmp_path / "logs", settings)


def test_each_batch_is_judged_once_though_the_triggerer_is_killed_between_two(
    judged: Callable[[], Services], warehouse: sa.Engine, database_url: sa.URL
) -> None:
    store = Store(sa.create_engine(database_url, poolclass=sa.NullPool))
    store.check()
    with judged as airflow:
        arrive(warehouse, 0, 24)
        airflow.until("the first verdict", lambda: verdicts(store).get(DAYS[0]) and runs_over(), 150)
        airflow.kill("triggerer")
        arrive(warehouse, 24, 48)
        airflow.start("triggerer")
        airflow.until("the second verdict", lambda: verdicts(store).get(DAYS[1]) and runs_over(), 90)
    told = [(event["rows"], event["windows"]) for event in events()]
    assert told == [(24, [DAYS[0].to_dict()]), (24, [DAYS[1].to_dict()])]
    assert verdicts(store) == dict.fromkeys(DAYS, 1)
