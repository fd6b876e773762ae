"""Student's quantiles, the law of a fair coin, and midranks.

By ``scipy.special`` alone, imported where it is needed: each task that computes an interval would pay 50 MB and half a
second for ``scipy.stats``.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable
from functools import cache, lru_cache
from statistics import NormalDist

import numpy as np

from airflow_ml_monitor.performance.answers import Numbers

_HALVINGS = 200
_STEPS = 50
_NODES = 64
_LEAST_FREEDOM, _MOST_FREEDOM, _END = 10, 1e9, 1e-5
_EPSILON = 2.0**-52
_FARTHEST = 20
"""Square roots of the tosses from half of them: farther, the probability is below the least number there is."""
_STIRLING = 100
"""From here on the ratio of two gamma functions is a series to the last digit."""


def t_quantile(share: float, freedom: float) -> float:
    """Return the value that a share of Student's t is below.

    With ``t = sqrt(freedom) * tan(angle)`` the density is a power of the angle's cosine. Newton's steps from the normal
    quantile stay below the root, since the distribution is concave above its median. SciPy, which takes 17 MB, is for
    the heavy tails of few degrees of freedom, and for the ends of tails.
    """
    beyond = min(share, 1 - share)
    if not (_LEAST_FREEDOM <= freedom <= _MOST_FREEDOM and beyond >= _END):
        from scipy.special import stdtrit

        return float(stdtrit(freedom, share))
    wanted = (0.5 - beyond) * _whole_cosine(freedom - 1)
    angle = math.atan(-NormalDist().inv_cdf(beyond) / math.sqrt(freedom))
    for _ in range(_STEPS):
        step = (wanted - _cosine_integral(freedom - 1, angle)) / math.cos(angle) ** (freedom - 1)
        angle += step
        if step <= _EPSILON * angle:
            break
    return math.copysign(math.sqrt(freedom) * math.tan(angle), share - 0.5)


def _cosine_integral(power: float, angle: float) -> float:
    """Return the integral from zero to an angle of a power of the cosine."""
    nodes, weights = _nodes()
    sines = np.sin(angle / 2 * (1 + nodes))
    return float(angle / 2 * (weights @ np.exp(power / 2 * np.log1p(-sines * sines))))


def _whole_cosine(power: float) -> float:
    """Return the integral of a power of the cosine over half a turn: ``sqrt(pi) * gamma(x) / gamma(x + 1 / 2)``."""
    x = (power + 1) / 2
    if x < _STIRLING:
        return math.sqrt(math.pi) * math.gamma(x) / math.gamma(x + 0.5)
    series = 1 - 1 / (8 * x) + 1 / (128 * x**2) + 5 / (1024 * x**3) - 21 / (32768 * x**4) - 399 / (262144 * x**5)
    return math.sqrt(math.pi / x) / series


@cache
def _nodes() -> tuple[Numbers, Numbers]:
    """Return where to look between -1 and 1, and how much each place counts (Fejer's first rule)."""
    angles = (np.arange(_NODES) + 0.5) * math.pi / _NODES
    order = np.arange(1, _NODES // 2 + 1)
    weights = 1 - 2 * (np.cos(2 * np.outer(angles, order)) / (4 * order**2 - 1)).sum(axis=1)
    return np.cos(angles), 2 / _NODES * weights


def heads_at_most(heads: int, tosses: int) -> float:
    """Return how likely a fair coin is to show so many heads or fewer."""
    if heads < 0 or heads >= tosses:
        return 0.0 if heads < 0 else 1.0
    if heads > tosses // 2:
        return 1 - heads_at_most(tosses - heads - 1, tosses)
    shares = _up_to_half(tosses)
    place = heads - tosses // 2 - 1
    return float(shares[place]) if place >= -len(shares) else 0.0


@lru_cache(maxsize=4)
def _up_to_half(tosses: int) -> Numbers:
    """Return how likely so many heads or fewer are, up to half of the tosses; from where that is more than nothing.

    Each number of heads is likelier than the one before it by a ratio, and all of them together are certain.
    """
    half = tosses // 2
    heads = np.arange(half, max(0, half - math.ceil(_FARTHEST * math.sqrt(tosses))), -1)
    relative = np.concatenate([[1.0], np.cumprod(heads / (tosses - heads + 1))])[::-1]
    summed = np.cumsum(relative)
    found: Numbers = summed / (2 * summed[-1] - (1 - tosses % 2))
    return found


def heads_quantile(share: float, tosses: int) -> int:
    """Return the least number of heads such that a fair coin shows it or fewer with a probability of ``share``."""
    return bisect_left(range(tosses), share, key=lambda heads: heads_at_most(heads, tosses))


def midranks(values: Numbers) -> Numbers:
    """Return the rank of each value, from 1; equal ones have the mean of theirs."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])) if len(values) else order
    counts = np.diff(np.append(starts, len(values)))
    ranks = np.empty(len(values))
    ranks[order] = np.repeat(starts + (counts + 1) / 2, counts)
    return ranks


def root_between(function: Callable[[float], float], lower: float, upper: float) -> float:
    """Return where a function that has different signs at the ends is zero, by halving, to the last digit."""
    negative_below = function(lower) < 0
    for _ in range(_HALVINGS):
        middle = (lower + upper) / 2
        if middle in (lower, upper):
            break
        if (function(middle) < 0) == negative_below:
            lower = middle
        else:
            upper = middle
    return (lower + upper) / 2
