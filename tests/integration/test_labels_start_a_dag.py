"""Labels that arrive start a DAG, through Airflow's own scheduler, triggerer, DAG processor and workers; a triggerer
that is killed between two batches goes on where it was, and a worker that is killed is retried."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from airflow_ml_monitor import Window
from airflow_ml_monitor.store import Store
from airflow_ml_monitor.version_compat import AIRFLOW_V_3_3_PLUS
from tests.airflow_runs import Run, pause_known_dags
from tests.airflow_services import Services, services
from tests.conftest import as_airflow_connection, database

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

KILLED_DAG_FILE = """
import os
import signal
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from airflow.sdk import DAG

from airflow_ml_monitor.data import Table
from airflow_ml_monitor.operators.model_quality import ModelQualityOperator


def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)


class KilledBeforeStoring(ModelQualityOperator):
    def compute(self, inputs):
        outcome = super().compute(inputs)
        if inputs.context["ti"].try_number == 1:
            die()
        return outcome


class KilledBeforeCommit(ModelQualityOperator):
    def compute(self, inputs):
        if inputs.context["ti"].try_number == 1:
            sa.event.listen(inputs.store.engine, "commit", die)
        return super().compute(inputs)


with DAG("killed", schedule="@once", start_date=datetime(2024, 3, 4, tzinfo=UTC)):
    for operator in (KilledBeforeCommit, KilledBeforeStoring):
        operator(
            task_id=operator.__name__,
            model=operator.__name__,
            predictions=Table("predictions", conn_id="warehouse", time_column="at"),
            labels=Table("labels", conn_id="warehouse", arrived_at_column="arrived_at"),
            on="id",
            problem="binary",
            window=("2024-03-04T00:00:00Z", "2024-03-05T00:00:00Z"),
            on_fail="record",
            retries=1,
            retry_delay=timedelta(seconds=1),
        )
"""

SENSOR_DAG_FILE = """
from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG

from airflow_ml_monitor.data import Table
from airflow_ml_monitor.sensors.labels import LabelsSensor
from airflow.timetables.interval import CronDataIntervalTimetable

with DAG(
    "wait_from_the_start",
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
    start_date=datetime(2024, 3, 5, tzinfo=UTC),
    end_date=datetime(2024, 3, 5, tzinfo=UTC),
    catchup=True,
):
    LabelsSensor(
        task_id="labels",
        predictions=Table("{{ 'predict' }}ions", conn_id="warehouse", time_column="at"),
        labels=Table("awaited", conn_id="warehouse", arrived_at_column="arrived_at"),
        on="id",
        window=("{{ data_interval_start }}", "{{ data_interval_end }}"),
        start_from_trigger=True,
        poke_interval=0.5,
    )
"""


def arrive(warehouse: sa.Engine, first: int, last: int, table: str = "labels") -> None:
    times = pd.Series([datetime.now(UTC)] * (last - first), dtype="datetime64[us, UTC]")
    rows = pd.DataFrame({"id": range(first, last), "label": True, "arrived_at": times})
    rows.astype({"id": "int64", "label": "bool"}).to_sql(table, warehouse, index=False, if_exists="append")


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


def runs_over(dag_id: str) -> int | None:
    """How many runs there were, once none is under way."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session

    with create_session() as session:
        states = list(session.scalars(sa.select(DagRun.state).where(DagRun.dag_id == dag_id)))
    assert "failed" not in states
    return len(states) if states and set(states) == {"success"} else None


@pytest.fixture(scope="module")
def warehouse(postgres_server: sa.URL) -> Iterator[sa.Engine]:
    """A prediction an hour of two days with no labels yet, and an empty store."""
    with database(postgres_server) as url:
        engine = sa.create_engine(url, poolclass=sa.NullPool)
        at = [START + timedelta(hours=hour) for hour in range(48)]
        pd.DataFrame({"id": range(48), "at": at, "score": 0.7}).to_sql("predictions", engine, index=False)
        for table in ("labels", "awaited"):
            arrive(engine, 0, 0, table)
        Store(engine).check()
        yield engine


@pytest.fixture(scope="module")
def airflow(
    warehouse: sa.Engine, airflow_metadata: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Services]:
    """All of Airflow at work on the DAG files above, and on no others."""
    pause_known_dags()
    folder = tmp_path_factory.mktemp("services")
    (folder / "dags").mkdir()
    (folder / "dags" / "judge_on_arrival.py").write_text(DAG_FILE)
    (folder / "dags" / "killed.py").write_text(KILLED_DAG_FILE)
    (folder / "dags" / "wait_from_the_start.py").write_text(SENSOR_DAG_FILE)
    connection = as_airflow_connection(warehouse.url)
    settings = {"AIRFLOW_CONN_WAREHOUSE": connection, "AIRFLOW_CONN_ML_MONITOR_DEFAULT": connection}
    with services(folder / "dags", folder / "logs", settings) as running:
        yield running


def sensor() -> Any:
    """The state of the sensor, and the process of the worker that has begun it."""
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session

    with create_session() as session:
        query = sa.select(TaskInstance.state, TaskInstance.pid, TaskInstance.run_id)
        return session.execute(query.where(TaskInstance.dag_id == "wait_from_the_start")).one_or_none()


@pytest.mark.skipif(not AIRFLOW_V_3_3_PLUS, reason="earlier schedulers do not defer tasks themselves")
def test_a_sensor_waits_from_the_start_without_a_worker(airflow: Services, warehouse: sa.Engine) -> None:
    waiting = airflow.until("the deferral", lambda: (found := sensor()) and found.state == "deferred" and found, 240)
    assert waiting.pid is None, "no worker has begun it"
    arrive(warehouse, 24, 48, "awaited")
    airflow.until("its end", lambda: (found := sensor()) and found.state == "success", 180)
    pushed = Run("wait_from_the_start", waiting.run_id).xcom("labels")
    assert (pushed["window"], pushed["coverage"]) == (DAYS[1].to_dict(), 1.0)


def test_each_batch_is_judged_once_though_the_triggerer_is_killed_between_two(
    airflow: Services, warehouse: sa.Engine
) -> None:
    store = Store(warehouse)
    arrive(warehouse, 0, 24)
    airflow.until("the first verdict", lambda: verdicts(store).get(DAYS[0]) and runs_over("judge_on_arrival"), 240)
    airflow.kill("triggerer")
    arrive(warehouse, 24, 48)
    airflow.start("triggerer")
    airflow.until("the second verdict", lambda: verdicts(store).get(DAYS[1]) and runs_over("judge_on_arrival"), 180)
    told = [(event["rows"], event["windows"]) for event in events()]
    assert told == [(24, [DAYS[0].to_dict()]), (24, [DAYS[1].to_dict()])]
    assert verdicts(store) == dict.fromkeys(DAYS, 1)


def test_a_worker_killed_before_it_has_stored_loses_and_doubles_nothing(
    airflow: Services, warehouse: sa.Engine
) -> None:
    airflow.until("the retries", lambda: runs_over("killed"), 240)
    models = ("KilledBeforeCommit", "KilledBeforeStoring")
    with warehouse.connect() as connection:
        query = sa.text("SELECT model, try_number FROM ml_monitor.report WHERE dag_id = 'killed' ORDER BY model")
        assert [tuple(row) for row in connection.execute(query)] == [(model, 2) for model in models]
    for model in models:
        (entry,) = Store(warehouse).ledger(model=model, environment="prod")
        assert (entry.verdicts, entry.predictions) == (1, 24)
