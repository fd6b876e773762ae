"""When labels show that the model has degraded: train a challenger, and deploy it only if it is proven to be better.

The week it is about comes from the event. Its data must be fit to judge by: quality and drift, then the gate. A run for
another week is triggered with ``{"window": {"start": ..., "end": ...}}``.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import DAG, task
from flight_delay.assets import DEGRADED
from flight_delay.datasets import FLIGHT_FEATURES, FLIGHTS, LABEL_DELAY, LABELS, MODEL, REFERENCE, SUITE

from airflow_ml_monitor.data import Table
from airflow_ml_monitor.operators.compare_models import CompareModelsOperator
from airflow_ml_monitor.operators.data_quality import DataQualityOperator
from airflow_ml_monitor.operators.drift import DriftOperator
from airflow_ml_monitor.operators.gate import GateOperator

SIDE = "SELECT flight_id, predicted_at, score FROM trials WHERE trial = '{{ run_id }}' AND side = "

# [START howto_schedule_degraded]
with DAG(
    "flight_delay_retraining",
    schedule=[DEGRADED],
    start_date=datetime(2013, 2, 4, 5, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 1, "retry_delay": timedelta(seconds=30)},
    doc_md=__doc__,
    tags=["flight_delay", "ml-monitor"],
):
    # [END howto_schedule_degraded]
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
    def train(judged: dict[str, Any], run_id: str | None = None) -> dict[str, Any]:
        from flight_delay import pipeline

        from airflow_ml_monitor.window import Window

        return pipeline.train_challenger(Window.of(judged["window"]), str(run_id))

    # [START howto_operator_compare_models]
    compare = CompareModelsOperator(
        task_id="compare",
        model=MODEL,
        champion=Table(sql=f"{SIDE} 'champion'", conn_id="warehouse", time_column="predicted_at"),
        challenger=Table(sql=f"{SIDE} 'challenger'", conn_id="warehouse", time_column="predicted_at"),
        labels=LABELS,
        on="flight_id",
        problem="binary",
        metric="log_loss",
        label="late",
        void="cancelled",
        delay=LABEL_DELAY,
        as_of="{{ ti.xcom_pull(task_ids='train')['as_of'] }}",
    )
    # [END howto_operator_compare_models]

    @task
    def deploy(trained: dict[str, Any]) -> str:
        from flight_delay import pipeline

        return pipeline.deploy(trained)

    trained = train(gate.output)
    [quality, drift] >> gate >> trained >> compare >> deploy(trained)
