"""``require_verdict`` in runs that asset events started: every merged event counts, and the store says what it was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from airflow.sdk import DAG, Asset, task

from airflow_ml_monitor import Window
from airflow_ml_monitor.assets import require_verdict
from airflow_ml_monitor.data import Frame
from airflow_ml_monitor.operators.data_quality import DataQualityOperator
from airflow_ml_monitor.operators.gate import GateOperator
from airflow_ml_monitor.store import Store
from airflow_ml_monitor.version_compat import AIRFLOW_V_3_2_PLUS, COMMAND_LINE
from tests.airflow_runs import Run, clear, run_dag
from tests.store.factories import make_check, make_decision, make_origin, make_report

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_metadata", "store_connection")]

DAY = Window("2013-02-04T00:00:00Z", "2013-02-05T00:00:00Z")
NEXT = Window(DAY.end, DAY.end + DAY.length)
JUDGED = Asset("judged")
ROWS = {"count": 24}


def rows() -> pd.DataFrame:
    """As many rows as the test says, all of the first day."""
    at = pd.date_range("2013-02-04", periods=ROWS["count"], freq="h", tz="UTC")
    return pd.DataFrame({"at": at, "x": range(len(at))})


def producer(dag_id: str, schedule: Any = None) -> DAG:
    with DAG(dag_id, schedule=schedule, start_date=DAY.start, catchup=False) as dag:
        DataQualityOperator(
            task_id="quality",
            model="m",
            data=Frame(rows, time_column="at"),
            on_fail="record",
            emit=JUDGED,
            emit_on={"pass", "warn", "fail", "insufficient", "error"},
        )
    return dag


def events_of(run: Run) -> list[int]:
    from airflow.models.asset import AssetEvent
    from airflow.utils.session import create_session

    with create_session() as session:
        query = sa.select(AssetEvent.id).where(AssetEvent.source_run_id == run.run_id)
        return list(session.scalars(query.order_by(AssetEvent.id)))


def consume(events: Sequence[Any], **kwargs: Any) -> tuple[str, Any, str]:
    """The state of a task that requires the verdicts, what it found, and why it failed."""
    with DAG("consumer_that_requires", schedule=None) as dag:

        @task
        def deploy() -> list[str]:
            return [str(one.id) for one in require_verdict(JUDGED, **kwargs)]

        deploy()
    run = run_dag(dag, run_type="asset_triggered", events=events)
    return run.states["deploy"], run.xcom("deploy"), str(run.errors.get("deploy"))


def test_a_passing_verdict_lets_go_on_and_is_returned() -> None:
    judged = run_dag(producer("required_pass"), interval=DAY)
    state, found, _ = consume(events_of(judged))
    assert (state, found) == ("success", [judged.xcom("quality")["report_id"]])


def test_of_merged_events_one_that_fails_closes() -> None:
    good = run_dag(producer("required_merged_a"), interval=DAY)
    bad = run_dag(producer("required_merged_b"), interval=NEXT)
    state, _, why = consume([*events_of(good), *events_of(bad)])
    assert state == "failed"
    assert "rows: fail, rows 0, lower limit 1" in why
    assert why.endswith(f"all checks: {COMMAND_LINE} show {bad.xcom('quality')['report_id']}")
    assert f"{good.xcom('quality')['report_id']}" not in why


def test_the_statuses_are_chosen() -> None:
    bad = run_dag(producer("required_chosen"), interval=NEXT)
    assert consume(events_of(bad), allow={"pass", "fail"})[0] == "success"


def test_a_later_verdict_on_the_same_window_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    dag = producer("required_later")
    run = run_dag(dag, interval=DAY)
    (first,) = events_of(run)
    monkeypatch.setitem(ROWS, "count", 0)
    clear(dag, run, ["quality"])
    state, _, why = consume([first])
    assert state == "failed"
    assert "m data quality for 2013-02-04T00:00Z to 2013-02-05T00:00Z: FAIL" in why


def test_what_a_person_approved_lets_go_on(store_connection: sa.URL) -> None:
    bad = run_dag(producer("required_approved"), interval=NEXT)
    store = Store(sa.create_engine(store_connection, poolclass=sa.NullPool))
    (stored,) = store.run_reports(dag_id=bad.dag_id, run_id=bad.run_id)
    store.save_decisions([make_decision(stored.id)])
    assert consume(events_of(bad))[0] == "success"


def test_a_gate_that_a_person_opened_lets_go_on(store_connection: sa.URL) -> None:
    with DAG("required_opened", schedule=None) as dag:
        quality = DataQualityOperator(
            task_id="quality", model="m", data=Frame(rows, time_column="at"), on_fail="record"
        )
        quality >> GateOperator(task_id="gate", on_fail="record", emit=JUDGED, emit_on={"fail", "warn"})
    run = run_dag(dag, interval=NEXT)
    assert consume(events_of(run), allow={"pass"})[0] == "failed"
    store = Store(sa.create_engine(store_connection, poolclass=sa.NullPool))
    (stored,) = store.run_reports(dag_id=run.dag_id, run_id=run.run_id, task_ids=["quality"])
    store.save_decisions([make_decision(stored.id)])
    clear(dag, run, ["gate"])
    assert run.xcom("gate")["status"] == "warn"
    assert consume(events_of(run)[-1:], allow={"pass"})[0] == "success"


def test_an_estimate_that_passes_proves_nothing(store_connection: sa.URL) -> None:
    store = Store(sa.create_engine(store_connection, poolclass=sa.NullPool))
    passed = make_report(kind="estimated_performance", results=(make_check(status="pass"),))
    run_dag(producer("required_estimate"), interval=DAY)  # so that Airflow knows the asset
    event = written_by_hand({"report_id": str(store.write(passed, make_origin()).id)})
    state, _, why = consume([event])
    assert state == "failed"
    assert "an estimate proves nothing until labels say it" in why
    assert consume([event], allow={"pass", "insufficient"})[0] == "success"


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ([], "no event of asset 'judged' started this run"),
        ([{"window": DAY.to_dict(), "status": "pass"}], "no event of asset 'judged' started this run"),
    ],
)
def test_without_an_event_of_the_asset_it_fails_closed(events: list[dict[str, Any]], said: str) -> None:
    state, _, why = consume(events)
    assert state == "failed"
    assert said in why


def test_events_that_point_to_no_report_fail_closed() -> None:
    by_hand: list[dict[str, Any]] = [{}, {"status": "pass"}, {"report_id": "x"}, {"report_id": "0" * 32}]
    good = run_dag(producer("required_by_hand"), interval=DAY)
    state, _, why = consume([*events_of(good), *(written_by_hand(extra) for extra in by_hand)])
    assert state == "failed"
    assert why.count("points to no report in the store") == len({extra.get("report_id") for extra in by_hand})


def written_by_hand(extra: dict[str, Any]) -> int:
    """An event of the asset as Airflow's API lets anybody with the permission make it."""
    from airflow.models.asset import AssetEvent, AssetModel
    from airflow.utils.session import create_session

    with create_session() as session:
        asset = session.scalars(sa.select(AssetModel).where(AssetModel.name == JUDGED.name)).one()
        event = AssetEvent(asset_id=asset.id, extra=extra)
        session.add(event)
        session.flush()
        return int(event.id)


@pytest.mark.skipif(not AIRFLOW_V_3_2_PLUS, reason="Airflow 3.1 has no partitions")
def test_a_partition_is_the_window_and_goes_on_with_the_event() -> None:
    from airflow.models.asset import AssetEvent
    from airflow.sdk import CronPartitionTimetable
    from airflow.utils.session import create_session

    daily = CronPartitionTimetable("0 0 * * *", timezone="UTC", key_format="%Y-%m-%d")
    run = run_dag(producer("required_partition", daily), partition_key="2013-02-04")
    assert run.xcom("quality")["window"] == DAY.to_dict()
    (event,) = events_of(run)
    with create_session() as session:
        assert session.get_one(AssetEvent, event).partition_key == "2013-02-04"
    assert consume([event])[0] == "success"
