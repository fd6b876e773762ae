"""Every Monday, New York time: look at the week that ended, and retrain on it only if it is fit to learn from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import DAG, task
from airflow.timetables.interval import CronDataIntervalTimetable
from flight_delay.datasets import FLIGHT_FEATURES, FLIGHTS, MODEL, REFERENCE, SUITE, TIMEZONE

from airflow_ml_monitor.operators.data_quality import DataQualityOperator
from airflow_ml_monitor.operators.drift import DriftOperator
from airflow_ml_monitor.operators.gate import GateOperator

with DAG(
    "flight_delay_retraining",
    schedule=CronDataIntervalTimetable("0 0 * * 1", timezone=TIMEZONE),
    start_date=datetime(2013, 2, 4, 5, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 1, "retry_delay": timedelta(seconds=30)},
    doc_md=__doc__,
    tags=["flight_delay", "ml-monitor"],
):
    # [START howto_operator_data_quality]
    quality = DataQualityOperator(
        task_id="quality",
        model=MODEL,
        data=FLIGHTS,
        suite=SUITE,
        reference=REFERENCE,
        freshness=timedelta(days=1),
        on_fail="record",
    )
    # [END howto_operator_data_quality]

    # [START howto_operator_drift]
    drift = DriftOperator(
        task_id="drift",
        model=MODEL,
        data=FLIGHT_FEATURES,
        reference=REFERENCE,
        on_fail="record",
    )
    # [END howto_operator_drift]

    # [START howto_operator_gate]
    gate = GateOperator(task_id="gate", on_fail="fail")
    # [END howto_operator_gate]

    @task
    def train(data_interval_start: datetime | None = None, data_interval_end: datetime | None = None) -> dict[str, Any]:
        from flight_delay.model import train as train_on
        from flight_delay.registry import Registry

        from airflow_ml_monitor.window import Window

        return train_on(Window.of((data_interval_start, data_interval_end)), Registry.default())

    @task
    def deploy(trained: dict[str, Any]) -> str:
        from flight_delay.registry import Registry

        Registry.default().deploy(trained["version"])
        return str(trained["version"])

    trained = train()
    [quality, drift] >> gate >> trained
    deploy(trained)
