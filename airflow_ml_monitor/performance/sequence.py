"""A confidence sequence: an interval for a model's mean loss that holds at all windows at once, however often it is
looked at."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from airflow_ml_monitor.performance.answers import Numbers
from airflow_ml_monitor.results import Interval

_STEEPEST = 0.75
"""Greatest step; the published choices are 1/2 and 3/4."""


@dataclass(frozen=True, kw_only=True)
class WindowLoss:
    """What a sequence keeps of a window: losses between 0 and 1.

    :param n: rows whose loss is known; ``mean`` of them, and ``m2`` the sum of their squared deviations from it.
    :param missing: rows whose loss is not known yet.
    """

    n: int
    mean: float
    m2: float
    missing: int = 0

    @classmethod
    def of(cls, losses: Numbers) -> WindowLoss:
        """Summarise losses, NaN being one that is not known."""
        known = losses[~np.isnan(losses)]
        mean = float(known.mean()) if len(known) else 0.0
        return cls(n=len(known), mean=mean, m2=float(((known - mean) ** 2).sum()), missing=len(losses) - len(known))

    def completed(self, loss: float) -> WindowLoss:
        """Return the window as if each missing loss were that one."""
        total = self.n + self.missing
        if not self.missing:
            return self
        apart = loss - self.mean
        mean = self.mean + apart * self.missing / total
        return WindowLoss(n=total, mean=mean, m2=self.m2 + apart * apart * self.n * self.missing / total)

    def about(self, center: float) -> float:
        """Return the sum of squared deviations from a number."""
        return self.m2 + self.n * (self.mean - center) ** 2

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {"n": self.n, "mean": self.mean, "m2": self.m2, "missing": self.missing}


def confidence_sequence(windows: Iterable[WindowLoss], *, confidence: float = 0.95) -> Interval | None:
    """Return the interval after these windows, in the order they were judged; ``None`` where no loss is known.

    With that confidence it holds the mean loss (weighted as below, where that changes) after every window of an
    endless sequence at once, so that looking each week costs no error: the predictable plug-in empirical-Bernstein
    sequence of Waudby-Smith & Ramdas (2024, theorem 2), its step the same for all rows of a window. Missing losses are
    0 for the lower end and 1 for the upper. Rows are taken as independent, given the past.
    """
    several = list(windows)
    below = _ends([each.completed(0.0) for each in several], confidence)
    above = _ends([each.completed(1.0) for each in several], confidence)
    if below is None or above is None or not any(each.n for each in several):
        return None
    return Interval(max(0.0, below.lower), min(1.0, above.upper))


def _ends(windows: list[WindowLoss], confidence: float) -> Interval | None:
    level = math.log(2.0 / (1.0 - confidence))
    rows, total, squares = 0, 0.5, 0.25  # as if one row of 1/2 had been seen, of deviation 1/2
    weight = weighted = penalty = 0.0
    for window in windows:
        if not window.n:
            continue
        center, spread = total / (rows + 1), squares / (rows + 1)
        rows += window.n
        step = min(_STEEPEST, math.sqrt(2.0 * level / (spread * rows * math.log1p(rows))))
        weight += step * window.n
        weighted += step * window.n * window.mean
        penalty += (-math.log1p(-step) - step) * window.about(center)
        total += window.n * window.mean
        squares += window.about(total / (rows + 1))
    if not weight:
        return None
    half = (level + penalty) / weight
    return Interval(weighted / weight - half, weighted / weight + half)
