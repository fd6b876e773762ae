"""Drift: whether a batch still looks like its reference, decided by effect and evidence together."""

from airflow_ml_monitor.drift.detect import detect_drift
from airflow_ml_monitor.drift.measuring import measure
from airflow_ml_monitor.drift.policy import DriftPolicy
from airflow_ml_monitor.drift.registry import Measurement, method_names

__all__ = ["DriftPolicy", "Measurement", "detect_drift", "measure", "method_names"]
