"""The area under the ROC curve: DeLong's variance and covariance, and Newcombe's interval for rare classes."""

from __future__ import annotations

import math

import numpy as np

from airflow_ml_monitor.performance.answers import Numbers
from airflow_ml_monitor.performance.intervals.laws import midranks, root_between
from airflow_ml_monitor.performance.intervals.proportions import normal_quantile
from airflow_ml_monitor.results import Interval

FEW = 100
"""Positives or negatives below which DeLong's interval is too short (10 among 500: it covers 0.88; 50: 0.93)."""


def components(y: Numbers, score: Numbers) -> tuple[Numbers, Numbers]:
    """Return of each positive the share of negatives it outranks, and of each negative that of the positives above it.

    Ties count half. Their means are the area. By midranks (Sun and Xu 2014), in O(n log n).
    """
    positive = y == 1
    above, below = score[positive], score[~positive]
    ranks = midranks(score)
    of_positives = (ranks[positive] - midranks(above)) / len(below)
    of_negatives = 1.0 - (ranks[~positive] - midranks(below)) / len(above)
    return of_positives, of_negatives


def area_influence(y: Numbers, score: Numbers, weight: Numbers) -> tuple[float, Numbers]:
    """Return the area of weighted rows, and its influence function: DeLong's components with weights.

    Each row adds how much its share of weight outranked is above the area, over the weight of its own class. NaN where
    a class has no weight. In O(n log n).
    """
    positive = y == 1
    weighs = weight[positive].sum(), weight[~positive].sum()
    if not min(weighs) > 0:
        return math.nan, np.zeros(len(y))
    of_class = np.where(positive, *weighs)
    levels, level = np.unique(score, return_inverse=True)
    above, below = (np.bincount(level, weight * mask, len(levels)) for mask in (positive, ~positive))
    of_positives = (np.cumsum(below) - below / 2) / weight[~positive].sum()
    of_negatives = 1 - (np.cumsum(above) - above / 2) / weight[positive].sum()
    area = float(np.average(of_positives[level[positive]], weights=weight[positive]))
    shares = np.where(positive, of_positives[level], of_negatives[level])
    rows: Numbers = (shares - area) * weight.sum() / of_class
    return area, rows


def area_interval(y: Numbers, score: Numbers, confidence: float) -> tuple[float, Interval, str]:
    """Return the area, its interval and that one's name: DeLong's (1988) on the logit, Newcombe's for rare classes."""
    return interval_of_components(*components(y, score), confidence)


def interval_of_components(
    of_positives: Numbers, of_negatives: Numbers, confidence: float
) -> tuple[float, Interval, str]:
    """Return the same from DeLong's components."""
    area = float(of_positives.mean())
    m, n = len(of_positives), len(of_negatives)
    variance = _variance(of_positives) + _variance(of_negatives)
    if min(m, n) < FEW or variance == 0 or area in (0.0, 1.0):
        return area, newcombe(area, m, n, confidence), "Newcombe 5"
    return area, logit_interval(area, math.sqrt(variance), confidence), "DeLong"


def logit_interval(share: float, error: float, confidence: float) -> Interval:
    """Return the normal interval of a value between 0 and 1, made on its logit."""
    half = normal_quantile(confidence) * error / (share * (1 - share))
    logit = math.log(share / (1 - share))
    return Interval(_inverse_logit(logit - half), _inverse_logit(logit + half))


def newcombe(area: float, positives: int, negatives: int, confidence: float) -> Interval:
    """Return Newcombe's interval of the area (2006, method 5): the areas that are not too far from the one seen.

    Those whose own standard error, Hanley and McNeil's with both sample sizes taken as their mean, puts the one seen
    within the normal quantile.
    """
    z, extra = normal_quantile(confidence), (positives + negatives) / 2 - 1

    def excess(theta: float) -> float:
        spread = theta * (1 - theta) * (1 + extra * (1 - theta) / (2 - theta) + extra * theta / (1 + theta))
        return (area - theta) ** 2 - z * z * spread / (positives * negatives)

    inside = 1 - 1e-12  # the area itself, 0 or 1, is a root of its own
    lower = 0.0 if area <= 0 else root_between(excess, 0.0, area * inside)
    upper = 1.0 if area >= 1 else root_between(excess, 1 - (1 - area) * inside, 1.0)
    return Interval(lower, upper)


def area_difference(
    y: Numbers, champion: Numbers, challenger: Numbers, confidence: float
) -> tuple[float, Interval, float]:
    """Return the challenger's area less the champion's, its interval and two-sided p-value, by DeLong's covariance."""
    pairs = zip(components(y, challenger), components(y, champion), strict=True)
    of_positives, of_negatives = (one - other for one, other in pairs)
    value = float(of_positives.mean())
    error = math.sqrt(_variance(of_positives) + _variance(of_negatives))
    if error == 0:
        return value, Interval(value, value), 1.0 if value == 0 else 0.0
    half = normal_quantile(confidence) * error
    p_value = math.erfc(abs(value) / error / math.sqrt(2))
    return value, Interval(max(-1.0, value - half), min(1.0, value + half)), p_value


def _variance(values: Numbers) -> float:
    return float(values.var(ddof=1)) / len(values) if len(values) > 1 else 0.0


def _inverse_logit(x: float) -> float:
    return float(1 / (1 + np.exp(-x)))


def below(values: Numbers, sought: Numbers) -> Numbers:
    """Return how many of the sorted values are below each one sought, equal ones counted half."""
    return (np.searchsorted(values, sought, "left") + np.searchsorted(values, sought, "right")) / 2.0
