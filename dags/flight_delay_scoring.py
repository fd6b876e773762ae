"""Every Monday, New York time: log what the model in use says of the flights of the week."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import DAG, task
from airflow.timetables.interval import CronDataIntervalTimetable
from flight_delay.datasets import TIMEZONE

with DAG(
    "flight_delay_scoring",
    schedule=CronDataIntervalTimetable("0 0 * * 1", timezone=TIMEZONE),
    start_date=datetime(2013, 2, 4, 5, tzinfo=UTC),
    end_date=datetime(2014, 1, 6, 5, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 1, "retry_delay": timedelta(seconds=30)},
    doc_md=__doc__,
    tags=["flight_delay"],
):

    @task
    def score(data_interval_start: datetime | None = None, data_interval_end: datetime | None = None) -> dict[str, Any]:
        from flight_delay import pipeline

        from airflow_ml_monitor.window import Window

        return pipeline.score_week(Window.of((data_interval_start, data_interval_end)))

    score()
