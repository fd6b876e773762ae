"""The metrics of each problem. Importing this package registers them."""

from __future__ import annotations

from airflow_ml_monitor.performance.metrics import (
    average_precision,
    binary,
    calibration,
    families,
    multiclass,
    probabilities,
    queries,
    ranking,
    regression,
    separation,
)

__all__ = [
    "average_precision",
    "binary",
    "calibration",
    "families",
    "multiclass",
    "probabilities",
    "queries",
    "ranking",
    "regression",
    "separation",
]
