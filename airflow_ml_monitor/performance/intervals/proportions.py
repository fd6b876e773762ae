"""Intervals of shares of counts, and of what is made of two of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from airflow_ml_monitor.performance.answers import Numbers
from airflow_ml_monitor.performance.intervals.laws import heads_at_most
from airflow_ml_monitor.results import Interval


def normal_quantile(confidence: float) -> float:
    """Return z of a two-sided interval: 1.96 for 0.95."""
    return NormalDist().inv_cdf(0.5 + confidence / 2)


def wilson(successes: float, trials: float, confidence: float) -> Interval:
    """Return Wilson's score interval of a proportion (1927).

    >>> [round(end, 4) for end in wilson(10, 100, 0.95)]
    [0.0552, 0.1744]
    """
    z = normal_quantile(confidence)
    share = successes / trials
    centre = share + z * z / (2 * trials)
    half = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    lower, upper = (centre - half) / scale, (centre + half) / scale
    return Interval(0.0 if successes == 0 else max(0.0, lower), 1.0 if successes == trials else min(1.0, upper))


def effective_wilson(share: float, variance: float, most: float, confidence: float) -> Interval:
    """Return Wilson's interval of a value between 0 and 1, of as many trials as its variance stands for.

    :param most: the trials that there are at most; all of them where the variance is none.
    """
    trials = most if variance <= 0 else min(most, share * (1 - share) / variance)
    return wilson(share * trials, trials, confidence) if trials > 0 else Interval(0.0, 1.0)


def f1_interval(true_positive: float, false_positive: float, false_negative: float, confidence: float) -> Interval:
    """Return the interval of F1 from Wilson's of the Jaccard share J = TP / (TP + FP + FN), as F1 = 2 J / (1 + J)."""
    jaccard = wilson(true_positive, true_positive + false_positive + false_negative, confidence)
    return Interval(*(2 * end / (1 + end) for end in jaccard))


def mean_of(parts: Sequence[tuple[float, Interval]]) -> Interval:
    """Return the interval of the mean of independent estimates from their own (Zou and Donner 2008, MOVER)."""
    middle = sum(value for value, _ in parts) / len(parts)
    below = math.hypot(*(value - lower for value, (lower, _) in parts)) / len(parts)
    above = math.hypot(*(upper - value for value, (_, upper) in parts)) / len(parts)
    return Interval(middle - below, middle + above)


def mean_of_correlated(parts: Sequence[tuple[float, Interval]], influences: Numbers) -> Interval:
    """Return the interval of the mean of estimates that hang together, from their own (Zou 2007, MOVER).

    :param influences: what each row adds to each of them, shape (estimates, rows): their correlations are of these.
    """
    values, lower, upper = (np.array(each) for each in zip(*((value, *ends) for value, ends in parts), strict=True))
    products = influences @ influences.T
    sizes = np.sqrt(np.diagonal(products))
    sizes = np.outer(sizes, sizes)
    related = np.divide(products, sizes, out=np.zeros_like(products), where=sizes > 0)
    np.fill_diagonal(related, 1.0)  # also of an estimate that no row moves
    below, above = (
        math.sqrt(max(0.0, float(half @ related @ half))) / len(values) for half in (values - lower, upper - values)
    )
    return Interval(float(values.mean()) - below, float(values.mean()) + above)


def hull(one: Interval, other: Interval) -> Interval:
    """Return the interval from the lower of two lower ends to the higher of two upper ones."""
    return Interval(min(one.lower, other.lower), max(one.upper, other.upper))


def difference_of_two(one: tuple[float, Interval], other: tuple[float, Interval]) -> Interval:
    """Return the interval of ``one - other`` for independent estimates from their own (Zou and Donner 2008, MOVER)."""
    (a, (a_low, a_high)), (b, (b_low, b_high)) = one, other
    return Interval(a - b - math.hypot(a - a_low, b_high - b), a - b + math.hypot(a_high - a, b - b_low))


def paired_difference(both: int, first: int, second: int, neither: int, confidence: float) -> Interval:
    """Return the interval of ``(both + first) / n - (both + second) / n`` of paired answers (Newcombe 1998, method 10).

    :param first: rows where only the first succeeds; ``second`` likewise.
    """
    n = both + first + second + neither
    one, other = (both + first) / n, (both + second) / n
    (a_low, a_high), (b_low, b_high) = (wilson(count, n, confidence) for count in (both + first, both + second))
    phi = _correlation(both, first, second, neither)
    down, up = one - a_low, a_high - one
    below, above = other - b_low, b_high - other
    lower = math.sqrt(max(0.0, down**2 - 2 * phi * down * above + above**2))
    upper = math.sqrt(max(0.0, up**2 - 2 * phi * up * below + below**2))
    return Interval(one - other - lower, one - other + upper)


def _correlation(both: int, first: int, second: int, neither: int) -> float:
    """Return phi, with Newcombe's correction for continuity where it is positive."""
    margins = (both + first) * (second + neither) * (both + second) * (first + neither)
    if margins == 0:
        return 0.0
    product = both * neither - first * second
    n = both + first + second + neither
    corrected = max(product - n / 2, 0.0) if product > 0 else float(product)
    return corrected / math.sqrt(margins)


def mcnemar(first: int, second: int) -> float:
    """Return McNemar's two-sided mid-p: whether rows that only one answers rightly fall evenly to both.

    The exact binomial p less half the probability of what was seen (Fagerland, Lydersen and Laake 2013).
    """
    n = first + second
    if n == 0 or first == second:
        return 1.0
    fewer = min(first, second)
    return min(1.0, heads_at_most(fewer, n) + heads_at_most(fewer - 1, n))
