"""How good a model is, judged by labels that arrive late: cohorts, metrics with intervals, verdicts, comparison.

Imported on first use: a DAG file that names a limit does not load what computes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_ml_monitor.lazy import lazy_exports

if TYPE_CHECKING:
    from airflow_ml_monitor.performance.arrivals import WindowLabels, labels_by_window
    from airflow_ml_monitor.performance.cohort import Cohort, LabelCounts, build_cohort
    from airflow_ml_monitor.performance.compare import compare_models
    from airflow_ml_monitor.performance.coverage import label_coverage
    from airflow_ml_monitor.performance.delays import DelayCurve, label_outage, learn_delay
    from airflow_ml_monitor.performance.delays_learnt import LearntDelay
    from airflow_ml_monitor.performance.delays_outage import recent_label_outage
    from airflow_ml_monitor.performance.estimation.estimate import estimate_performance
    from airflow_ml_monitor.performance.estimation.explain import explain_change
    from airflow_ml_monitor.performance.estimation.realised import compare_with_estimate
    from airflow_ml_monitor.performance.evaluate import evaluate_model
    from airflow_ml_monitor.performance.expectations import (
        AtLeast,
        AtMost,
        BetterThanDummy,
        NoWorseThanPrevious,
        NoWorseThanReference,
    )
    from airflow_ml_monitor.performance.fairness_limits import FairnessLimit
    from airflow_ml_monitor.performance.find_segments import FindSegments
    from airflow_ml_monitor.performance.own_metrics import register_metric
    from airflow_ml_monitor.performance.registry import metric_names
    from airflow_ml_monitor.performance.segments import Segment

__all__ = [
    "AtLeast",
    "AtMost",
    "BetterThanDummy",
    "Cohort",
    "DelayCurve",
    "FairnessLimit",
    "FindSegments",
    "LabelCounts",
    "LearntDelay",
    "NoWorseThanPrevious",
    "NoWorseThanReference",
    "Segment",
    "WindowLabels",
    "build_cohort",
    "compare_models",
    "compare_with_estimate",
    "estimate_performance",
    "evaluate_model",
    "explain_change",
    "label_coverage",
    "label_outage",
    "labels_by_window",
    "learn_delay",
    "metric_names",
    "recent_label_outage",
    "register_metric",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "AtLeast": "expectations",
        "AtMost": "expectations",
        "Cohort": "cohort",
        "FairnessLimit": "fairness_limits",
        "FindSegments": "find_segments",
        "DelayCurve": "delays",
        "LabelCounts": "cohort",
        "LearntDelay": "delays_learnt",
        "WindowLabels": "arrivals",
        "BetterThanDummy": "expectations",
        "NoWorseThanPrevious": "expectations",
        "NoWorseThanReference": "expectations",
        "Segment": "segments",
        "build_cohort": "cohort",
        "compare_models": "compare",
        "compare_with_estimate": "estimation.realised",
        "estimate_performance": "estimation.estimate",
        "evaluate_model": "evaluate",
        "explain_change": "estimation.explain",
        "label_coverage": "coverage",
        "label_outage": "delays",
        "labels_by_window": "arrivals",
        "learn_delay": "delays",
        "metric_names": "registry",
        "register_metric": "own_metrics",
        "recent_label_outage": "delays_outage",
    },
)
