"""Maximum mean discrepancy: the distance of two samples of rows, by a kernel."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from airflow_ml_monitor.distributions import normal_isf, normal_sf
from airflow_ml_monitor.drift.multivariate.features import SEED, Features, read_features
from airflow_ml_monitor.drift.multivariate.measured import RowsMeasured, halves, refuse_too_little
from airflow_ml_monitor.drift.multivariate.standardised import standardised
from airflow_ml_monitor.drift.permutation import permutation_p
from airflow_ml_monitor.drift.registry import Measurement
from airflow_ml_monitor.numerals import number
from airflow_ml_monitor.profile.arrays import Counts, Floats

MOST_ROWS = 2_000
PERMUTATIONS = 999
_FIRST = 199
_ORDINARY = 10
_BANDWIDTH_ROWS = 1_000


def mmd(reference: Any, current: Any) -> Measurement:
    """Measure MMD, the distance of the two samples' mean embeddings: sqrt(E k(x,x') + E k(y,y') - 2 E k(x,y)).

    Range 0 to sqrt(2). Unbiased estimator of its square, 0 where that is negative; the kernel is
    exp(-|x - y|^2 / (2 s^2)), s being the median distance of the rows of both sides; rows as ``standardised`` puts them
    on one scale (Gretton et al. 2012). At most 2,000 rows of a side are used.

    The p-value is that of 999 permutations of the rows, from a fixed seed (of 199, where ten of these reach the value).
    Where none does, that of a test of half the rows against the other half is taken, by the normal distribution
    (Shekhar, Kim & Ramdas 2022), if it is smaller. Limit 0.1: a single normal column moves by 0.23 standard deviations.

    :param reference: an Arrow table, or an array of rows by columns; ``current`` likewise.
    :raises ConfigurationError: fewer than ten rows on a side, or no column to compare.
    """
    features = read_features(reference, current, most_rows=MOST_ROWS)
    refuse_too_little("mmd", features)
    return discrepancy(features).measurement


def discrepancy(features: Features) -> RowsMeasured:
    """Return the discrepancy of the rows of both sides."""
    rows = standardised(features, np.arange(features.n + features.m)).values
    random = np.random.default_rng(SEED)
    width = _median_distance(rows[random.permutation(len(rows))[:_BANDWIDTH_ROWS]])
    kernel = _kernel(rows, width)
    squared, p_value, deviation = _permuted(kernel, features.n, random)
    value = math.sqrt(max(0.0, squared))
    return RowsMeasured(
        value=value,
        effect=value,
        p_value=p_value,
        n=features.n,
        m=features.m,
        critical=lambda p: math.sqrt(max(0.0, normal_isf(p)) * deviation),
        told=f"the rows of both sides are {number(value, 3)} apart by a kernel (MMD; no change: 0, at most 1.41)",
        detail={"seed": SEED, "bandwidth": width, "permutations": PERMUTATIONS},
    )


class Weighted(NamedTuple):
    """MMD of weighted points, its p-value and the kernel's bandwidth."""

    value: float
    p_value: float
    bandwidth: float


def mmd_weighted(
    points: Floats, reference: Counts, current: Counts, *, beyond: Callable[[], float] = lambda: 1.0
) -> Weighted:
    """Return MMD of two samples given as points with the rows of either side at each.

    Rows at one point count as rows of equal values. All points are used in each permutation, so a thousand are plenty.

    :param points: values, or an array of points by dimensions.
    :param beyond: gives the p-value of another test, taken where no permutation reaches the value and it is smaller.
    """
    places = points.reshape(len(points), -1).astype(np.float64, copy=False)
    width = _median_distance(places, reference + current)
    kernel = np.exp(_squared_distances(places) / (-2.0 * width * width)) if width > 0.0 else np.ones((len(places),) * 2)

    def squared(one: Counts, other: Counts) -> Floats:
        n, m = one.sum(axis=-1), other.sum(axis=-1)
        of_one, of_other = one @ kernel, other @ kernel
        within = ((of_one * one).sum(axis=-1) - n) / (n * np.maximum(n - 1, 1))
        among = ((of_other * other).sum(axis=-1) - m) / (m * np.maximum(m - 1, 1))
        found: Floats = within + among - 2.0 * (of_one * other).sum(axis=-1) / (n * m)
        return found

    value = math.sqrt(max(0.0, float(squared(reference, current))))
    p_value = permutation_p(squared, reference, current, beyond=beyond) if value > 0.0 else 1.0
    return Weighted(value, p_value, width)


def _squared_distances(rows: Floats) -> Floats:
    lengths = np.square(rows).sum(axis=1)
    apart = rows @ rows.T
    apart *= -2.0
    apart += lengths[:, None]
    apart += lengths[None, :]
    return np.maximum(apart, 0.0, out=apart)


def _median_distance(rows: Floats, counts: Counts | None = None) -> float:
    """Return the median distance of two different rows; their mean where most are equal, 0 where all are."""
    first, second = np.triu_indices(len(rows), 1)
    apart = np.sqrt(_squared_distances(rows)[first, second])
    weights = np.ones(len(apart)) if counts is None else (counts[first] * counts[second]).astype(np.float64)
    if counts is not None:
        counts = counts.astype(np.float64)
        apart, weights = np.append(apart, 0.0), np.append(weights, float((counts * (counts - 1)).sum() / 2))
    if not weights.sum():
        return 0.0
    order = np.argsort(apart, kind="stable")
    middle = np.searchsorted(np.cumsum(weights[order]), weights.sum() / 2.0)
    median = float(apart[order[min(int(middle), len(order) - 1)]])
    return median if median > 0.0 else float((apart * weights).sum() / weights.sum())


def _kernel(rows: Floats, width: float) -> Floats:
    """Return the kernel of all pairs of rows, 0 for a row with itself."""
    kernel = _squared_distances(rows)
    if width > 0.0:
        kernel *= -0.5 / (width * width)
    np.exp(kernel, out=kernel)
    np.fill_diagonal(kernel, 0.0)
    return kernel


def _permuted(kernel: Floats, n: int, random: np.random.Generator) -> tuple[float, float, float]:
    """Return the square of MMD, its p-value, and its standard deviation over the permutations."""
    rows = len(kernel)
    of_rows, total = kernel.sum(axis=1), float(kernel.sum())
    observed = float(_squares(kernel, of_rows, total, np.arange(rows)[:, None] < n)[0])
    dealt = np.zeros(0)
    for more in (_FIRST, PERMUTATIONS - _FIRST):
        sides = random.permuted(np.broadcast_to(np.arange(rows)[:, None] < n, (rows, more)), axis=0)
        dealt = np.append(dealt, _squares(kernel, of_rows, total, sides))
        reached = int(np.count_nonzero(dealt >= observed - 1e-12))
        if reached >= _ORDINARY:
            break
    p_value = (1 + reached) / (1 + len(dealt))
    return observed, p_value if reached else min(p_value, _p_of_halves(kernel, n, random)), float(dealt.std())


def _squares(kernel: Floats, of_rows: Floats, total: float, is_reference: np.ndarray[Any, Any]) -> Floats:
    """Return the unbiased square of MMD for each column of flags, which all mark as many rows."""
    flags = is_reference.astype(np.float64)
    n = float(flags[:, 0].sum())
    m = len(flags) - n
    within = (flags * (kernel @ flags)).sum(axis=0)
    touching = of_rows @ flags
    across, among = touching - within, total - 2.0 * touching + within
    squares: Floats = within / (n * (n - 1)) + among / (m * (m - 1)) - 2.0 * across / (n * m)
    return squares


def _p_of_halves(kernel: Floats, n: int, random: np.random.Generator) -> float:
    """Return the p-value of cross-MMD: how much more one half of each side resembles its own other half."""
    (one, one_held), (other, other_held) = (halves(side, random) for side in np.split(np.arange(len(kernel)), [n]))
    witness = kernel[:, one].mean(axis=1) - kernel[:, other].mean(axis=1)
    was, now = witness[one_held], witness[other_held]
    error = math.sqrt(float(was.var(ddof=1)) / len(was) + float(now.var(ddof=1)) / len(now))
    return normal_sf(float(was.mean() - now.mean()) / error) if error > 0.0 else 1.0
