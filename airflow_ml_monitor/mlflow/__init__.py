"""Verdicts in MLflow: metrics, tags and the page of a report, on a run or on a version of a registered model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_ml_monitor.lazy import lazy_exports

if TYPE_CHECKING:
    from airflow_ml_monitor.mlflow.entry import Entry
    from airflow_ml_monitor.mlflow.server import Server
    from airflow_ml_monitor.mlflow.target import Target
    from airflow_ml_monitor.mlflow.writing import Logged, log_entry

__all__ = ["Entry", "Logged", "Server", "Target", "log_entry"]

__getattr__ = lazy_exports(
    __name__, {"Entry": "entry", "Logged": "writing", "Server": "server", "Target": "target", "log_entry": "writing"}
)
