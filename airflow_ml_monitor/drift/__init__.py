"""Drift: whether a batch still looks like its reference, decided by effect and evidence together.

Imported on first use: a DAG file that makes a ``DriftPolicy`` does not load NumPy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_ml_monitor.lazy import lazy_exports

if TYPE_CHECKING:
    from airflow_ml_monitor.drift.backtesting import Backtest, backtest
    from airflow_ml_monitor.drift.detect import detect_drift
    from airflow_ml_monitor.drift.limits import LearntLimits
    from airflow_ml_monitor.drift.measuring import measure
    from airflow_ml_monitor.drift.policy import DriftPolicy
    from airflow_ml_monitor.drift.registry import Measurement, method_names
    from airflow_ml_monitor.drift.windows import build_reference

__all__ = [
    "Backtest",
    "DriftPolicy",
    "LearntLimits",
    "Measurement",
    "backtest",
    "build_reference",
    "detect_drift",
    "measure",
    "method_names",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "Backtest": "backtesting",
        "DriftPolicy": "policy",
        "LearntLimits": "limits",
        "Measurement": "registry",
        "backtest": "backtesting",
        "build_reference": "windows",
        "detect_drift": "detect",
        "measure": "measuring",
        "method_names": "measuring",
    },
)
