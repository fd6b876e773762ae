"""Welch's t-test."""

from __future__ import annotations

import math

from airflow_ml_monitor.distributions import student_t_two_sided
from airflow_ml_monitor.drift.registry import NUMBERS, Measurement, enough, method
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.numerals import number
from airflow_ml_monitor.profile.numeric import NumericProfile


@method("t_test", takes="numbers", kinds=NUMBERS)
def t_test(reference: NumericProfile, current: NumericProfile) -> Measurement:
    """Measure the difference of means over its standard error, t = (mean - mean') / sqrt(s^2 / n + s'^2 / m).

    Any number, below 0 where the mean grew. It sees means alone. The p-value is two-sided, by Student's distribution
    with Welch's degrees of freedom (1947); variances need not be equal. On heavy tails and unequal sizes it rejects too
    often (15 % at 0.05 of a lognormal column of sigma 2, 20,000 rows against 500). Exact from values and from profiles.

    The effect is the size of Cohen's d, the difference of means over the root of the mean of both variances. Limit 0.2,
    what Cohen (1988) calls small.

    :raises ConfigurationError: fewer than two values on a side, or two constants that differ.

    >>> from airflow_ml_monitor.drift import measure
    >>> round(measure("t_test", [1, 2, 3, 4], [3, 4, 5, 6]).value, 4)
    -2.1909
    """
    n, m = enough("t_test", (reference.count, current.count), least=2)
    (mean, variance), (other_mean, other_variance) = _moments(reference), _moments(current)
    moved, total = mean - other_mean, variance / n + other_variance / m
    if not moved:
        return Measurement(0.0, 1.0, n, m, 0.0)
    if not total > 0.0:
        raise ConfigurationError(
            f"t_test needs values that vary, {number(mean)} is all of the reference and {number(other_mean)} is all of "
            "the current values; use ks or tvd"
        )
    t, share = moved / math.sqrt(total), variance / n / total
    df = 1.0 / (share**2 / (n - 1) + (1.0 - share) ** 2 / (m - 1))
    effect = abs(moved) / math.sqrt((variance + other_variance) / 2.0)
    return Measurement(t, student_t_two_sided(t, df), n, m, effect)


def _moments(profile: NumericProfile) -> tuple[float, float]:
    """Return the mean and the variance of the population; of a constant without what rounding adds."""
    if profile.minimum == profile.maximum:
        return profile.minimum, 0.0
    return profile.moments.mean, profile.moments.m2 / (profile.count - 1)
