"""Metrics of regression problems. Errors are ``prediction - target``; values are those of scikit-learn.

A target may be anything, so bounds for missing labels are there only where a span of targets is given.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from airflow_ml_monitor.performance.answers import Answers, Numbers, Problem
from airflow_ml_monitor.performance.intervals import bootstrap
from airflow_ml_monitor.performance.intervals.laws import heads_quantile
from airflow_ml_monitor.performance.intervals.means import positive_mean, student, student_p_value
from airflow_ml_monitor.performance.metrics.losses import (
    NO_SPREAD,
    mean_influence,
    paired,
    register_loss,
    register_mean,
    register_root,
)
from airflow_ml_monitor.performance.registry import Completions, Difference, Estimate, Metric, register
from airflow_ml_monitor.results import Interval

_REGRESSION = Problem.REGRESSION


def errors(answers: Answers) -> Numbers:
    assert answers.predicted is not None, "find_metric's caller has seen to what it needs"
    return answers.predicted - answers.y


def absolute_errors(answers: Answers) -> Numbers:
    return np.abs(errors(answers))


def squared_errors(answers: Answers) -> Numbers:
    return errors(answers) ** 2


def within_span(loss: Callable[[Answers], Numbers]) -> Completions:
    """Return how targets are completed for a loss that is none at the answer, and grows away from it on either side.

    It is least at the answer, or at the end of the span next to it, and greatest at one of the two ends.
    """

    def completions(answers: Answers) -> tuple[Numbers, Numbers] | None:
        if answers.span is None or answers.predicted is None:
            return None
        missing = np.isnan(answers.y)
        ends = [np.full(len(answers), float(end)) for end in answers.span]
        low, high = (loss(answers.with_labels(end)) for end in ends)
        farthest = np.where(low >= high, *ends)
        nearest = np.clip(answers.predicted, *answers.span)
        return np.where(missing, nearest, answers.y), np.where(missing, farthest, answers.y)

    return completions


def _all_at_an_end(answers: Answers) -> tuple[Numbers, Numbers] | None:
    if answers.span is None:
        return None
    missing, (low, high) = np.isnan(answers.y), answers.span
    return np.where(missing, high, answers.y), np.where(missing, low, answers.y)


def symmetric_shares(answers: Answers) -> Numbers:
    """Return the absolute errors as shares of the mean of both absolute values, 0 where both are zero, at most 2."""
    assert answers.predicted is not None
    size = (np.abs(answers.y) + np.abs(answers.predicted)) / 2
    return np.divide(np.abs(errors(answers)), size, out=np.zeros(len(answers)), where=size > 0)


def r2(answers: Answers, confidence: float) -> Estimate:
    """The share of the targets' variance that is explained, 1 - sum(error^2) / sum((target - mean)^2)."""
    value, rows = _r2_by_row(answers)
    if value is None:
        return Estimate(None, None, len(answers), reason="all targets are equal")
    return Estimate(value, student(rows, confidence), len(answers), "t, delta method")


def compare_r2(champion: Answers, challenger: Answers, confidence: float) -> Difference:
    (old, old_rows), (new, new_rows) = _r2_by_row(champion), _r2_by_row(challenger)
    if old is None or new is None:
        return Difference(None, None, None, len(champion), reason="all targets are equal")
    apart = new_rows - old_rows
    interval, p_value = student(apart, confidence), student_p_value(apart)
    return Difference(new - old, interval, p_value, len(champion), "paired t, delta method")


def _r2_by_row(answers: Answers) -> tuple[float | None, Numbers]:
    """Return R2 and values by row whose mean it is, and whose spread is, to first order, its own."""
    squares = errors(answers) ** 2
    around = (answers.y - answers.y.mean()) ** 2
    mean_square, variance = float(squares.mean()), float(around.mean())
    if variance == 0:
        return None, squares
    value = 1 - mean_square / variance
    return value, value - (squares - mean_square) / variance + mean_square * (around - variance) / variance**2


def _r2_influence(answers: Answers) -> tuple[float, Numbers]:
    weights = answers.weights
    squares = errors(answers) ** 2
    around = (answers.y - np.average(answers.y, weights=weights)) ** 2
    mean_square, variance = (float(np.average(values, weights=weights)) for values in (squares, around))
    if variance == 0:
        return float("nan"), squares
    value = 1 - mean_square / variance
    return value, ((1 - value) * around - squares) / variance


def _median_influence(answers: Answers) -> tuple[float, Numbers]:
    """Return the weighted median, and which errors are above it: times the density there, they are its influence."""
    values = np.abs(errors(answers))
    value = float(np.median(values)) if answers.weight is None else _Median(values)(answers.weight)
    above = (values > value).astype(float)
    return value, above - np.average(above, weights=answers.weight)


def median_absolute_error(answers: Answers, confidence: float) -> Estimate:
    """The median of the absolute errors; its interval is between two order statistics and assumes nothing."""
    values = np.abs(errors(answers))
    n = len(values)
    below = heads_quantile((1 - confidence) / 2, n)
    places = [(n - 1) // 2, n // 2] if below < 1 else [below - 1, (n - 1) // 2, n // 2, n - below]
    ordered = np.partition(values, sorted(set(places)))[places].tolist()
    interval = None if below < 1 else Interval(ordered[0], ordered[-1])
    return Estimate((ordered[1] + ordered[-2]) / 2, interval, n, "order statistics")


def compare_median(champion: Answers, challenger: Answers, confidence: float) -> Difference:
    old, new = np.abs(errors(champion)), np.abs(errors(challenger))
    first, second = _Median(old), _Median(new)
    values = bootstrap.of_rows(len(old), lambda weights: second(weights) - first(weights))
    interval = bootstrap.percentile(values, confidence)
    value = float(np.median(new) - np.median(old))
    return Difference(value, interval, bootstrap.two_sided(values), len(old), bootstrap.named(values))


class _Median:
    """The median of values that are sorted once and weighted often; NaN where they weigh nothing, or endlessly much."""

    def __init__(self, values: Numbers) -> None:
        self._order = np.argsort(values, kind="stable")
        self._values = values[self._order]

    def __call__(self, weights: Numbers) -> float:
        upto = np.cumsum(weights[self._order])
        if not 0 < upto[-1] < math.inf:
            return math.nan
        middle = [np.searchsorted(upto, upto[-1] / 2, side) for side in ("left", "right")]
        return float(self._values[middle].mean())


def mape(answers: Answers, confidence: float) -> Estimate:
    """The mean of the absolute errors as shares of the targets."""
    zeros = int((answers.y == 0).sum())
    if zeros:
        return Estimate(None, None, len(answers), reason=f"{zeros:,} targets are zero, of which no error is a share")
    shares = _shares(answers)
    interval = positive_mean(shares, confidence)
    reason = NO_SPREAD if interval is None else ""
    return Estimate(float(shares.mean()), interval, len(shares), "t on the log of the mean", reason)


def compare_mape(champion: Answers, challenger: Answers, confidence: float) -> Difference:
    first = mape(champion, confidence)
    if first.value is None:
        return Difference(None, None, None, len(champion), reason=first.reason)
    return paired(_shares(challenger) - _shares(champion), confidence)


def _shares(answers: Answers) -> Numbers:
    return np.abs(errors(answers) / answers.y)


register_loss("mae", _REGRESSION, absolute_errors, needs="predicted", completions=within_span(absolute_errors))
register_loss("mse", _REGRESSION, squared_errors, needs="predicted", completions=within_span(squared_errors))
register_loss(
    "smape", _REGRESSION, symmetric_shares, needs="predicted", most=2.0, completions=within_span(symmetric_shares)
)
register_root("rmse", _REGRESSION, squared_errors, needs="predicted", completions=within_span(squared_errors))
register_mean("bias", _REGRESSION, errors, needs="predicted", completions=_all_at_an_end)
register(Metric("r2", _REGRESSION, "higher", "predicted", r2, compare_r2, influence=_r2_influence))
register(
    Metric(
        "mape",
        _REGRESSION,
        "lower",
        "predicted",
        mape,
        compare_mape,
        influence=mean_influence(_shares),
        scale="positive",
    )
)
register(
    Metric(
        "median_absolute_error",
        _REGRESSION,
        "lower",
        "predicted",
        median_absolute_error,
        compare_median,
        influence=_median_influence,
        scale="positive",
    )
)
