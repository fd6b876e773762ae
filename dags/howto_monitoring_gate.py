"""One call before any task: quality, drift and the gate."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, task
from flight_delay.datasets import FLIGHT_FEATURES, FLIGHTS, MODEL, REFERENCE, SUITE

from airflow_ml_monitor import Last
from airflow_ml_monitor.task_groups import monitoring_gate

with DAG("howto_monitoring_gate", schedule="@weekly"):
    # [START howto_monitoring_gate]
    judged = monitoring_gate(
        model=MODEL,
        data=FLIGHTS,
        suite=SUITE,
        reference=REFERENCE,
        window=Last(timedelta(weeks=1)),
        quality={"freshness": timedelta(days=1)},
        drift={"data": FLIGHT_FEATURES},
        retries=2,
    )

    @task
    def train() -> None:
        print("training")

    judged >> train()
    # [END howto_monitoring_gate]
