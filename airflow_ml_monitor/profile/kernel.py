"""The counting kernel: sort a block that fits the second-level cache, then look the edges up in it.

Searching a few edges in sorted data is several times faster than searching all data in the edges, and NumPy sorts
such blocks with vector instructions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from airflow_ml_monitor.profile.arrays import Counts, Floats

BLOCK = 1 << 16
LARGEST = 1e150
"""Magnitudes from it on are counted apart, as too large to measure: their squares would not be finite."""


@dataclass(frozen=True, slots=True)
class Moments:
    """Number of values, their mean and the sum of squared deviations from it.

    ``a + b`` is the exact merge (Chan, Golub & LeVeque 1983).
    """

    count: int = 0
    mean: float = 0.0
    m2: float = 0.0

    @property
    def variance(self) -> float:
        """Mean squared deviation (divided by the count); 0 without values."""
        return self.m2 / self.count if self.count else 0.0

    def __add__(self, other: Moments) -> Moments:
        if not self.count or not other.count:
            return self if self.count else other
        count = self.count + other.count
        apart = other.mean - self.mean
        mean = self.mean + apart * (other.count / count)
        return Moments(count, mean, self.m2 + other.m2 + apart * apart * (self.count * other.count / count))


@dataclass(frozen=True, slots=True)
class Block:
    """Values below ``LARGEST`` in ascending order, and how many others stood beside them."""

    values: Floats
    nan: int
    negative: int
    positive: int
    too_large: int


def sorted_blocks(values: Floats) -> Iterator[Block]:
    """Yield values in sorted blocks; NaN, infinite ones and those too large to measure are counted apart."""
    for start in range(0, len(values), BLOCK):
        block = np.sort(values[start : start + BLOCK])
        finite, low = np.searchsorted(block, (-np.inf, -LARGEST), side="right").tolist()
        high, infinite, missing = np.searchsorted(block, (LARGEST, np.inf, np.nan), side="left").tolist()
        too_large = low - finite + infinite - high
        yield Block(block[low:high], len(block) - missing, finite, missing - infinite, too_large)


def count_at_edges(block: Floats, edges: Floats) -> tuple[Counts, Counts, Floats]:
    """Return counts of values equal to each edge, counts of values between edges, and the sums of the latter.

    :param block: finite values in ascending order.
    :param edges: ascending, without repetition; there is one interval more than edges, the outer ones being open.
    """
    left = np.searchsorted(block, edges, side="left")
    right = np.searchsorted(block, edges, side="right")
    starts, stops = np.concatenate(([0], right)), np.concatenate((left, [len(block)]))
    between = stops - starts
    # reduceat takes pairs of bounds; an empty interval would give the value at its bound, so those are set to 0.
    pairs = np.column_stack((starts, stops)).ravel()
    sums = np.add.reduceat(np.append(block, 0.0), pairs)[::2]
    return right - left, between, np.where(between > 0, sums, 0.0)


def block_moments(block: Floats, low: float, high: float) -> tuple[Moments, Moments]:
    """Return the moments of a sorted block, and those of its values clipped to ``[low, high]``."""
    count = len(block)
    if not count:
        return Moments(), Moments()
    below, upto = np.searchsorted(block, low, side="left"), np.searchsorted(block, high, side="right")
    inner, above = block[below:upto], count - upto
    inner_sum = float(inner.sum())
    mean = (float(block[:below].sum()) + inner_sum + float(block[upto:].sum())) / count
    clipped = (below * low + inner_sum + above * high) / count
    m2 = float(np.square(block - mean).sum())
    clipped_m2 = float(np.square(inner - clipped).sum()) + below * (low - clipped) ** 2 + above * (high - clipped) ** 2
    return Moments(count, mean, m2), Moments(count, float(clipped), float(clipped_m2))
