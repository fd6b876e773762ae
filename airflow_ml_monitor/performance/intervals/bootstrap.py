"""The bootstrap, seeded and over whole arrays: of counts where those suffice, of rows otherwise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from airflow_ml_monitor.performance.answers import Numbers
from airflow_ml_monitor.results import Interval

SEED = 0
_OF_COUNTS = 2_000
_OF_ROWS = 500
_OF_MANY_ROWS = 200
_MANY = 20_000
_MOST_CELLS = 1 << 15
"""Cells of resampled tables that are held at once: 256 KB stay in the cache. Pieces of any size have the same draws."""


def of_counts(counts: NDArray[np.int64], statistic: Callable[[Numbers], Numbers]) -> Numbers:
    """Return a statistic of resamples of a table of counts; those where it is not defined are left out.

    :param statistic: from tables, shape (resamples, *counts.shape), to values, shape (resamples,).
    """
    generator, flat = np.random.default_rng(SEED), counts.ravel()
    total, filled = int(flat.sum()), np.flatnonzero(flat)
    at_once = max(1, _MOST_CELLS // counts.size)
    values = []
    for start in range(0, _OF_COUNTS, at_once):
        tables = np.zeros((min(at_once, _OF_COUNTS - start), counts.size))
        tables[:, filled] = generator.multinomial(total, flat[filled] / total, size=len(tables))
        values.append(statistic(tables.reshape(-1, *counts.shape)))
    found = np.concatenate(values)
    finite: Numbers = found[np.isfinite(found)]
    return finite


def of_rows(rows: int, statistic: Callable[[Numbers], float]) -> Numbers:
    """Return a statistic of resamples of rows, each a weight per row: how often it was drawn (Poisson bootstrap)."""
    generator = np.random.default_rng(SEED)
    drawn = (generator.poisson(1.0, rows).astype(float) for _ in range(resamples(rows)))
    values = np.array([statistic(weights) for weights in drawn])
    finite: Numbers = values[np.isfinite(values)]
    return finite


def resamples(rows: int) -> int:
    """Return how many resamples of so many rows are drawn."""
    return _OF_MANY_ROWS if rows > _MANY else _OF_ROWS


def percentile(values: Numbers, confidence: float) -> Interval | None:
    """Return the interval between two percentiles of the resamples; ``None`` where most were not defined."""
    if len(values) < _OF_MANY_ROWS / 2:
        return None
    tail = (1 - confidence) / 2
    lower, upper = np.quantile(values, [tail, 1 - tail])
    return Interval(float(lower), float(upper))


def named(values: Numbers) -> str:
    return f"bootstrap ({len(values):,} resamples, seed {SEED})"


def two_sided(values: Numbers) -> float:
    """Return the two-sided p-value of zero, (1 + count) / (1 + resamples)."""
    count = min(int((values <= 0).sum()), int((values >= 0).sum()))
    return min(1.0, 2 * (1 + count) / (1 + len(values)))
