import os
from datetime import timedelta

from airflow.sdk import DAG
from airflow_ml_monitor.data import Files
from airflow_ml_monitor.operators.data_quality import DataQualityOperator

with DAG("data_quality", schedule=None):
    DataQualityOperator(
        task_id="task",
        model="overhead",
        reference="first",
        freshness=timedelta(hours=1),
        data=Files(os.environ["OVERHEAD_DATA"] + "/current.parquet", time_column="at"),
        window=("2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"),
        on_fail="record",
    )
