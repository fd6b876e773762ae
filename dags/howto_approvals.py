"""A verdict that fails is a question to a person, and the gate goes by the answer."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, task
from flight_delay.datasets import FLIGHT_FEATURES, FLIGHTS, MODEL, REFERENCE, SUITE

from airflow_ml_monitor import Last
from airflow_ml_monitor.task_groups import monitoring_gate

with DAG("howto_approvals", schedule="@weekly"):
    # [START howto_approvals]
    judged = monitoring_gate(
        model=MODEL,
        data=FLIGHTS,
        suite=SUITE,
        reference=REFERENCE,
        window=Last(timedelta(weeks=1)),
        drift={"data": FLIGHT_FEATURES},
        close_on={"fail", "error", "insufficient"},
        approval={"ask_on": {"fail", "insufficient"}, "deadline": timedelta(hours=8)},
    )

    @task
    def train() -> None:
        print("training")

    judged >> train()
    # [END howto_approvals]
