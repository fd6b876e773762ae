"""Quantiles and p-values of known distributions, and midranks.

By ``scipy.special`` alone: each task that computes an interval would pay 50 MB and half a second for ``scipy.stats``.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable

import numpy as np

from airflow_ml_monitor.performance.answers import Numbers

_HALVINGS = 200


def t_quantile(share: float, freedom: float) -> float:
    """Return the value that a share of Student's t is below."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, share))


def t_p_value(statistic: float, freedom: float) -> float:
    """Return how likely Student's t is to be as far from zero, on either side."""
    from scipy.special import stdtr

    return float(2 * stdtr(freedom, -abs(statistic)))


def chi2_quantile(share: float, freedom: float) -> float:
    """Return the value that a share of chi-square is below."""
    from scipy.special import gammaincinv

    return float(2 * gammaincinv(freedom / 2, share))


def chi2_p_value(statistic: float, freedom: float) -> float:
    """Return how likely chi-square is to be as large."""
    from scipy.special import gammaincc

    return float(gammaincc(freedom / 2, statistic / 2))


def heads_at_most(heads: int, tosses: int) -> float:
    """Return how likely a fair coin is to show so many heads or fewer."""
    from scipy.special import betainc

    if heads < 0:
        return 0.0
    return 1.0 if heads >= tosses else float(betainc(tosses - heads, heads + 1, 0.5))


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
