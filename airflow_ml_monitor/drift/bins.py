"""Numbers as levels: values of their own where there are few, bins at the reference's quantiles otherwise."""

from __future__ import annotations

import numpy as np

from airflow_ml_monitor.profile.arrays import Counts
from airflow_ml_monitor.profile.numeric import NumericProfile

FEW_VALUES = 50
_EXPECTED = 10


def cells(profile: NumericProfile) -> Counts:
    """Return the counts below the first edge, at it, up to the second, at that, and so on."""
    found = np.empty(2 * len(profile.at) + 1, np.int64)
    found[1::2], found[::2] = profile.at, profile.between
    return found


def numeric_levels(reference: NumericProfile, current: NumericProfile) -> tuple[Counts, Counts] | None:
    """Return the counts by value of a reference of at most ``FEW_VALUES`` values; ``None`` of one with more.

    Values that only the current side has are levels too, those between the same two edges being one. Where both
    sides are raw values it is the values of both that are counted.
    """
    if reference.edges.distinct is None or reference.edges.distinct > FEW_VALUES:
        return None
    one, other = cells(reference), cells(current)
    there = (one + other) > 0
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


def folded(reference: Counts, current: Counts) -> tuple[Counts, Counts]:
    """Return the counts with levels folded into one of which the smaller side expects fewer than 10 rows.

    Which ones is judged by both sides together: chosen by the rows of one side, levels that are frequent there by
    chance alone would be kept, and chi-square would reject too often. Where the folded ones together are too few
    still, the rarest of the others joins them.
    """
    total = np.stack((reference, current))
    rows = total.sum(axis=1)
    expected = total.sum(axis=0) * (rows.min() / rows.sum())
    order = np.argsort(-expected, kind="stable")
    kept = order[expected[order] >= _EXPECTED]
    rest = rows - total[:, kept].sum(axis=1)
    expected_rest = float(expected.sum() - expected[kept].sum())
    if len(kept) > 1 and 0 < expected_rest < _EXPECTED:
        rest, kept = rest + total[:, kept[-1]], kept[:-1]
    return np.append(reference[kept], rest[0]), np.append(current[kept], rest[1])


def lumped(reference: Counts, current: Counts, most: int) -> tuple[Counts, Counts]:
    """Return the counts of at most ``most`` levels: all but the most frequent of both sides together are one."""
    pooled = reference + current
    if np.count_nonzero(pooled) <= most:
        there = pooled > 0
        return reference[there], current[there]
    order = np.argsort(-pooled, kind="stable")
    kept, rest = order[: most - 1], order[most - 1 :]
    return np.append(reference[kept], reference[rest].sum()), np.append(current[kept], current[rest].sum())
