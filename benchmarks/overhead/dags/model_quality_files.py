import os

from airflow.sdk import DAG
from airflow_ml_monitor import AtLeast
from airflow_ml_monitor.data import Files
from airflow_ml_monitor.operators.model_quality import ModelQualityOperator

with DAG("model_quality_files", schedule=None):
    ModelQualityOperator(
        task_id="task",
        model="overhead",
        predictions=Files(os.environ["OVERHEAD_DATA"] + "/predictions.parquet", time_column="at"),
        labels=Files(os.environ["OVERHEAD_DATA"] + "/labels.parquet"),
        on="id",
        problem="binary",
        expect=[AtLeast("roc_auc", 0.6)],
        segments=["region"],
        window=("2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"),
        on_fail="record",
    )
