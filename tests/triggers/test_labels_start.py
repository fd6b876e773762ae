"""``LabelsStartTrigger`` as the triggerer runs it, once Airflow has rendered what it was told."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from airflow_ml_monitor import Window
from airflow_ml_monitor.data import Table
from airflow_ml_monitor.triggers.labels_start import GRACE, LabelsStartTrigger
from tests.conftest import as_airflow_connection

pytestmark = pytest.mark.integration

DAY = Window("2024-03-04T00:00:00Z", "2024-03-05T00:00:00Z")


@pytest.fixture
def warehouse(engine: sa.Engine, database_url: sa.URL, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Airflow connection ``warehouse``, to a database with two predictions and one label."""
    pd.DataFrame({"id": [1, 2], "at": [DAY.start] * 2}).to_sql("predictions", engine, index=False)
    pd.DataFrame({"id": [1], "label": [True], "arrived_at": [DAY.end]}).to_sql("labels", engine, index=False)
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", as_airflow_connection(database_url))


def trigger(
    window: Any = ("2024-03-04 00:00:00+00:00", "2024-03-05 00:00:00+00:00"), **wait: Any
) -> LabelsStartTrigger:
    rest = {"on": ["id"], "label": "label", "delay": 0.0, "void": None, "min_coverage": 0.5, "overdue_after": None}
    return LabelsStartTrigger(
        predictions=Table("predictions", conn_id="warehouse", time_column="at").to_dict(),
        labels=Table("labels", conn_id="warehouse", arrived_at_column="arrived_at").to_dict(),
        window=window,
        as_of="None",
        wait=rest | wait,
        poke_interval=600,
        timeout=3600,
    )


def told(watching: LabelsStartTrigger) -> dict[str, Any]:
    async def first() -> Any:
        return await asyncio.wait_for(anext(aiter(watching.run())), 30)

    event: dict[str, Any] = asyncio.run(first()).payload
    return event


def test_it_is_restarted_as_it_was() -> None:
    path, arguments = trigger().serialize()
    again = LabelsStartTrigger(**json.loads(json.dumps(arguments)))
    assert path == f"{LabelsStartTrigger.__module__}.{LabelsStartTrigger.__qualname__}"
    assert json.dumps(again.serialize()) == json.dumps((path, arguments))


@pytest.mark.usefixtures("warehouse")
def test_it_looks_at_once() -> None:
    event = told(trigger())
    assert (event["ready"], event["coverage"], event["window"]) == (True, 0.5, DAY.to_dict())


@pytest.mark.usefixtures("warehouse")
def test_its_deadline_counts_from_the_deferral_whenever_it_is_restarted() -> None:
    waiting = trigger(min_coverage=1.0)
    waiting.timeout_after = datetime.now(UTC) + GRACE + timedelta(seconds=1)
    event = told(waiting)
    assert (event["ready"], event["timed_out"]) == (False, True)
    assert "1 labels are missing after 1:00:00 of waiting" in event["message"]


@pytest.mark.usefixtures("warehouse")
def test_labels_that_are_overdue_are_waited_for_no_more() -> None:
    event = told(trigger(min_coverage=1.0, overdue_after=86_400.0))
    assert event["timed_out"]
    assert "overdue since 2024-03-06 00:00 UTC" in event["message"]


def test_a_window_that_renders_to_none_is_an_error_of_the_task() -> None:
    event = told(trigger(("None", "None")))
    assert event["error"]
    assert "'None' is not an ISO 8601 time" in event["message"]
