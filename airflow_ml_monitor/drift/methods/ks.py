"""Kolmogorov-Smirnov."""

from __future__ import annotations

import math

import numpy as np

from airflow_ml_monitor.distributions import kolmogorov_sf
from airflow_ml_monitor.drift.registry import NUMBERS, Measurement, enough, method
from airflow_ml_monitor.profile.numeric import NumericProfile

_EXACT = 10_000


@method("ks", takes="numbers", kinds=NUMBERS)
def ks(reference: NumericProfile, current: NumericProfile, *, clip: bool = False, exact: bool = True) -> Measurement:
    """Measure the greatest distance between the two distribution functions, D = max |F(x) - G(x)|.

    Range 0 to 1; unchanged by any increasing transformation. The p-value is two-sided: exact (Hodges 1958) while both
    sides have at most 10,000 values, beyond that Kolmogorov's limit with Stephens' correction (1970). Ties make it err
    to the safe side. From a profile D is known at the edges only: at most a thousandth too small. Limit 0.1: a normal
    column moves by a quarter of its standard deviation.

    :param clip: on values clipped to the reference's 1st to 99th percentile.
    :param exact: ``False`` takes the limit at every size; it is off by a few percent from 30 values on.

    >>> from airflow_ml_monitor.drift import measure
    >>> measure("ks", [1, 2, 3, 4], [3, 4, 5, 6]).value
    0.5
    """
    n, m = enough("ks", (reference.count, current.count))
    value = ks_distance(reference, current, clip=clip)
    small = exact and max(n, m) <= _EXACT
    return Measurement(value, _exact_sf(value, n, m) if small else ks_sf(value, n, m), n, m)


def ks_distance(reference: NumericProfile, current: NumericProfile, *, clip: bool = False) -> float:
    """Return D; between two edges the functions are taken as known at both ends only."""
    edges = reference.edges.values
    upto = reference.upto / reference.count, current.upto / current.count
    before = upto[0] - reference.at / reference.count, upto[1] - current.at / current.count
    right, left = np.abs(upto[0] - upto[1]), np.abs(before[0] - before[1])
    if clip:
        low, high = reference.edges.low, reference.edges.high
        right, left = right[(edges >= low) & (edges < high)], left[(edges > low) & (edges <= high)]
    return float(max(right.max(initial=0.0), left.max(initial=0.0)))


def ks_sf(value: float, n: int, m: int) -> float:
    """Return P(D >= value) in the limit, with Stephens' correction."""
    return kolmogorov_sf(value * _stephens(n * m / (n + m)))


def ks_critical(p: float, n: int, m: int) -> float:
    """Return the D whose p-value is ``p``, to first order."""
    return math.sqrt(math.log(2.0 / p) / 2.0) / _stephens(n * m / (n + m))


def _stephens(size: float) -> float:
    root = math.sqrt(size)
    return root + 0.12 + 0.11 / root


def _exact_sf(value: float, n: int, m: int) -> float:
    """Return P(D >= value): the share of lattice paths from (0, 0) to (n, m) that leave the band.

    The probability that leaves is summed where it leaves, so that tiny p-values keep their precision.
    """
    least = round(value * n * m)
    if least <= 0:
        return 1.0
    inside = np.ones(1)  # probability of the points (i, s - i) of one diagonal, from i = first on
    first, outside = 0, 0.0
    for s in range(1, n + m + 1):
        low, high = max(0, s - m), min(n, s)
        i = np.arange(low, high + 1)
        coming = np.zeros(high - low + 1)
        previous = np.zeros(n + 2)
        previous[first + 1 : first + 1 + len(inside)] = inside
        # Reversed in time a path loses one of its i or j steps at random: that weighs every path alike.
        left_i = (n - (i - 1)) / (n + m - s + 1)
        left_j = (m - (s - 1 - i)) / (n + m - s + 1)
        coming = previous[i] * left_i + previous[i + 1] * left_j
        leaving = np.abs(i * m - (s - i) * n) >= least
        outside += float(coming[leaving].sum())
        inside, first = np.where(leaving, 0.0, coming), low
    return min(1.0, outside)
