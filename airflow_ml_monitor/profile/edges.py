"""Where a numeric column is counted: edges at the reference's quantiles, and some beyond them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from airflow_ml_monitor.profile.arrays import Floats

MOST_EDGES = 1024
FAR_WIDTHS = 3.0
_BEYOND = (1.0, FAR_WIDTHS, 10.0, 30.0, 100.0, 1e3, 1e4, 1e6)
"""Distances of the outer edges from the clip bounds, in widths of the range between these."""


@dataclass(frozen=True, slots=True)
class Edges:
    """The edges of one numeric column.

    :param values: ascending, without repetition.
    :param low: 1st percentile of the reference (``high``: 99th), by linear interpolation; its least and greatest
        value where these percentiles are the same. Distances are taken on values clipped to them.
    :param distinct: number of distinct finite values of the reference where each of them is an edge, else ``None``.
    """

    values: Floats
    low: float
    high: float
    distinct: int | None

    @property
    def far(self) -> tuple[float, float] | None:
        """Bounds of the values that are not far outside; ``None`` for a constant column."""
        width = self.high - self.low
        return (self.low - FAR_WIDTHS * width, self.high + FAR_WIDTHS * width) if width > 0 else None


def choose_edges(values: Floats, distinct: Floats | None) -> Edges:
    """Return the edges for a reference.

    :param values: its finite values, or a uniform sample of them, in any order.
    :param distinct: its distinct values in ascending order where they are at most ``MOST_EDGES``, else ``None``.
    """
    if not len(values):
        return Edges(np.zeros(0), 0.0, 0.0, 0)
    ordered = np.sort(values)
    low, high = _quantile(ordered, 0.01), _quantile(ordered, 0.99)
    if not low < high:
        among = ordered if distinct is None else distinct
        low, high = float(among[0]), float(among[-1])
    ranks = np.linspace(0, len(ordered) - 1, MOST_EDGES + 1).round().astype(np.int64)
    inner = ordered[ranks] if distinct is None else distinct
    edges = np.unique(np.concatenate((inner, [low, high], _outer(low, high))))
    return Edges(edges, low, high, None if distinct is None else len(distinct))


def _quantile(ordered: Floats, share: float) -> float:
    """Return what ``np.quantile`` does, of values that are sorted already."""
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return float(ordered[below] + (ordered[above] - ordered[below]) * (place - below))


def _outer(low: float, high: float) -> Floats:
    steps = np.array(_BEYOND) * (high - low)
    return np.concatenate((low - steps, high + steps)) if high > low else np.zeros(0)
