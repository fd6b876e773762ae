"""``ks``: how far the scores of positives and of negatives are apart, by Kolmogorov and Smirnov."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from airflow_ml_monitor.performance.answers import Answers, Numbers, Problem
from airflow_ml_monitor.performance.intervals import bootstrap
from airflow_ml_monitor.performance.intervals.proportions import difference_of_two, wilson
from airflow_ml_monitor.performance.metrics.classes import one_class
from airflow_ml_monitor.performance.metrics.influence import by_influence
from airflow_ml_monitor.performance.metrics.losses import score_of
from airflow_ml_monitor.performance.registry import Estimate, Metric, register
from airflow_ml_monitor.results import Interval

_BINS = 100


def ks(answers: Answers, confidence: float) -> Estimate:
    """The greatest difference, over all thresholds, of the shares of positives and of negatives at or below it.

    The greatest of many differences is too great, the more so the fewer the labels of a class are. So its interval
    reaches lower by that bias, as a bootstrap of the classes tells it.
    """
    reason = one_class(answers)
    if reason:
        return Estimate(None, None, len(answers), reason=reason)
    value, _, shares = _apart(answers)
    sizes = float(answers.y.sum()), len(answers) - float(answers.y.sum())
    parts = [(share, wilson(round(share * size), size, confidence)) for share, size in zip(shares, sizes, strict=True)]
    around = difference_of_two(*(parts if shares[0] >= shares[1] else parts[::-1]))
    bias = max(0.0, float(_resampled(answers).mean()) - value)
    interval = Interval(max(0.0, around.lower - bias), min(1.0, around.upper))
    return Estimate(value, interval, len(answers), "Wilson, MOVER, less the bias")


def influence(answers: Answers) -> tuple[float, Numbers]:
    """Return the weighted value, and what each row adds to it at the threshold where it is greatest."""
    weights, positive = answers.weights, answers.y == 1
    weighs = weights[positive].sum(), weights[~positive].sum()
    if not min(weighs) > 0:
        return math.nan, answers.y
    of_class = np.where(positive, *weighs)
    value, below, shares = _apart(answers)
    sign = np.where(positive == (shares[0] >= shares[1]), 1.0, -1.0)
    rows: Numbers = sign * (below - np.where(positive, *shares)) * weights.sum() / of_class
    return value, rows


def _apart(answers: Answers) -> tuple[float, Numbers, tuple[float, float]]:
    """Return the value, which rows are at or below its threshold, and the share of positives and of negatives there."""
    score, weights, positive = score_of(answers), answers.weights, answers.y == 1
    levels, level = np.unique(score, return_inverse=True)
    of_positives, of_negatives = (
        np.cumsum(np.bincount(level, weights * mask, len(levels))) / weights[mask].sum()
        for mask in (positive, ~positive)
    )
    apart = np.abs(of_negatives - of_positives)
    at = int(apart.argmax())
    return float(apart[at]), (level <= at).astype(float), (float(of_positives[at]), float(of_negatives[at]))


def _resampled(answers: Answers) -> Numbers:
    """Return the value of resamples of each class, from counts in bins of the scores."""
    score, positive = score_of(answers), answers.y == 1
    ends = np.unique(np.quantile(score, np.linspace(0, 1, _BINS + 1)[1:-1]))
    cells = np.searchsorted(ends, score)
    counts: NDArray[np.int64] = np.stack(
        [np.bincount(cells[mask], minlength=len(ends) + 1) for mask in (positive, ~positive)]
    )

    def apart(tables: Numbers) -> Numbers:
        sizes = tables.sum(axis=-1, keepdims=True)
        shares = np.cumsum(np.divide(tables, sizes, out=np.zeros_like(tables), where=sizes > 0), axis=-1)
        found: Numbers = np.abs(shares[:, 0] - shares[:, 1]).max(axis=-1)
        return found

    return bootstrap.of_counts(counts, apart)


register(
    Metric("ks", Problem.BINARY, "higher", "score", ks, by_influence(influence), influence=influence, scale="share")
)
