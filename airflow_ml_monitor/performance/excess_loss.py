"""How much greater the mean loss of a part of the rows is than that of the others, and how sure that is."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from airflow_ml_monitor.distributions import student_t_two_sided
from airflow_ml_monitor.performance.answers import Answers, Numbers
from airflow_ml_monitor.performance.intervals.design import robust
from airflow_ml_monitor.performance.intervals.laws import t_quantile
from airflow_ml_monitor.results import Interval

Mask = NDArray[np.bool_]


class Excess(NamedTuple):
    """A mean loss less that of the other rows.

    :param value: the difference; ``loss`` the mean of the part itself.
    :param p_value: two-sided, of the difference being the limit.
    """

    value: float
    interval: Interval
    p_value: float
    loss: float
    method: str


def excess(loss: Numbers, part: Mask, answers: Answers, *, limit: float, confidence: float) -> Excess | None:
    """Return how much more a part of the rows loses than the others, weighted where rows have weights.

    Rows that stand alone are compared by Welch's interval (1947), others by the spread between their clusters.
    ``None`` where these are too few, or the part or the others weigh nothing.
    """
    weights = answers.weights
    if not weights[part].sum() or not weights[~part].sum():
        return None
    inside, outside = (float(np.average(loss[rows], weights=weights[rows])) for rows in (part, ~part))
    apart = inside - outside
    if answers.alike:
        interval, p_value = _welch(loss[part], loss[~part], limit, confidence)
        return Excess(apart, interval, p_value, inside, "Welch")
    shares = np.where(part, 1 / weights[part].sum(), -1 / weights[~part].sum()) * weights.sum()
    influence = shares * (loss - np.where(part, inside, outside))
    around, p_value_or_none, method = robust(apart - limit, influence, answers, confidence)
    if around is None or p_value_or_none is None:
        return None
    interval = Interval(around.lower + limit, around.upper + limit)
    return Excess(apart, interval, p_value_or_none, inside, method.removeprefix("paired "))


def _welch(one: Numbers, others: Numbers, limit: float, confidence: float) -> tuple[Interval, float]:
    apart = float(one.mean() - others.mean())
    parts = np.array([one.var(ddof=1) / len(one), others.var(ddof=1) / len(others)])
    error = float(np.sqrt(parts.sum()))
    if error == 0:
        return Interval(apart, apart), 1.0 if apart == limit else 0.0
    freedom = float(parts.sum() ** 2 / (parts**2 / [len(one) - 1, len(others) - 1]).sum())
    half = t_quantile(0.5 + confidence / 2, freedom) * error
    return Interval(apart - half, apart + half), student_t_two_sided((apart - limit) / error, freedom)


def holm(p_values: list[float]) -> list[float]:
    """Return p-values corrected for their number (Holm 1979), in the same order.

    >>> holm([0.01, 0.5, 0.02])
    [0.03, 0.5, 0.04]
    """
    adjusted, largest = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = largest
    return adjusted
