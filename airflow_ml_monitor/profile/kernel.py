"""The values of a column in blocks that fit the cache all threads share, and their moments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from airflow_ml_monitor.profile.arrays import Counts, Floats, Slots
from airflow_ml_monitor.profile.room import BLOCK, room

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
    """Values below ``LARGEST`` in their order, their least and greatest one, and how many others stood beside them.

    :param values: at most ``BLOCK``; good until the next block of the same thread.
    :param absent: places of those that are none: their rows are null, and what stands there is another row's value.
    """

    values: Floats
    minimum: float
    maximum: float
    absent: Counts = field(default_factory=lambda: np.zeros(0, np.int64))
    nan: int = 0
    negative: int = 0
    positive: int = 0
    too_large: int = 0

    @property
    def count(self) -> int:
        """Number of values."""
        return len(self.values) - len(self.absent)

    @property
    def alone(self) -> Floats:
        """The values without those of absent rows."""
        return np.delete(self.values, self.absent) if len(self.absent) else self.values

    def moments(self, total: float, low: float, high: float) -> tuple[Moments, Moments]:
        """Return the moments of the values, and of the same clipped, in one go.

        Both are taken about one centre near them (the mean, clipped) and corrected by what is left of the mean (Chan,
        Golub & LeVeque 1983).

        :param total: the sum of the values, as near as it is known.
        """
        size, mine = len(self.values), room()
        center = min(max(total / self.count, low), high)
        apart = np.subtract(self.values, center, out=mine.apart[:size])
        apart[self.absent] = 0.0
        beyond = np.less(apart, low - center, out=mine.beyond[:size])
        beyond |= np.greater(apart, high - center, out=mine.above[:size])
        places = np.flatnonzero(beyond)
        outer = apart[places]
        apart[places] = clipped = np.clip(outer, low - center, high - center)
        left, squares = float(apart.sum()), float(np.square(apart, out=apart).sum())
        inner = _about(center, self.count, left, squares)
        left += float(outer.sum()) - float(clipped.sum())
        squares += float((np.square(outer) - np.square(clipped)).sum())
        if left * left > 0.5 * squares * self.count:  # far from the centre: the difference would not be precise
            return Moments.of(self.alone), inner
        return _about(center, self.count, left, squares), inner


def _about(center: float, count: int, left: float, squares: float) -> Moments:
    return Moments(count, center + left / count, max(0.0, squares - left * left / count))


def blocks(slots: Slots) -> Iterator[Block]:
    """Yield values in blocks; NaN, infinite ones and those too large to measure are counted apart."""
    for start in range(0, len(slots.values), BLOCK):
        values, absent = slots.read(start, min(start + BLOCK, len(slots.values)), room().values)
        if len(values):
            yield _block(values, absent)


def _block(values: Floats, absent: Counts) -> Block:
    minimum, nan = float(values.min()), 0
    if np.isnan(minimum):
        values, absent, nan = _without_nan(values, absent)
        minimum = float(values.min(initial=np.inf))
    maximum = float(values.max(initial=-np.inf))
    block = Block(values, minimum, maximum, absent, nan)
    return block if minimum > -LARGEST and maximum < LARGEST else _sifted(block)


def _without_nan(values: Floats, absent: Counts) -> tuple[Floats, Counts, int]:
    """Return the values with another one in place of each NaN, which are absent from then on, and how many there were;
    no values where all are NaN."""
    is_nan = np.isnan(values)
    known = int(np.argmin(is_nan))
    if is_nan[known]:
        return values[:0], absent[:0], len(values) - len(absent)
    nan = np.flatnonzero(is_nan)
    copied = room().values[: len(values)]
    np.copyto(copied, values)
    copied[nan] = copied[known]
    both = np.union1d(absent, nan) if len(absent) else nan
    return copied, both, len(both) - len(absent)


def _sifted(block: Block) -> Block:
    values = block.alone
    kept = values[np.abs(values) < LARGEST]
    negative, positive = int(np.count_nonzero(values == -np.inf)), int(np.count_nonzero(values == np.inf))
    return Block(
        kept,
        float(kept.min(initial=np.inf)),
        float(kept.max(initial=-np.inf)),
        nan=block.nan,
        negative=negative,
        positive=positive,
        too_large=len(values) - len(kept) - negative - positive,
    )
