"""Verdicts as asset events, in real Airflow runs: when there is one, what it carries, and what its consumers judge."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from airflow.sdk import DAG, Asset

from airflow_ml_monitor import Window
from airflow_ml_monitor.data import Frame
from airflow_ml_monitor.operators.data_quality import DataQualityOperator
from airflow_ml_monitor.operators.gate import GateOperator
from tests.airflow_runs import Run, clear, run_dag, sync

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_metadata", "store_connection")]

DAY = Window("2013-02-04T00:00:00Z", "2013-02-05T00:00:00Z")
NEXT = Window(DAY.end, DAY.end + DAY.length)


def hours() -> pd.DataFrame:
    return pd.DataFrame({"at": pd.date_range("2013-02-04", periods=48, freq="h", tz="UTC"), "x": range(48)})


GOOD, EMPTY = Frame(hours, time_column="at"), Frame(lambda: hours().iloc[:0], time_column="at")


def judge(data: Frame, asset: Asset, task_id: str = "quality", **kwargs: Any) -> DataQualityOperator:
    settings = {"on_fail": "record", "emit": asset} | kwargs
    return DataQualityOperator(task_id=task_id, model="m", data=data, **settings)


def run_one(dag_id: str, data: Frame, window: Window = DAY, **kwargs: Any) -> tuple[Run, Asset]:
    asset = Asset(f"{dag_id}_degraded")
    with DAG(dag_id, schedule=None) as dag:
        judge(data, asset, **kwargs)
    return run_dag(dag, interval=window), asset


def events_of(asset: Asset) -> list[dict[str, Any]]:
    """The ``extra`` of each event of an asset, as Airflow's metadata has them."""
    from airflow.models.asset import AssetEvent, AssetModel
    from airflow.utils.session import create_session

    with create_session() as session:
        query = sa.select(AssetEvent.extra).join(AssetModel, AssetModel.id == AssetEvent.asset_id)
        return list(session.scalars(query.where(AssetModel.name == asset.name).order_by(AssetEvent.id)))


def waiting_for(asset: Asset) -> list[str]:
    """The DAGs that the scheduler will start for an asset."""
    from airflow.models.asset import AssetDagRunQueue, AssetModel
    from airflow.utils.session import create_session

    with create_session() as session:
        query = sa.select(AssetDagRunQueue.target_dag_id).join(AssetModel, AssetModel.id == AssetDagRunQueue.asset_id)
        return list(session.scalars(query.where(AssetModel.name == asset.name)))


def test_a_failing_verdict_is_an_event_with_the_summary() -> None:
    run, asset = run_one("event_fail", EMPTY)
    assert run.states == {"quality": "success"}
    assert events_of(asset) == [run.xcom("quality")]
    assert events_of(asset)[0]["window"] == DAY.to_dict()


def test_a_passing_verdict_is_none() -> None:
    run, asset = run_one("event_pass", GOOD)
    assert run.states == {"quality": "success"}
    assert events_of(asset) == []


def test_the_statuses_are_chosen() -> None:
    _, asset = run_one("event_chosen", GOOD, emit_on={"pass"})
    assert [event["status"] for event in events_of(asset)] == ["pass"]


def test_it_waits_for_the_scheduler_to_start_the_consumer() -> None:
    asset = Asset("event_consumed_degraded")
    with DAG("consumer_of_event", schedule=[asset], is_paused_upon_creation=False) as consumer:
        judge(GOOD, Asset("of_the_consumer"))
    sync(consumer)
    run_one("event_consumed", EMPTY)
    assert waiting_for(asset) == ["consumer_of_event"]


def test_judged_again_it_is_an_event_again() -> None:
    asset = Asset("event_again_degraded")
    with DAG("event_again", schedule=None) as dag:
        judge(EMPTY, asset)
    run = run_dag(dag, interval=DAY)
    clear(dag, run, ["quality"])
    first, second = (datetime.fromisoformat(event["as_of"]) for event in events_of(asset))
    assert first < second


def test_consumers_judge_the_windows_of_all_merged_events() -> None:
    first, asset = run_one("event_merged_a", EMPTY)
    second, other = run_one("event_merged_b", EMPTY, NEXT)
    with DAG("consumer_of_merged", schedule=None) as consumer:
        judge(GOOD, Asset("of_merged"))
    events = [*events_of(other), *events_of(asset)]
    run = run_dag(consumer, run_type="asset_triggered", events=events)
    assert [first.states, second.states] == [{"quality": "success"}] * 2
    assert run.xcom("quality")["window"] == Window(DAY.start, NEXT.end).to_dict()


def test_a_gate_emits_for_mapped_tasks_together() -> None:
    asset = Asset("event_gate_degraded")
    with DAG("event_gate", schedule=None) as dag:
        parts = DataQualityOperator.partial(task_id="part", model="m", on_fail="record").expand(data=[GOOD, EMPTY])
        parts >> GateOperator(task_id="gate", on_fail="record", emit=asset)
    run = run_dag(dag, interval=DAY)
    assert run.states == {"part[0]": "success", "part[1]": "success", "gate": "success"}
    assert [event["kind"] for event in events_of(asset)] == ["gate"]


def test_a_mapped_task_that_would_emit_is_refused() -> None:
    asset = Asset("event_mapped_degraded")
    with DAG("event_mapped", schedule=None) as dag:
        DataQualityOperator.partial(task_id="part", model="m", on_fail="record", emit=asset).expand(data=[GOOD, EMPTY])
    run = run_dag(dag, interval=DAY)
    assert run.states == {"part[0]": "failed", "part[1]": "failed"}
    assert "judge its instances together by an unmapped GateOperator" in str(run.errors["part"])
    assert events_of(asset) == []
