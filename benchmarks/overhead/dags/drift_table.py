from airflow.sdk import DAG
from airflow_ml_monitor.data import Table
from airflow_ml_monitor.operators.drift import DriftOperator

with DAG("drift_table", schedule=None):
    DriftOperator(
        task_id="task",
        model="overhead",
        reference="first",
        data=Table("current", conn_id="warehouse", time_column="at"),
        window=("2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"),
        on_fail="record",
    )
