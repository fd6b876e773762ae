"""``LabelsTrigger`` as the triggerer runs it: beside others, restarted at will, over a database that may fail."""

from __future__ import annotations

import asyncio
import json
import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from airflow_ml_monitor import Window
from airflow_ml_monitor.data import Table
from airflow_ml_monitor.performance.label_wait import LabelWait
from airflow_ml_monitor.triggers.labels import LabelsTrigger
from tests.conftest import as_airflow_connection

pytestmark = pytest.mark.integration

DAY = Window("2024-03-04T00:00:00Z", "2024-03-05T00:00:00Z")
NOWHERE = json.dumps({"conn_type": "postgres", "host": "/nowhere", "login": "postgres", "schema": "none"})


@pytest.fixture
def connection(engine: sa.Engine, database_url: sa.URL, monkeypatch: pytest.MonkeyPatch) -> str:
    """The Airflow connection ``warehouse``, to a database with two predictions and one label."""
    pd.DataFrame({"id": [1, 2], "at": [DAY.start] * 2}).to_sql("predictions", engine, index=False)
    pd.DataFrame({"id": [1], "label": [True], "arrived_at": [DAY.end]}).to_sql("labels", engine, index=False)
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", as_airflow_connection(database_url))
    return as_airflow_connection(database_url)


def waiting(**kwargs: Any) -> LabelWait:
    settings: dict[str, Any] = {
        "predictions": Table("predictions", conn_id="warehouse", time_column="at"),
        "labels": Table("labels", conn_id="warehouse", arrived_at_column="arrived_at"),
        "on": ("id",),
        "window": DAY,
    }
    return LabelWait(**settings | kwargs)


def trigger(wait: LabelWait, seconds: float = 20.0) -> LabelsTrigger:
    deadline = (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()
    return LabelsTrigger(wait=wait.to_dict(), poke_interval=0.1, deadline=deadline, timeout=seconds)


async def event_of(watching: LabelsTrigger) -> dict[str, Any]:
    event = await anext(aiter(watching.run()))
    found: dict[str, Any] = event.payload
    return found


def test_it_is_restarted_as_it_was() -> None:
    path, arguments = trigger(waiting(void={"state": ["lost"]}, delay=timedelta(days=3))).serialize()
    again = LabelsTrigger(**json.loads(json.dumps(arguments)))
    assert path == f"{LabelsTrigger.__module__}.{LabelsTrigger.__qualname__}"
    assert again.serialize() == (path, arguments)
    assert LabelWait.from_dict(arguments["wait"]) == waiting(void={"state": ["lost"]}, delay=timedelta(days=3))


@pytest.mark.usefixtures("connection")
def test_its_event_is_plain_and_says_what_there_is() -> None:
    event = asyncio.run(event_of(trigger(waiting(min_coverage=0.5))))
    assert json.loads(json.dumps(event)) == event
    assert (event["ready"], event["timed_out"], event["error"]) == (True, False, False)
    assert (event["coverage"], event["counts"]["predictions"]) == (0.5, 2)


@pytest.mark.usefixtures("connection")
def test_it_gives_up_at_its_deadline() -> None:
    event = asyncio.run(event_of(trigger(waiting(), seconds=0.5)))
    assert (event["ready"], event["timed_out"]) == (False, True)
    assert "1 labels are missing after 0:00:00.500000 of waiting" in event["message"]


@pytest.mark.usefixtures("connection")
def test_started_again_after_its_deadline_it_looks_once() -> None:
    assert asyncio.run(event_of(trigger(waiting(min_coverage=0.5), seconds=-100)))["ready"]


def test_an_outage_is_waited_out(connection: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", NOWHERE)

    async def outage_and_recovery() -> dict[str, Any]:
        task = asyncio.create_task(event_of(trigger(waiting(min_coverage=0.5))))
        await asyncio.sleep(1.0)
        assert not task.done()
        monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", connection)
        return await task

    assert asyncio.run(outage_and_recovery())["ready"]


def test_an_outage_until_the_deadline_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", NOWHERE)
    event = asyncio.run(event_of(trigger(waiting(), seconds=0.5)))
    assert event["timed_out"]
    outage = "the last look failed: table predictions of connection 'warehouse' cannot be read now: "
    assert outage in event["message"]
    assert "/nowhere" in event["message"]


@pytest.mark.usefixtures("connection")
@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"on": ("key",)}, "column 'key' is not in table predictions"),
        (
            {"labels": Table("gone", conn_id="warehouse", arrived_at_column="arrived_at")},
            "table gone .* does not exist",
        ),
        ({"labels": Table("labels", conn_id="unknown")}, "Airflow connection 'unknown' is not defined"),
    ],
    ids=["column", "table", "connection"],
)
def test_what_can_never_succeed_is_not_waited_for(wrong: dict[str, Any], sentence: str) -> None:
    started = time.monotonic()
    event = asyncio.run(event_of(trigger(waiting(**wrong))))
    assert event["error"]
    assert re.search(sentence, event["message"])
    assert time.monotonic() - started < 10


@pytest.mark.usefixtures("connection")
def test_other_triggers_go_on_while_it_looks() -> None:
    slow = Table(sql="SELECT labels.*, pg_sleep(1)::text AS slept FROM labels", conn_id="warehouse")
    wait = waiting(labels=slow, min_coverage=0.5)

    async def longest_silence() -> float:
        task = asyncio.create_task(event_of(trigger(wait)))
        longest, last = 0.0, time.monotonic()
        while not task.done():
            await asyncio.sleep(0.01)
            now = time.monotonic()
            longest, last = max(longest, now - last), now
        return longest

    assert asyncio.run(longest_silence()) < 0.5
