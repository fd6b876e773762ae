"""Evidence by permutation: how often chance alone, dealing the same rows out to the two sides, does as much."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from airflow_ml_monitor.profile.arrays import Counts, Floats

SEED = 20_120_313
PERMUTATIONS = 999
MOST_CELLS = 128
"""Cells (values, bins or levels) to which counts are reduced before they are dealt out: 15 ms a column."""
_ROUNDING = 1e-9
_MOST_ROWS = 900_000_000

Statistic = Callable[[Counts, Counts], Floats]


def permutation_p(statistic: Statistic, reference: Counts, current: Counts, *, beyond: Callable[[], float]) -> float:
    """Return (1 + count) / (1 + permutations), the p-value of a statistic of counts by cell.

    The rows are dealt out to the sides 999 times, by the multivariate hypergeometric distribution and from a seed of
    its own. Where no permutation reaches the statistic, the p-value of another test of the same samples is taken if it
    is smaller. That is valid, too: of samples without change, the share that come there and have that test's p at or
    below t is at most t.

    :param statistic: of the counts of both sides, over the last axis of arrays of any number of axes.
    :param beyond: gives the p-value of that other test.
    """
    shrink = 1 + (int(reference.sum()) + int(current.sum())) // _MOST_ROWS  # NumPy deals out no more than 1e9 rows
    if shrink > 1:
        reference, current = reference // shrink, current // shrink
    observed = float(statistic(reference, current)) * (1.0 - _ROUNDING)
    reached = int(np.count_nonzero(statistic(*_dealt_out(reference, current)) >= observed))
    p_value = (1 + reached) / (1 + PERMUTATIONS)
    return p_value if reached else min(p_value, beyond())


def _dealt_out(reference: Counts, current: Counts) -> tuple[Counts, Counts]:
    """Return the counts of both sides in each permutation; the smaller side draws, whichever it is."""
    pooled, sizes = reference + current, (int(reference.sum()), int(current.sum()))
    random = np.random.default_rng(SEED)
    drawn = random.multivariate_hypergeometric(pooled, min(sizes), size=PERMUTATIONS, method="marginals")
    return (drawn, pooled - drawn) if sizes[0] <= sizes[1] else (pooled - drawn, drawn)
