"""What may be expected of a problem: what could never be judged is refused before anything is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance.expectations import (
    Expectation,
    Limit,
    NoWorseThanPrevious,
    NoWorseThanReference,
    Relative,
)
from airflow_ml_monitor.performance.own_metrics import metrics_of
from airflow_ml_monitor.performance.reference import require_reference
from airflow_ml_monitor.performance.registry import Metric
from airflow_ml_monitor.performance.scoring import Scoring
from airflow_ml_monitor.performance.sequence_ruling import require_bounded
from airflow_ml_monitor.window import Window


def require_expected(
    expect: Sequence[Expectation],
    scoring: Scoring,
    reference: Any,
    window: Window | None,
    *,
    timed: bool,
    confidence: float,
) -> None:
    """Refuse expectations that could never be judged.

    :param timed: whether the predictions have a time, by which another window of them can be cut.
    :raises ConfigurationError: there is one.
    """
    for one in expect:
        if not isinstance(one, Expectation):
            raise ConfigurationError(f"expect has {one!r}; give AtLeast, AtMost, NoWorseThanReference or the like")
    for one, metric in zip(expect, metrics_of(expect, scoring.problem), strict=True):
        _require_metric(one, metric, scoring)
        if isinstance(one, NoWorseThanReference):
            if reference is None:
                raise ConfigurationError(f"{one} needs reference=, a window of the same predictions, or a report")
            require_reference(reference, timed=timed, confidence=confidence)
        if isinstance(one, NoWorseThanPrevious) and (window is None or not timed):
            raise ConfigurationError(f"{one} needs window=, and time_column= on the predictions: one goes before it")


def _require_metric(one: Expectation, metric: Metric, scoring: Scoring) -> None:
    if metric.needs not in scoring.provides:
        raise ConfigurationError(f"{one.metric} needs probabilities; give score= (binary) or scores= (multiclass)")
    if isinstance(one, Limit) and one.over_windows:
        require_bounded(metric, alone=scoring.cluster is None and scoring.weight is None)
    if isinstance(one, Relative) and metric.better == "neither":
        raise ConfigurationError(f"{one}: {one.metric} has no better side; give AtLeast and AtMost")
