"""The shortest pipeline that refuses to retrain on broken or drifted data."""

from __future__ import annotations

# [START howto_ten_lines]
from datetime import timedelta

from airflow.sdk import DAG, task

from airflow_ml_monitor.data import Table
from airflow_ml_monitor.operators.data_quality import DataQualityOperator
from airflow_ml_monitor.operators.drift import DriftOperator
from airflow_ml_monitor.window import Last

flights = Table("flights", conn_id="warehouse", time_column="scheduled_at", timezone="America/New_York")
common = {"model": "flight_delay", "data": flights, "window": Last(timedelta(days=7)), "reference": "january"}

with DAG("howto_monitoring", schedule="@weekly"):
    quality = DataQualityOperator(task_id="quality", suite="suites/flights.json", **common)
    drift = DriftOperator(task_id="drift", **common)
    [quality, drift] >> task(lambda: print("retraining"), task_id="retrain")()
# [END howto_ten_lines]
