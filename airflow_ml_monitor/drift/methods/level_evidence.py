"""The p-value of a distance between the shares of levels or bins."""

from __future__ import annotations

from collections.abc import Callable

from airflow_ml_monitor.drift.bins import lumped
from airflow_ml_monitor.drift.methods.chi2 import contingency_p
from airflow_ml_monitor.drift.permutation import MOST_CELLS, permutation_p
from airflow_ml_monitor.profile.arrays import Counts, Floats

Distance = Callable[[Floats, Floats], Floats]


def level_p(distance: Distance, reference: Counts, current: Counts) -> float:
    """Return the share of 999 permutations of the rows, from a fixed seed, in which a distance is as large.

    Right with few rows and rare levels, too. Of more than 128 levels all but the most frequent are one there. Where no
    permutation reaches the distance it is the p-value of the contingency chi-square, if that is smaller: so evidence
    is not cut off at 1/1000.

    :param distance: of two arrays of shares, over their last axis.
    """
    n, m = int(reference.sum()), int(current.sum())
    return permutation_p(
        lambda one, other: distance(one / n, other / m),
        *lumped(reference, current, MOST_CELLS),
        beyond=lambda: contingency_p(reference, current),
    )
