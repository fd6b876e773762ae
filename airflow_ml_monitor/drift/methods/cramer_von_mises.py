"""Cramer-von Mises."""

from __future__ import annotations

import numpy as np

from airflow_ml_monitor.drift.bins import cells
from airflow_ml_monitor.drift.methods.ks import ks
from airflow_ml_monitor.drift.permutation import MOST_CELLS, permutation_p
from airflow_ml_monitor.drift.points import grouped, pooled_points
from airflow_ml_monitor.drift.registry import NUMBERS, Measurement, enough, method
from airflow_ml_monitor.profile.arrays import Counts, Floats
from airflow_ml_monitor.profile.numeric import NumericProfile


@method("cramer_von_mises", takes="numbers", kinds=NUMBERS)
def cramer_von_mises(reference: NumericProfile, current: NumericProfile) -> Measurement:
    """Measure T = n m / (n + m)^2 sum (F - G)^2 over all values of both sides (Anderson 1962).

    Range 0 to infinity, growing with the rows; unchanged by any increasing transformation. At tied values it is the
    mean of (F - G)^2 just below and at the value, so that a sample is at distance 0 of itself and order can be turned
    around. Another form, by mid-ranks, grows with the difference of the sizes where values are tied, change or none.

    The p-value is SciPy's (exact up to 20 values, asymptotic beyond) only where no two values are the same. Else it
    is that of 999 permutations of the rows, from a fixed seed, and of ``ks`` where none of them reaches T and that is
    smaller: on ties the asymptotic one rejects always. T is exact from values; from a profile values between two edges
    count as tied, which changes T / (n + m) by less than 1e-4.

    The effect is sqrt(3 T (n + m) / (n m)), the root of the mean of (F - G)^2 over its greatest possible value: 0 to 1.
    Limit 0.1: a normal column moves by 0.19 standard deviations.

    >>> from airflow_ml_monitor.drift import measure
    >>> round(measure("cramer_von_mises", [1, 2, 3], [4, 5, 6]).value, 4)
    0.5278
    """
    n, m = enough("cramer_von_mises", (reference.count, current.count))
    one, other = cells(reference), cells(current)
    value = float(_squares(one, other)) * n * m / (n + m) ** 2
    untied = int((one + other).max()) == 1 and min(n, m) > 1
    p_value = _scipy_p(one, other) if untied else _tied_p(reference, current)
    return Measurement(value, p_value, n, m, min(1.0, float(np.sqrt(3.0 * value * (n + m) / (n * m)))))


def _squares(one: Counts, other: Counts) -> Floats:
    """Return the sum of (F - G)^2 over the rows of both sides."""
    n, m = one.sum(axis=-1, keepdims=True), other.sum(axis=-1, keepdims=True)
    apart = np.square(np.cumsum(one / n - other / m, axis=-1))
    before = np.concatenate((np.zeros_like(apart[..., :1]), apart[..., :-1]), axis=-1)
    found: Floats = ((one + other) * (apart + before)).sum(axis=-1) / 2.0
    return found


def _scipy_p(one: Counts, other: Counts) -> float:
    from scipy import stats

    return float(stats.cramervonmises_2samp(np.flatnonzero(one), np.flatnonzero(other)).pvalue)


def _tied_p(reference: NumericProfile, current: NumericProfile) -> float:
    points = grouped(pooled_points(reference, current), MOST_CELLS)
    return permutation_p(
        _squares, points.reference, points.current, beyond=lambda: ks(reference, current).p_value or 0.0
    )
