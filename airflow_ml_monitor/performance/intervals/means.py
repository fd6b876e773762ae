"""Intervals of means over rows."""

from __future__ import annotations

import math

import numpy as np

from airflow_ml_monitor.distributions import student_t_two_sided
from airflow_ml_monitor.performance.answers import Numbers
from airflow_ml_monitor.performance.intervals.laws import t_quantile
from airflow_ml_monitor.performance.intervals.proportions import wilson
from airflow_ml_monitor.results import Interval

_ZERO = 1e-15
"""Share of the greatest loss that is none: a log loss is never quite zero, probabilities being clipped."""
_SYMMETRIC = 1e-6


def student(values: Numbers, confidence: float) -> Interval | None:
    """Return Student's t interval of a mean; ``None`` for one value."""
    n = len(values)
    if n < 2:
        return None
    mean, error = _mean_and_error(values)
    half = t_quantile(0.5 + confidence / 2, n - 1) * error if error else 0.0
    return Interval(mean - half, mean + half)


def student_p_value(values: Numbers) -> float | None:
    """Return the two-sided p-value of a mean's being zero, by Student's t; ``None`` for one value."""
    if len(values) < 2:
        return None
    mean, error = _mean_and_error(values)
    if error == 0:
        return 1.0 if mean == 0 else 0.0
    return student_t_two_sided(mean / error, len(values) - 1)


def _mean_and_error(values: Numbers) -> tuple[float, float]:
    return float(values.mean()), float(values.std(ddof=1)) / math.sqrt(len(values))


def positive_mean(values: Numbers, confidence: float, *, most: float | None = None) -> Interval | None:
    """Return the t interval of a mean of values that are not negative, made on the logarithm of the mean.

    Losses are skewed to the right: on the logarithm the interval covers where the plain one is too low. Its upper end
    is Hall's where that is higher, as it is where a few rows make most of the loss. Where all are zero, the mean is at
    most the greatest value times the share of rows that may yet be wrong (Wilson).

    :param most: the greatest value there is; without one, zeros have no interval.
    """
    n = len(values)
    if n < 2:
        return None
    mean = float(values.mean())
    if mean <= _ZERO * (most or 0.0):
        return None if most is None else Interval(0.0, most * wilson(0, n, confidence).upper)
    quantile, error = t_quantile(0.5 + confidence / 2, n - 1), float(values.std(ddof=1)) / math.sqrt(n)
    half = quantile * error / mean
    upper = max(mean * math.exp(min(half, 700.0)), _hall_upper(values, quantile))
    return Interval(mean * math.exp(-half), upper if most is None else min(most, upper))


def _hall_upper(values: Numbers, quantile: float) -> float:
    """Return the upper end of Hall's interval of a mean (1992), whose t is transformed to be rid of its skewness."""
    n, mean = len(values), float(values.mean())
    apart = values - mean
    squares = apart * apart
    spread = math.sqrt(float(squares.sum()) / (n - 1))
    skewness = float((squares * apart).mean()) / spread**3 / math.sqrt(n) if spread > _ZERO * mean else 0.0
    if skewness < _SYMMETRIC:
        return mean + quantile * spread / math.sqrt(n)
    root = float(np.cbrt(1 - skewness * (quantile + skewness / 6)))
    return mean + spread / math.sqrt(n) * 3 / skewness * (1 - root)


def root(interval: Interval | None) -> Interval | None:
    """Return the interval of a root from that of a square."""
    return None if interval is None else Interval(*(float(np.sqrt(end)) for end in interval))
