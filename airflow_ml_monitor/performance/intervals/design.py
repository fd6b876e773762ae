"""Intervals of rows that do not count alike: some belong together, some weigh more than others.

The interval of as many rows that do count alike is kept for its shape, which also holds where positives are rare, and
is stretched by the root of the design effect (Kish 1965): the variance with clusters and weights over that without.
Both are of sums of the metric's influence function (Liang and Zeger 1986), so they need no resampling.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from airflow_ml_monitor.distributions import student_t_two_sided
from airflow_ml_monitor.performance.answers import Answers, Numbers
from airflow_ml_monitor.performance.intervals.laws import t_quantile
from airflow_ml_monitor.results import Interval

Scale = Literal["plain", "share", "positive", "distance", "correlation"]
LEAST_CLUSTERS = 10
"""Clusters below which the spread between them is not known well enough for an interval."""
_ENDS = {
    "plain": (-math.inf, math.inf),
    "share": (0.0, 1.0),
    "positive": (0.0, math.inf),
    "distance": (0.0, math.inf),
    "correlation": (-1.0, 1.0),
}


def stretched(
    plain: float,
    interval: Interval | None,
    plain_rows: Numbers,
    value: float,
    rows: Numbers,
    answers: Answers,
    confidence: float,
    scale: Scale,
) -> tuple[Interval | None, str]:
    """Return the interval of a metric, and what was done, from that of the same rows taken as alike.

    :param plain: the metric of the rows as alike; ``interval`` and ``plain_rows`` are its interval and influence.
    :param value: the metric of the rows as they are; ``rows`` is its influence.
    """
    sums = _summed(rows, answers)
    if len(sums) < LEAST_CLUSTERS:
        return None, f"{len(sums)} clusters are too few for an interval, {LEAST_CLUSTERS} are needed"
    if interval is None:
        return None, ""
    before, after = half_width(plain_rows / len(plain_rows), confidence), half_width(sums, confidence)
    least, most = _ENDS[scale]
    inner = before > 0 and after > 0 and all(_inside(one, scale) for one in (plain, value, *interval))
    if inner:
        factor = after * _slope(value, scale) / (before * _slope(plain, scale))
        factor = factor if answers.weight is not None else max(1.0, factor)
        ends = (_from(_to(value, scale) + factor * (_to(end, scale) - _to(plain, scale)), scale) for end in interval)
    else:
        factor = max(1.0, len(answers) / _effective(answers), (after / before) ** 2 if before > 0 else 1.0)
        ends = (value + factor * (end - plain) for end in interval)
    return Interval(*(min(most, max(least, end)) for end in ends)), _named(answers, len(sums))


def robust(
    value: float, rows: Numbers, answers: Answers, confidence: float
) -> tuple[Interval | None, float | None, str]:
    """Return the t interval of a value, its two-sided p-value, and how they were made, from its influence by row."""
    sums = _summed(rows, answers)
    if len(sums) < LEAST_CLUSTERS:
        return None, None, f"{len(sums)} clusters are too few for an interval, {LEAST_CLUSTERS} are needed"
    error, freedom = _spread(sums), len(sums) - 1
    if error == 0:
        return Interval(value, value), 1.0 if value == 0 else 0.0, _named(answers, len(sums))
    half = t_quantile(0.5 + confidence / 2, freedom) * error
    p_value = student_t_two_sided(value / error, freedom)
    return Interval(value - half, value + half), p_value, f"paired t, delta method; {_named(answers, len(sums))}"


def _summed(rows: Numbers, answers: Answers) -> Numbers:
    """Return what each cluster adds to the value: the sum of the weighted influence of its rows."""
    weights = answers.weights
    added: Numbers = rows * weights / weights.sum()
    if answers.cluster is None:
        return added
    _, position = np.unique(answers.cluster, return_inverse=True)
    together: Numbers = np.bincount(position, added).astype(float)
    return together


def _spread(sums: Numbers) -> float:
    count = len(sums)
    return math.sqrt(count / (count - 1) * float(((sums - sums.mean()) ** 2).sum()))


def half_width(sums: Numbers, confidence: float) -> float:
    """Return half the t interval of a sum, its degrees of freedom being those that its parts' own spread leaves.

    Where few clusters make most of the variance, as where positives are rare, it is known as badly as from so few
    (Satterthwaite 1946, by the fourth moment).
    """
    squares = (sums - sums.mean()) ** 2
    total, fourth, count = float(squares.sum()), float((squares**2).sum()), len(sums)
    if total == 0:
        return 0.0
    unsteady = fourth / total**2 - 1 / count
    freedom = count - 1 if unsteady <= 0 else min(count - 1.0, 2 / unsteady)
    return _spread(sums) * t_quantile(0.5 + confidence / 2, max(1.0, freedom))


def _effective(answers: Answers) -> float:
    """Return how many rows that are alike tell as much, if those of a cluster all say the same (Kish 1965)."""
    sums = _summed(np.ones(len(answers)), answers)
    return float(sums.sum() ** 2 / (sums**2).sum())


def _named(answers: Answers, units: int) -> str:
    if answers.cluster is not None:
        return f"{'weighted, ' if answers.weight is not None else ''}stretched for {units:,} clusters"
    return f"stretched for weights, effective sample size {_effective(answers):,.0f}"


def _inside(value: float, scale: Scale) -> bool:
    least, most = _ENDS[scale]
    return least < value < most


def _to(value: float, scale: Scale) -> float:
    if scale == "share":
        return math.log(value / (1 - value))
    if scale == "positive":
        return math.log(value)
    return math.atanh(value) if scale == "correlation" else value


def _from(value: float, scale: Scale) -> float:
    if scale == "share":
        return 1 / (1 + math.exp(-max(-700.0, min(700.0, value))))
    if scale == "positive":
        return math.exp(min(700.0, value))
    return math.tanh(value) if scale == "correlation" else value


def _slope(value: float, scale: Scale) -> float:
    """Return how fast the scale goes at a value."""
    if scale == "share":
        return 1 / (value * (1 - value))
    if scale == "positive":
        return 1 / value
    return 1 / (1 - value**2) if scale == "correlation" else 1.0
