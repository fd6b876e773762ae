"""The values of a column in blocks that fit the second-level cache, and their moments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from airflow_ml_monitor.profile.arrays import Floats

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

    @classmethod
    def of(cls, values: Floats) -> Moments:
        """Return the moments of values below ``LARGEST``."""
        count = len(values)
        if not count:
            return cls()
        mean = float(values.sum()) / count
        apart = values - mean
        # No product of vectors: in a thread it would wake the threads of BLAS.
        return cls(count, mean, float(np.square(apart, out=apart).sum()))

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
    """Values below ``LARGEST`` in their order, their least and greatest one, and how many others stood beside them."""

    values: Floats
    minimum: float
    maximum: float
    nan: int = 0
    negative: int = 0
    positive: int = 0
    too_large: int = 0


def blocks(values: Floats) -> Iterator[Block]:
    """Yield values in blocks; NaN, infinite ones and those too large to measure are counted apart."""
    for start in range(0, len(values), BLOCK):
        block = values[start : start + BLOCK]
        minimum, maximum = float(block.min()), float(block.max())
        # NaN would be least and greatest, and compares false.
        yield Block(block, minimum, maximum) if -LARGEST < minimum <= maximum < LARGEST else _sifted(block)


def _sifted(block: Floats) -> Block:
    kept = block[np.abs(block) < LARGEST]
    nan = int(np.count_nonzero(np.isnan(block)))
    negative, positive = int(np.count_nonzero(block == -np.inf)), int(np.count_nonzero(block == np.inf))
    return Block(
        kept,
        float(kept.min(initial=np.inf)),
        float(kept.max(initial=-np.inf)),
        nan,
        negative,
        positive,
        len(block) - len(kept) - nan - negative - positive,
    )
