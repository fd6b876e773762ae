"""Data quality: Great Expectations suites and, without Great Expectations, row volume, outage, schema and freshness.

Imported on first use: a DAG file that makes ``VolumeLimits`` loads no more than them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_ml_monitor.lazy import lazy_exports

if TYPE_CHECKING:
    from airflow_ml_monitor.quality.learn import learn_suite
    from airflow_ml_monitor.quality.learn_file import save_suite
    from airflow_ml_monitor.quality.suite import load_suite
    from airflow_ml_monitor.quality.validation import validate
    from airflow_ml_monitor.quality.volume import VolumeLimits

__all__ = ["VolumeLimits", "learn_suite", "load_suite", "save_suite", "validate"]

__getattr__ = lazy_exports(
    __name__,
    {
        "VolumeLimits": "volume",
        "learn_suite": "learn",
        "load_suite": "suite",
        "save_suite": "learn_file",
        "validate": "validation",
    },
)
