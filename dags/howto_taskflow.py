"""A function returns the rows and its task judges them: here once for each airport, and a gate judges them together."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import DAG, task
from flight_delay.datasets import FLIGHTS, MODEL

from airflow_ml_monitor import Last, Window
from airflow_ml_monitor.operators.gate import GateOperator

if TYPE_CHECKING:
    import pandas as pd


# [START howto_decorator_quality]
def schedule_suite() -> list[Any]:
    import great_expectations.expectations as gxe

    return [gxe.ExpectColumnValuesToBeBetween(column="hours_planned", min_value=0.5, max_value=7)]


with DAG("howto_taskflow", schedule="@weekly"):

    @task.ml_quality(model=MODEL, suite=schedule_suite, window=Last(timedelta(weeks=1)), on_fail="record")
    def planned(origin: str, window: Window) -> pd.DataFrame:
        """Read the week's flights from one airport, and how long each is planned to take."""
        rows = FLIGHTS.open(window).to_pandas(["origin", "scheduled_departure", "scheduled_arrival"])
        hours = (rows["scheduled_arrival"] - rows["scheduled_departure"]) % 1440 / 60
        return rows.assign(hours_planned=hours)[rows["origin"] == origin]

    planned.expand(origin=["EWR", "JFK", "LGA"]) >> GateOperator(task_id="gate")
# [END howto_decorator_quality]
