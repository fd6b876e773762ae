import os

from airflow.sdk import DAG
from airflow_ml_monitor.data import Files
from airflow_ml_monitor.operators.drift import DriftOperator

with DAG("drift_files", schedule=None):
    DriftOperator(
        task_id="task",
        model="overhead",
        reference="first",
        data=Files(os.environ["OVERHEAD_DATA"] + "/current.parquet", time_column="at"),
        window=("2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"),
        on_fail="record",
    )
