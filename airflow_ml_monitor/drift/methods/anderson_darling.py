"""Anderson-Darling for two samples."""

from __future__ import annotations

import math

import numpy as np

from airflow_ml_monitor.drift.bins import cells
from airflow_ml_monitor.drift.methods.ks import ks
from airflow_ml_monitor.drift.permutation import MOST_CELLS, permutation_p
from airflow_ml_monitor.drift.points import grouped, pooled_points
from airflow_ml_monitor.drift.registry import NUMBERS, Measurement, enough, method
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.profile.arrays import Counts, Floats
from airflow_ml_monitor.profile.numeric import NumericProfile

_CRITICAL = np.array([0.325, 1.226, 1.961, 2.718, 3.752, 4.592, 6.546])
_LEVELS = np.array([0.25, 0.1, 0.05, 0.025, 0.01, 0.005, 0.001])
_SUMMED = 1_000_000


@method("anderson_darling", takes="numbers", kinds=NUMBERS)
def anderson_darling(reference: NumericProfile, current: NumericProfile) -> Measurement:
    """Measure A^2, squared differences of the distribution functions weighted by 1 / (H (1 - H)), standardised.

    Any number from about -1.3 on, around 0 under no change and growing with the rows: (A^2 - 1) / sigma, ties by
    mid-ranks (Scholz & Stephens 1987, formula 7). Unchanged by any increasing transformation; more alert to the tails
    than ``ks``.

    The p-value, where no two values are the same and it lies between 0.001 and 0.25, is read between Scholz &
    Stephens' critical values, as SciPy does. Nothing is cut off there: outside, and on ties, it is that of 999
    permutations of the rows, from a fixed seed, and of ``ks`` where none of them reaches A^2 and that is smaller. A^2
    is exact from values; from a profile values between two edges count as tied.

    The effect is the root of A^2 over what it is for two samples wholly apart: 0 to 1. Limit 0.1: a normal column
    moves by 0.18 standard deviations.

    :raises ConfigurationError: fewer than four values in all.

    >>> from airflow_ml_monitor.drift import measure
    >>> round(measure("anderson_darling", [1, 2, 3, 4], [3, 4, 5, 6]).value, 4)
    1.6904
    """
    n, m = enough("anderson_darling", (reference.count, current.count))
    if n + m < 4:
        raise ConfigurationError(
            f"anderson_darling needs at least 4 values in all, there are {n + m}; use fisher_exact"
        )
    one, other = cells(reference), cells(current)
    there = (one + other) > 0
    one, other = one[there], other[there]
    square = float(_square(one, other))
    value = (square - 1.0) / math.sqrt(_variance(n, m))
    if int((one + other).max()) == 1 and _CRITICAL[0] <= value <= _CRITICAL[-1]:
        p_value = math.exp(float(np.polyval(np.polyfit(_CRITICAL, np.log(_LEVELS), 2), value)))
    else:
        p_value = _permuted_p(reference, current)
    return Measurement(value, p_value, n, m, min(1.0, math.sqrt(square / _apart(n, m))))


def _square(one: Counts, other: Counts) -> Floats:
    """Return A^2 by mid-ranks, over the last axis."""
    n, m = one.sum(axis=-1, keepdims=True), other.sum(axis=-1, keepdims=True)
    rows, pooled = n + m, (one + other).astype(np.float64)
    rank = np.cumsum(pooled, axis=-1) - pooled / 2.0
    apart = np.cumsum(one, axis=-1) - one / 2.0 - rank * n / rows
    weight = rank * (rows - rank) - rows * pooled / 4.0
    terms = np.divide(pooled * np.square(apart), weight, out=np.zeros_like(pooled), where=weight > 0)
    found: Floats = terms.sum(axis=-1) * ((rows - 1.0) * rows / (n * m))[..., 0]
    return found


def _variance(n: int, m: int) -> float:
    """Return the variance of A^2 under no change."""
    rows = n + m
    if rows <= _SUMMED:
        terms = np.cumsum(1.0 / np.arange(rows - 1, 1, -1))
        h, g = float(terms[-1]) + 1.0, float((terms / np.arange(2, rows)).sum())
    else:
        h, g = math.log(rows - 1.0) + 0.5772156649015329, math.pi**2 / 6.0
    both = 1.0 / n + 1.0 / m
    a = 4 * g - 6 + (10 - 6 * g) * both
    b = 4 * (2 * g - 4) + 16 * h + (2 * g - 14 * h - 4) * both - 8 * h + 4 * g - 6
    c = 4 * (6 * h + 2 * g - 2) + 2 * (4 * h - 4 * g + 6) + (2 * h - 6) * both + 4 * h
    d = 4 * (2 * h + 6) - 8 * h
    return (((a * rows + b) * rows + c) * rows + d) / ((rows - 1.0) * (rows - 2.0) * (rows - 3.0))


def _apart(n: int, m: int) -> float:
    """Return A^2 of two large samples wholly apart: n m / (n + m) times the integral of (F - G)^2 / (H (1 - H)) dH."""
    shares = n / (n + m), m / (n + m)
    return n * m / (n + m) * sum((-share - math.log1p(-share)) / share**2 for share in shares)


def _permuted_p(reference: NumericProfile, current: NumericProfile) -> float:
    points = grouped(pooled_points(reference, current), MOST_CELLS)
    return permutation_p(
        _square, points.reference, points.current, beyond=lambda: ks(reference, current).p_value or 0.0
    )
