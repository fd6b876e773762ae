"""Monitoring of machine-learning pipelines for Airflow: data quality, drift and model quality that gate DAGs.

The names below are the library: they take datasets or data frames and return a ``Report`` (``build_reference``
returns a ``Profile``). They are imported on first use, so that importing this package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_ml_monitor.lazy import lazy_exports
from airflow_ml_monitor.version import __version__

if TYPE_CHECKING:
    from airflow_ml_monitor.drift import DriftPolicy, LearntLimits, backtest, build_reference, detect_drift
    from airflow_ml_monitor.performance import (
        AtLeast,
        AtMost,
        BetterThanDummy,
        FairnessLimit,
        FindSegments,
        NoWorseThanPrevious,
        NoWorseThanReference,
        Segment,
        compare_models,
        compare_with_estimate,
        estimate_performance,
        evaluate_model,
        explain_change,
        label_coverage,
    )
    from airflow_ml_monitor.profile import Profile
    from airflow_ml_monitor.quality import learn_suite, save_suite, validate
    from airflow_ml_monitor.results import CheckResult, Report, Severity, Status
    from airflow_ml_monitor.window import Last, Window

__all__ = [
    "AtLeast",
    "AtMost",
    "BetterThanDummy",
    "CheckResult",
    "DriftPolicy",
    "FairnessLimit",
    "FindSegments",
    "Last",
    "LearntLimits",
    "NoWorseThanPrevious",
    "NoWorseThanReference",
    "Profile",
    "Report",
    "Segment",
    "Severity",
    "Status",
    "Window",
    "__version__",
    "backtest",
    "build_reference",
    "compare_models",
    "compare_with_estimate",
    "detect_drift",
    "estimate_performance",
    "evaluate_model",
    "explain_change",
    "label_coverage",
    "learn_suite",
    "save_suite",
    "validate",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "AtLeast": "performance",
        "AtMost": "performance",
        "CheckResult": "results",
        "DriftPolicy": "drift",
        "FairnessLimit": "performance",
        "FindSegments": "performance",
        "Last": "window",
        "LearntLimits": "drift",
        "BetterThanDummy": "performance",
        "NoWorseThanPrevious": "performance",
        "NoWorseThanReference": "performance",
        "Profile": "profile",
        "Report": "results",
        "Segment": "performance",
        "Severity": "results",
        "Status": "results",
        "Window": "window",
        "backtest": "drift",
        "build_reference": "drift",
        "compare_models": "performance",
        "compare_with_estimate": "performance",
        "detect_drift": "drift",
        "estimate_performance": "performance",
        "evaluate_model": "performance",
        "explain_change": "performance",
        "label_coverage": "performance",
        "learn_suite": "quality",
        "save_suite": "quality",
        "validate": "quality",
    },
)


def __dir__() -> list[str]:
    return sorted(__all__)
