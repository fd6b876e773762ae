"""Rows that belong together: how much wider their labels make the interval of an estimate."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from airflow_ml_monitor import numerals
from airflow_ml_monitor.performance.answers import Answers, Numbers, Problem
from airflow_ml_monitor.performance.estimation.calibration import Calibrator, scores_of
from airflow_ml_monitor.performance.intervals.design import LEAST_CLUSTERS
from airflow_ml_monitor.performance.registry import Estimate, Metric
from airflow_ml_monitor.results import Interval

Codes = NDArray[np.int64]
_ENDS = {"share": (0.0, 1.0), "correlation": (-1.0, 1.0), "positive": (0.0, math.inf), "distance": (0.0, math.inf)}


def widened(found: Estimate, metric: Metric, reference: Answers, current: Answers) -> Estimate:
    """Return an estimate whose interval is that of rows in clusters; the same where no rows belong together.

    The interval of rows that stand alone is stretched by the root of the design effect, ``1 + (size - 1) * r`` (Kish
    1965, Moulton 1986): ``size`` is the rows that a row's cluster has on average, on the side that has more, and ``r``
    how alike, within a cluster of the reference, the labels are beyond what the model says of them.
    """
    if found.value is None or found.interval is None or reference.cluster is None or current.cluster is None:
        return found
    clusters = min(len(np.unique(one)) for one in (reference.cluster, current.cluster))
    if clusters < LEAST_CLUSTERS:
        reason = f"{clusters} clusters are too few for an interval, {LEAST_CLUSTERS} are needed"
        return found._replace(interval=None, reason=reason)
    size = max(_size(reference.cluster), _size(current.cluster))
    alike = _alike(reference)
    if alike is None and size > 1:
        reason = "no cluster of the reference has two rows, so nobody knows how alike the labels of a cluster are"
        return found._replace(interval=None, reason=reason)
    effect = 1 + (size - 1) * (alike or 0.0)
    interval = _stretched(found.value, found.interval, math.sqrt(effect), metric)
    return found._replace(interval=interval, method=f"{found.method}, design effect {numerals.number(effect, 3)}")


def _size(cluster: Codes) -> float:
    counts = np.unique(cluster, return_counts=True)[1]
    return float((counts**2).sum() / counts.sum())


def _alike(reference: Answers) -> float | None:
    """Return the correlation, within clusters, of what the model is off; ``None`` where none has two rows."""
    assert reference.cluster is not None, "asked of rows in clusters"
    _, place, counts = np.unique(reference.cluster, return_inverse=True, return_counts=True)
    pairs = float((counts * (counts - 1)).sum())
    if not pairs:
        return None
    found = 0.0
    for off in _off(reference).T:
        sums, squares = np.bincount(place, off), float((off**2).sum())
        if squares > 0:
            found = max(found, (float((sums**2).sum()) - squares) / pairs / (squares / len(off)))
    return min(1.0, found)


def _off(reference: Answers) -> Numbers:
    """Return what the labels are off by from what was to be expected of them, shape (rows, classes)."""
    if reference.problem is Problem.REGRESSION:
        assert reference.predicted is not None, "a regression has its answers"
        loss = np.abs(reference.predicted - reference.y)
        beyond: Numbers = (loss - loss.mean())[:, None]
        return beyond
    expected = Calibrator.of(reference).probabilities(scores_of(reference))
    truth = np.equal(reference.y[:, None], np.arange(expected.shape[1])).astype(float)
    found: Numbers = truth - expected
    return found


def _stretched(value: float, interval: Interval, factor: float, metric: Metric) -> Interval:
    least, most = _ENDS.get(metric.scale, (-math.inf, math.inf))
    if metric.scale == "positive" and value > 0 and interval.lower > 0:
        return Interval(*(value * (end / value) ** factor for end in interval))
    return Interval(*(min(most, max(least, value + factor * (end - value))) for end in interval))
