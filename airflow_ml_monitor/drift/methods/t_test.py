"""Welch's t-test."""

from __future__ import annotations

import math

from airflow_ml_monitor.drift.distributions import student_t_two_sided
from airflow_ml_monitor.drift.registry import NUMBERS, Measurement, enough, method
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.numerals import number
from airflow_ml_monitor.profile.kernel import Moments
from airflow_ml_monitor.profile.numeric import NumericProfile


@method("t_test", takes="numbers", kinds=NUMBERS)
def t_test(reference: NumericProfile, current: NumericProfile) -> Measurement:
    """Measure the difference of means over its standard error, t = (mean - mean') / sqrt(s^2 / n + s'^2 / m).

    Any number, below 0 where the mean grew. It sees means alone. The p-value is two-sided, by Student's distribution
    with Welch's degrees of freedom (1947); variances need not be equal. Exact from values and from profiles.

    The effect is the size of Cohen's d, the difference of means over the root of the mean of both variances. Limit 0.2,
    what Cohen (1988) calls small.

    :raises ConfigurationError: fewer than two values on a side, or two constants that differ.

    >>> from airflow_ml_monitor.drift import measure
    >>> round(measure("t_test", [1, 2, 3, 4], [3, 4, 5, 6]).value, 4)
    -2.1909
    """
    n, m = enough("t_test", (reference.count, current.count), least=2)
    one, other = reference.moments, current.moments
    variances = one.m2 / (n - 1), other.m2 / (m - 1)
    moved = one.mean - other.mean
    if not moved:
        return Measurement(0.0, 1.0, n, m, 0.0)
    if not any(variances):
        raise ConfigurationError(
            f"t_test needs values that vary, {_constant(one)} is all of the reference and {_constant(other)} is all of "
            "the current values; use tvd"
        )
    errors = variances[0] / n, variances[1] / m
    total = sum(errors)
    t = moved / math.sqrt(total)
    df = total**2 / (errors[0] ** 2 / (n - 1) + errors[1] ** 2 / (m - 1))
    return Measurement(t, student_t_two_sided(t, df), n, m, abs(moved) / math.sqrt(sum(variances) / 2.0))


def _constant(moments: Moments) -> str:
    return number(moments.mean)
