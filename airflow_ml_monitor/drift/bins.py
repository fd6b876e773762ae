"""Numbers as levels: values of their own where there are few, bins at the reference's quantiles otherwise."""

from __future__ import annotations

import numpy as np

from airflow_ml_monitor.profile.arrays import Counts
from airflow_ml_monitor.profile.numeric import NumericProfile

FEW_VALUES = 50


def cells(profile: NumericProfile) -> Counts:
    """Return the counts below the first edge, at it, up to the second, at that, and so on."""
    found = np.empty(2 * len(profile.at) + 1, np.int64)
    found[1::2], found[::2] = profile.at, profile.between
    return found


def numeric_levels(reference: NumericProfile, current: NumericProfile) -> tuple[Counts, Counts] | None:
    """Return the counts by value where every value is an edge and they are at most ``FEW_VALUES``; else ``None``."""
    one, other = cells(reference), cells(current)
    there = (one + other) > 0
    if there[::2].any() or there.sum() > FEW_VALUES:
        return None
    return one[there], other[there]


def quantile_bins(reference: NumericProfile, current: NumericProfile, bins: int) -> tuple[Counts, Counts]:
    """Return the counts in about ``bins`` bins of equal share of the reference, with open ends.

    A value that fills a bin alone has one of its own. Only between such values is there a bin without reference rows.
    """
    one, other = cells(reference), cells(current)
    alone = one * bins >= reference.count
    shared = np.where(alone, 0, one)
    rest = max(1, round(bins * shared.sum() / reference.count))
    group = np.minimum(rest - 1, (np.cumsum(shared) - shared) * rest // max(1, shared.sum()))
    starts = np.concatenate(([True], (np.diff(group) > 0) | alone[1:] | alone[:-1]))
    first = np.flatnonzero(starts)
    return np.add.reduceat(one, first), np.add.reduceat(other, first)
