"""``LabelsArrivedTrigger`` as the triggerer runs it: stopped and started at will, over a database that may fail."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from airflow.sdk import DAG, Asset, AssetWatcher

from airflow_ml_monitor import Window
from airflow_ml_monitor.data import Files, Table
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.triggers.labels_arrived import LabelsArrivedTrigger
from tests.airflow_runs import sync
from tests.conftest import as_airflow_connection

pytestmark = pytest.mark.integration

START = datetime(2024, 3, 4, tzinfo=UTC)
DAYS = [Window(START + timedelta(days=day), START + timedelta(days=day + 1)) for day in range(3)]
LABELS = Table("labels", conn_id="warehouse", arrived_at_column="arrived_at")
PREDICTIONS = Table("predictions", conn_id="warehouse", time_column="at")
NOWHERE = json.dumps({"conn_type": "postgres", "host": "/nowhere", "login": "postgres", "schema": "none"})
QUIET = 0.6
"""Seconds without an event after which there will be none: several looks."""


@pytest.fixture
def warehouse(engine: sa.Engine, store_connection: sa.URL, monkeypatch: pytest.MonkeyPatch) -> sa.Engine:
    """The connection ``warehouse``: a prediction a day, with no labels yet; the store is in the same database."""
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", as_airflow_connection(store_connection))
    at = [day.start + timedelta(hours=1) for day in DAYS]
    pd.DataFrame({"id": range(3), "at": at}).to_sql("predictions", engine, index=False)
    arrive(engine)
    return engine


def arrive(warehouse: sa.Engine, *ids: int, at: datetime = DAYS[-1].end) -> None:
    times = pd.Series([at] * len(ids), dtype="datetime64[us, UTC]")
    rows = pd.DataFrame({"id": list(ids), "label": [True] * len(ids), "arrived_at": times})
    rows.astype({"id": "int64", "label": "bool"}).to_sql("labels", warehouse, index=False, if_exists="append")


def trigger(**kwargs: Any) -> LabelsArrivedTrigger:
    windows = {"predictions": PREDICTIONS, "on": "id", "every": "@daily", "since": START}
    return LabelsArrivedTrigger(**{"labels": LABELS, "poke_interval": 0.05} | windows | kwargs)


async def told(events: AsyncIterator[Any], seconds: float = 20.0) -> dict[str, Any]:
    payload: dict[str, Any] = (await asyncio.wait_for(anext(events), seconds)).payload
    return payload


async def tells_nothing(watching: LabelsArrivedTrigger) -> None:
    with pytest.raises(TimeoutError):
        await told(aiter(watching.run()), QUIET)


class TestEvents:
    def test_are_plain_and_name_the_windows(self, warehouse: sa.Engine) -> None:
        arrive(warehouse, 0, 2, 99)
        event = asyncio.run(told(aiter(trigger().run())))
        assert json.loads(json.dumps(event)) == event
        assert (event["rows"], event["newest"]) == (3, DAYS[-1].end.isoformat())
        assert event["windows"] == [DAYS[0].to_dict(), DAYS[2].to_dict()]

    @pytest.mark.usefixtures("warehouse")
    def test_are_not_made_of_nothing(self) -> None:
        asyncio.run(tells_nothing(trigger()))

    def test_come_one_for_each_batch(self, warehouse: sa.Engine) -> None:
        async def watch() -> list[Any]:
            events, found = aiter(trigger().run()), []
            for ids, hour in (((0,), 0), ((1, 2), 1)):
                arrive(warehouse, *ids, at=DAYS[-1].end + timedelta(hours=hour))
                found.append(await told(events))
            return [(event["rows"], [Window.of(each) for each in event["windows"]]) for event in found]

        assert asyncio.run(watch()) == [(1, DAYS[:1]), (2, DAYS[1:])]

    def test_without_predictions_tell_the_rows_only(self, warehouse: sa.Engine) -> None:
        arrive(warehouse, 0, 1)
        alone = LabelsArrivedTrigger(labels=LABELS, poke_interval=0.05)
        event = asyncio.run(told(aiter(alone.run())))
        assert (event["rows"], event["windows"]) == (2, None)

    def test_name_a_window_whose_label_is_another_one_now(self, warehouse: sa.Engine) -> None:
        arrive(warehouse, 0, 1, 2)
        with_mark = asyncio.run(told_and_kept(trigger()))
        assert with_mark["rows"] == 3
        with warehouse.begin() as connection:
            later = {"at": DAYS[-1].end + timedelta(hours=2)}
            connection.execute(sa.text("INSERT INTO labels VALUES (1, false, :at)"), later)
        event = asyncio.run(told(aiter(trigger().run())))
        assert event["windows"] == [DAYS[1].to_dict()]


async def told_and_kept(watching: LabelsArrivedTrigger) -> dict[str, Any]:
    """The first event, once the triggerer has asked for the next one."""
    events = aiter(watching.run())
    first = await told(events)
    with pytest.raises(TimeoutError):
        await told(events, QUIET)
    return first


class TestRestarts:
    def test_it_is_restarted_as_it_was(self) -> None:
        path, arguments = trigger(since=timedelta(days=30), void={"state": ["lost"]}).serialize()
        again = LabelsArrivedTrigger(**json.loads(json.dumps(arguments)))
        assert path == f"{LabelsArrivedTrigger.__module__}.{LabelsArrivedTrigger.__qualname__}"
        assert again.serialize() == (path, arguments)
        assert again.watch == trigger(since=timedelta(days=30), void={"state": ["lost"]}).watch

    def test_tells_of_no_arrival_twice(self, warehouse: sa.Engine) -> None:
        arrive(warehouse, 0, 1)
        asyncio.run(told_and_kept(trigger()))
        asyncio.run(tells_nothing(trigger()))

    def test_tells_of_what_came_meanwhile(self, warehouse: sa.Engine) -> None:
        arrive(warehouse, 0)
        asyncio.run(told_and_kept(trigger()))
        arrive(warehouse, 1, at=DAYS[-1].end + timedelta(minutes=1))
        event = asyncio.run(told(aiter(trigger().run())))
        assert (event["rows"], event["windows"]) == (1, [DAYS[1].to_dict()])

    def test_an_event_that_nobody_took_is_told_again(self, warehouse: sa.Engine) -> None:
        arrive(warehouse, 0)
        first = asyncio.run(told(aiter(trigger().run())))
        again = asyncio.run(told(aiter(trigger().run())))
        assert (first["rows"], again["rows"]) == (1, 1)

    def test_rows_committed_late_are_told_though_their_arrival_is_not_the_latest(self, warehouse: sa.Engine) -> None:
        arrive(warehouse, 0, 1)
        asyncio.run(told_and_kept(trigger()))
        arrive(warehouse, 2, at=DAYS[-1].end - timedelta(minutes=5))
        assert asyncio.run(told(aiter(trigger().run())))["rows"] == 1

    def test_another_watch_goes_by_its_own_mark(self, warehouse: sa.Engine) -> None:
        arrive(warehouse, 0)
        asyncio.run(told_and_kept(trigger()))
        assert asyncio.run(told(aiter(trigger(every="@weekly").run())))["rows"] == 1


def test_goes_on_after_an_outage(
    warehouse: sa.Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arrive(warehouse, 0)
    right = as_airflow_connection(warehouse.url)

    async def watch() -> dict[str, Any]:
        monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", NOWHERE)
        events = asyncio.ensure_future(told(aiter(trigger().run())))
        await asyncio.sleep(0.3)
        assert not events.done()
        monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", right)
        return await events

    assert asyncio.run(watch())["rows"] == 1
    assert "table labels of connection 'warehouse' cannot be read now: " in capsys.readouterr().out


def test_goes_on_when_the_table_is_made_at_last(warehouse: sa.Engine) -> None:
    with warehouse.begin() as connection:
        connection.execute(sa.text("DROP TABLE labels"))

    async def watch() -> dict[str, Any]:
        events = asyncio.ensure_future(told(aiter(trigger().run())))
        await asyncio.sleep(0.3)
        assert not events.done()
        await asyncio.to_thread(arrive, warehouse, 0, 1)
        return await events

    assert asyncio.run(watch())["rows"] == 2


def test_a_dag_file_with_one_loads_no_heavy_library() -> None:
    code = (
        "import sys\n"
        "import airflow.sdk, airflow.triggers.base\n"
        "before = set(sys.modules)\n"
        "from airflow_ml_monitor.triggers.labels_arrived import LabelsArrivedTrigger\n"
        "from airflow_ml_monitor.data import Table\n"
        "data = Table('t', conn_id='c', time_column='at', arrived_at_column='at')\n"
        "given = {'predictions': data, 'on': 'id', 'every': '@daily', 'since': '2013-01-01T00:00Z'}\n"
        "made = LabelsArrivedTrigger(labels=data, **given)\n"
        "made.serialize()\n"
        "heavy = {'pandas', 'scipy', 'sklearn', 'pyarrow', 'numpy'}\n"
        "print(sorted(heavy & (sys.modules.keys() - before)))\n"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip().splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"labels": Files("labels.parquet", arrived_at_column="at")}, "the triggerer reads a Table only"),
        ({"labels": Table("labels", conn_id="warehouse")}, "needs arrived_at_column="),
        ({"every": None}, "predictions= and every= go together"),
        ({"on": ()}, "names no key"),
    ],
    ids=["files", "arrival", "windows", "key"],
)
def test_what_cannot_be_watched_is_refused_while_the_dag_is_parsed(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        trigger(**wrong)


@pytest.mark.usefixtures("airflow_metadata")
def test_airflow_stores_it_with_an_asset_and_makes_it_again(warehouse: sa.Engine) -> None:
    from airflow.models.asset import AssetEvent, AssetModel
    from airflow.models.trigger import Trigger
    from airflow.triggers.base import TriggerEvent
    from airflow.utils.session import create_session
    from sqlalchemy import select

    asset = Asset("labels_have_arrived", watchers=[AssetWatcher(name="labels", trigger=trigger())])
    with DAG("on_arrival", schedule=[asset], is_paused_upon_creation=False) as dag:
        pass
    for _ in range(2):  # Airflow watches the assets of DAGs that it knows
        sync(dag)
    arrive(warehouse, 1)
    with create_session() as session:
        stored = select(Trigger).where(Trigger.classpath.endswith("LabelsArrivedTrigger"))
        row = session.scalars(stored.order_by(Trigger.id.desc()).limit(1)).one()  # other tests leave triggers, too
        made = LabelsArrivedTrigger(**row.kwargs)
        assert made.watch.key == trigger().watch.key
        event = asyncio.run(told(aiter(made.run())))
        Trigger.submit_event(row.id, TriggerEvent(event), session=session)
        session.flush()
        query = select(AssetEvent.extra).join(AssetModel, AssetModel.id == AssetEvent.asset_id)
        extra = session.scalars(query.where(AssetModel.name == "labels_have_arrived")).one()
    assert extra["payload"]["windows"] == [DAYS[1].to_dict()]
