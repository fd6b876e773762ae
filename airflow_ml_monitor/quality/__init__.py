"""Data quality: Great Expectations suites and, without Great Expectations, row volume, outage, schema and freshness."""

from airflow_ml_monitor.quality.suite import load_suite
from airflow_ml_monitor.quality.validation import validate
from airflow_ml_monitor.quality.volume import VolumeLimits

__all__ = ["VolumeLimits", "load_suite", "validate"]
