"""A gate across DAGs that waits in the triggerer: deferred, started again by a report, closed by its deadline."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from airflow.sdk import DAG

from airflow_ml_monitor import Window
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.operators.gate import GateOperator
from airflow_ml_monitor.store import Store
from airflow_ml_monitor.triggers.reports import ReportsTrigger
from tests.airflow_runs import run_dag
from tests.store.factories import make_check, make_origin, make_report

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_metadata")]

DAY = Window("2013-02-04T00:00:00Z", "2013-02-05T00:00:00Z")


@pytest.fixture
def store(store_connection: sa.URL) -> Store:
    store = Store(sa.create_engine(store_connection, poolclass=sa.NullPool))
    store.migrate()
    return store


def write(store: Store, **changes: Any) -> str:
    report = make_report(model="m", window=DAY, results=(make_check(status="pass"),), **changes)
    return str(store.write(report, make_origin()).id)


def made(dag_id: str, **kwargs: Any) -> DAG:
    settings: dict[str, Any] = {"wait": timedelta(minutes=2), "poke_interval": timedelta(seconds=0.2)}
    with DAG(dag_id, schedule=None) as dag:
        GateOperator(task_id="gate", model="m", kinds=["drift"], deferrable=True, **settings | kwargs)
    return dag


def trigger(known: list[str] | None, *, seconds: float = 20.0) -> ReportsTrigger:
    about = {"model": "m", "environment": "prod", "window": DAY.to_dict(), "kinds": ["drift"], "model_version": None}
    return ReportsTrigger(
        about=about,
        known=known,
        store_conn_id="ml_monitor_default",
        poke_interval=0.1,
        deadline=(datetime.now(UTC) + timedelta(seconds=seconds)).isoformat(),
    )


async def fires(watching: ReportsTrigger) -> float:
    """How many seconds it takes until the trigger has its event."""
    started = time.monotonic()
    event = await anext(aiter(watching.run()))
    assert event.payload == {"deadline": watching.deadline}
    return time.monotonic() - started


def test_a_report_that_comes_opens_the_gate(store: Store) -> None:
    late = threading.Timer(2.0, write, [store])
    late.start()
    run = run_dag(made("deferred_open"), interval=DAY)
    late.join()
    assert run.states["gate"] == "success"
    assert run.xcom("gate")["counts"] == {"pass": 1}


def test_the_deadline_closes_it(store: Store) -> None:
    run = run_dag(made("deferred_closed", wait=timedelta(seconds=1)), interval=DAY)
    assert run.states["gate"] == "failed"
    assert "the store has no drift report of m" in str(run.errors["gate"])


def test_without_a_wait_there_is_nothing_to_defer() -> None:
    with pytest.raises(ConfigurationError, match="deferrable=True is for a gate that waits"):
        GateOperator(task_id="gate", model="m", kinds=["drift"], deferrable=True)


def test_the_trigger_is_restarted_as_it_was() -> None:
    path, arguments = trigger(["b", "a"]).serialize()
    again = ReportsTrigger(**json.loads(json.dumps(arguments)))
    assert again.serialize() == (path, arguments)


def test_it_fires_for_a_report_it_does_not_know_only(store: Store) -> None:
    known = write(store)
    assert asyncio.run(fires(trigger([]))) < 10
    assert asyncio.run(fires(trigger([known], seconds=1.0))) >= 1.0
    write(store, as_of=datetime(2013, 3, 1, tzinfo=UTC))
    assert asyncio.run(fires(trigger([known]))) < 10


def test_for_the_state_of_a_task_it_waits_for_one_look(store: Store) -> None:
    assert asyncio.run(fires(trigger(None))) < 10


def test_a_store_that_is_away_is_asked_until_the_deadline(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = json.dumps({"conn_type": "postgres", "host": "/nowhere", "login": "postgres", "schema": "none"})
    monkeypatch.setenv("AIRFLOW_CONN_ML_MONITOR_DEFAULT", nowhere)
    assert asyncio.run(fires(trigger([], seconds=1.0))) >= 1.0
    assert "the store behind connection 'ml_monitor_default' (database 'none' on '/nowhere'" in capsys.readouterr().out
