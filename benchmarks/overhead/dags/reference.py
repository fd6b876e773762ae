import os

from airflow.sdk import DAG
from airflow_ml_monitor.data import Files
from airflow_ml_monitor.operators.reference import BuildReferenceOperator

with DAG("reference", schedule=None):
    BuildReferenceOperator(
        task_id="task",
        model="overhead",
        name="first",
        data=Files(os.environ["OVERHEAD_DATA"] + "/reference.parquet", time_column="at"),
        window=("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"),
    )
