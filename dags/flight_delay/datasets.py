"""What the flight-delay DAGs share: where the flights are, what the model may look at, and what it is compared with."""

from __future__ import annotations

import os
from pathlib import Path

from airflow_ml_monitor.data import Files

_HERE = Path(__file__).resolve().parent

MODEL = "flight_delay"
TIMEZONE = "America/New_York"
SUITE = str(_HERE / "suite.json")

REFERENCE = "january"
JANUARY = ("2013-01-01T00:00:00-05:00", "2013-02-01T00:00:00-05:00")

FEATURES = ("carrier", "origin", "dest", "distance", "scheduled_departure", "scheduled_arrival")
"""What is known before departure and is not fixed by the calendar: of the weekday, every whole week has a seventh.

The scheduled duration is left out: it is arrival less departure, and both are there.
"""

_PATH = os.environ.get("FLIGHT_DELAY_DATA", str(_HERE.parent / "data" / "flights_2013.parquet"))

# [START howto_dataset_files]
FLIGHTS = Files(path=_PATH, time_column="scheduled_at", timezone=TIMEZONE)
FLIGHT_FEATURES = Files(path=_PATH, time_column="scheduled_at", timezone=TIMEZONE, columns=FEATURES)
# [END howto_dataset_files]
