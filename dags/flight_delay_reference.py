"""Once: profile January 2013 as the reference, train the first model on it, deploy it, and log honest predictions."""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG, task
from flight_delay.datasets import FLIGHT_FEATURES, JANUARY, MODEL, REFERENCE

from airflow_ml_monitor.operators.reference import BuildReferenceOperator

with DAG(
    "flight_delay_reference",
    schedule=None,
    doc_md=__doc__,
    tags=["flight_delay", "ml-monitor"],
):
    # [START howto_operator_build_reference]
    reference = BuildReferenceOperator(
        task_id="reference",
        model=MODEL,
        name=REFERENCE,
        data=FLIGHT_FEATURES,
        window=JANUARY,
    )
    # [END howto_operator_build_reference]

    @task
    def start_project() -> dict[str, Any]:
        from flight_delay import pipeline

        return pipeline.start_project()

    reference >> start_project()
