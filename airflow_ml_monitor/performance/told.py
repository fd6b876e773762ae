"""The metrics that nobody asked for: told beside the others, deciding nothing."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from airflow_ml_monitor.performance.answers import Answers
from airflow_ml_monitor.performance.registry import Metric, estimate, find_metric, metric_names
from airflow_ml_monitor.performance.scoring import Scoring
from airflow_ml_monitor.results import CheckResult, Severity, Status

MANY_ROWS = 200_000
"""Rows above which metrics nobody asked for, and that take resampling of rows, are not told."""


def other_metrics(scoring: Scoring, asked: Collection[str], rows: int) -> list[Metric]:
    """Return the metrics that can be computed as well; not those that would take long."""
    metrics = (find_metric(name, scoring.problem) for name in metric_names(scoring.problem) if name not in asked)
    return [one for one in metrics if one.needs in scoring.provides and not (one.rows and rows > MANY_ROWS)]


def told(metric: Metric, answers: Answers, confidence: float) -> CheckResult:
    """Return a metric as a check that decides nothing."""
    found = estimate(metric, answers, confidence=confidence)
    return CheckResult(
        check=metric.name,
        metric=metric.name,
        status=Status.INSUFFICIENT if found.value is None else Status.PASS,
        severity=Severity.INFO,
        value=found.value,
        interval=found.interval,
        n_current=found.n,
        message=found.reason,
        detail={"interval_method": found.method, "provisional": bool(np.isnan(answers.y).any())},
    )
