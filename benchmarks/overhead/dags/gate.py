from airflow.sdk import DAG
from airflow_ml_monitor.operators.gate import GateOperator

with DAG("gate", schedule=None):
    GateOperator(
        task_id="task",
        model="overhead",
        kinds=["drift", "data_quality"],
        window=("2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"),
        on_fail="record",
    )
