"""Evidence after counting how many things were looked at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from airflow_ml_monitor.drift.finding import Finding
from airflow_ml_monitor.profile.arrays import Floats

_LEAST_COUNTED = 4


def adjusted(findings: Sequence[Finding], correction: str) -> list[float]:
    """Return the adjusted p-values of one family of tests, in its order.

    :param correction: ``holm``, ``bh`` or ``none``.
    """
    p_values = np.array([finding.p_value for finding in findings], dtype=np.float64)
    chances = np.array([finding.chance for finding in findings], dtype=np.float64)
    reached = np.array([finding.reached for finding in findings], dtype=np.bool_)
    return [float(p) for p in _CORRECTIONS[correction](p_values, chances, reached)]


def _holm(p_values: Floats, chances: Floats, reached: np.ndarray[Any, Any]) -> Floats:
    """Holm's step-down method (1979), each test counted by the chance it has to raise a false alarm.

    A check fails on p and effect together, so under no change it fails with probability min(t, chance) at a threshold
    t. Closed testing with the sum of these in place of (number of tests) x t keeps the familywise rate, as Tarone
    (1990) does for discrete tests; with every chance 1 it is Holm's method itself. At least four tests are counted
    where there are as many: p-values and chances far out rest on approximations, and one test should not spend it all.
    """
    found = np.ones(len(p_values))
    remaining = np.ones(len(p_values), np.bool_)
    least = min(len(p_values), _LEAST_COUNTED)
    worst = 0.0
    for i in sorted(np.flatnonzero(reached), key=lambda i: p_values[i]):
        total = float(np.minimum(p_values[i], chances[remaining]).sum())
        worst = max(worst, total, least * float(p_values[i]))
        found[i] = min(1.0, worst)
        remaining[i] = False
    for i in np.flatnonzero(~reached):
        others = float(np.minimum(p_values[i], chances[remaining]).sum()) - min(p_values[i], chances[i])
        found[i] = min(1.0, max(others + float(p_values[i]), least * float(p_values[i])))
    return found


def _benjamini_hochberg(p_values: Floats, chances: Floats, reached: np.ndarray[Any, Any]) -> Floats:
    """Benjamini & Hochberg (1995)."""
    order = np.argsort(-p_values)
    ranks = np.arange(len(p_values), 0, -1)
    found = np.empty(len(p_values))
    found[order] = np.minimum.accumulate(np.minimum(1.0, p_values[order] * len(p_values) / ranks))
    return found


def _none(p_values: Floats, chances: Floats, reached: np.ndarray[Any, Any]) -> Floats:
    return p_values


_CORRECTIONS: dict[str, Callable[[Floats, Floats, np.ndarray[Any, Any]], Floats]] = {
    "holm": _holm,
    "bh": _benjamini_hochberg,
    "none": _none,
}


def threshold(findings: Sequence[Finding], alpha: float, correction: str) -> float:
    """Return the raw p-value that a single change must reach in this family: the greatest t with sum(min(t, chance))
    at most alpha."""
    if correction == "none" or not findings:
        return alpha
    if correction == "bh":
        return alpha / len(findings)
    spent, most = 0.0, alpha / min(len(findings), _LEAST_COUNTED)
    chances = sorted(finding.chance for finding in findings)
    for place, chance in enumerate(chances):
        share = (alpha - spent) / (len(chances) - place)
        if share <= chance:
            return min(share, most)
        spent += chance
    return most
