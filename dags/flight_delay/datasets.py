"""What the flight-delay DAGs share: where flights, predictions and labels are, and what they are compared with."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from airflow_ml_monitor.data import Files, Table

_HERE = Path(__file__).resolve().parent

MODEL = "flight_delay"
TIMEZONE = "America/New_York"
SUITE = str(_HERE / "suite.json")

REFERENCE = "january"
YEAR = ("2013-01-01T00:00:00-05:00", "2014-01-01T00:00:00-05:00")
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

# [START howto_dataset_labels]
PREDICTIONS = Table("predictions", conn_id="warehouse", time_column="predicted_at")
LABELS = Table("labels", conn_id="warehouse", arrived_at_column="arrived_at")
LABEL_DELAY = timedelta(weeks=4)
# [END howto_dataset_labels]

LABELS_BY_FLIGHT_TIME = Table("labels", conn_id="warehouse", time_column="scheduled_at", arrived_at_column="arrived_at")
"""The same labels cut by the flights' time, to learn from: those of a window that have arrived."""
