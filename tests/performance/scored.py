"""Predictions and their labels made up for tests of evaluation and comparison."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from airflow_ml_monitor import Report, evaluate_model
from airflow_ml_monitor.data import Frame
from airflow_ml_monitor.data.frame import InMemory

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = START + timedelta(days=400)


def scored(rows: int = 1000, *, seed: int = 0, skill: float = 1.5) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return predictions, one an hour, and all their labels, each known ten days later."""
    generator = np.random.default_rng(seed)
    truth = (generator.random(rows) < 0.4).astype(int)
    score = 1 / (1 + np.exp(-(skill * (2 * truth - 1) + generator.standard_normal(rows))))
    at = [START + timedelta(hours=hour) for hour in range(rows)]
    carrier = np.where(np.arange(rows) % 10 == 0, "B6", "UA")
    predictions = pd.DataFrame({"id": np.arange(rows), "at": at, "score": score, "carrier": carrier})
    known = [moment + timedelta(days=10) for moment in at]
    return predictions, pd.DataFrame({"id": np.arange(rows), "label": truth, "arrived_at": known})


def made(data: pd.DataFrame) -> Frame:
    return Frame(InMemory(data), time_column="at")


def told(data: pd.DataFrame) -> Frame:
    return Frame(InMemory(data), arrived_at_column="arrived_at")


def asked(**changed: Any) -> dict[str, Any]:
    return {"on": "id", "problem": "binary", "as_of": NOW} | changed


def judged(predictions: pd.DataFrame, labels: pd.DataFrame, **changed: Any) -> Report:
    return evaluate_model(made(predictions), told(labels), **asked(**changed))
