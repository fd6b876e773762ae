"""Shares of rows on two sides: their evidence, and the chance that they differ by a limit when nothing changed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from airflow_ml_monitor.distributions import fisher_two_sided, hypergeometric_sf, normal_isf
from airflow_ml_monitor.profile.arrays import Counts, Floats

_NEVER = 800.0
"""An exponent so great that not even the sum over all cells is above zero."""


@dataclass(frozen=True, slots=True)
class Shares:
    """``k_reference`` of ``n`` rows of the reference and ``k_current`` of ``m`` current rows have something."""

    k_reference: int
    n: int
    k_current: int
    m: int

    @property
    def reference(self) -> float:
        return self.k_reference / self.n if self.n else 0.0

    @property
    def current(self) -> float:
        return self.k_current / self.m if self.m else 0.0

    @property
    def rise(self) -> float:
        return self.current - self.reference

    @property
    def _marked(self) -> int:
        return self.k_reference + self.k_current

    def p_moved(self) -> float:
        """Return Fisher's two-sided p-value."""
        return fisher_two_sided(self.k_current, self.m, self._marked, self.n + self.m)

    def p_rise(self) -> float:
        """Return Fisher's one-sided p-value of a rise."""
        return hypergeometric_sf(self.k_current, self.m, self._marked, self.n + self.m)

    def chance_of_rise(self, limit: float) -> float:
        """Return the probability, given how many rows have it in all, of a rise by the limit under no change."""
        least = math.ceil(_at(limit, self._marked, self.n, self.m) - 1e-9)
        return hypergeometric_sf(least, self.m, self._marked, self.n + self.m)

    def chance_of_move(self, limit: float) -> float:
        """Return the same for a move in either direction."""
        most = math.floor(_at(-limit, self._marked, self.n, self.m) + 1e-9)
        if most < 0:
            return self.chance_of_rise(limit)
        total = self.n + self.m
        fall = hypergeometric_sf(self.m - most, self.m, total - self._marked, total)
        return min(1.0, self.chance_of_rise(limit) + fall)

    def critical(self, p: float) -> float:
        """Return about the difference whose p-value is ``p``."""
        pooled = self._marked / (self.n + self.m)
        root = normal_isf(p / 2.0) * math.sqrt(pooled * (1 - pooled) * (1 / self.n + 1 / self.m))
        return max(root, rows_for(p, self.n, self.m) / self.m)


def _at(difference: float, marked: int, n: int, m: int) -> float:
    return (difference + marked / n) / (1 / n + 1 / m)


def rows_for(p: float, n: int, m: int) -> int:
    """Return how many rows that have something, all of them current, have a probability of ``p`` under no change."""
    return math.ceil(math.log(p) / math.log(m / (n + m)))


def p_all_current(k: int, n: int, m: int) -> float:
    """Return the probability that ``k`` rows that have something all lie on the current side under no change."""
    return math.exp(k * math.log(m / (n + m)))


def chance_any_rises(reference: Counts, current: Counts, n: int, m: int, limit: float) -> float:
    """Return a bound on the probability that the share of any of these rises by the limit under no change.

    Chernoff's bound on each hypergeometric tail, added up.
    """
    if 2.0 * m * (limit * n / (n + m)) ** 2 > _NEVER:  # Pinsker: no divergence is less
        return 0.0
    pooled = (reference + current).astype(np.float64)
    pooled = pooled[pooled > 0]
    wanted = (limit + pooled / n) / (1 / n + 1 / m) / m
    possible = wanted * m <= np.minimum(pooled, m)
    share, wanted = pooled[possible] / (n + m), wanted[possible]
    return float(min(1.0, np.exp(-m * _divergence(wanted, share)).sum()))


def _divergence(p: Floats, q: Floats) -> Floats:
    rest = np.where(p < 1.0, (1 - p) * np.log(np.maximum(1 - p, 1e-300) / np.maximum(1 - q, 1e-300)), 0.0)
    return p * np.log(p / q) + rest
