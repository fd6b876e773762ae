"""Two numeric profiles as points on a line, with the rows of either side at each."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from airflow_ml_monitor.drift.bins import cells
from airflow_ml_monitor.profile.arrays import Counts, Floats
from airflow_ml_monitor.profile.numeric import NumericProfile


class Points(NamedTuple):
    """Values in ascending order, and how many rows of either side are at each.

    Values that are edges stand for themselves; those between two edges stand at their mean. So raw values, all of
    which are edges, are exact.
    """

    values: Floats
    reference: Counts
    current: Counts


def own_points(reference: NumericProfile, current: NumericProfile) -> Points:
    """Return the points of two profiles, either side's values between two edges at that side's own mean."""
    edges, none = reference.edges.values, np.zeros(len(reference.between), np.int64)
    means = [profile.sums / np.maximum(profile.between, 1) for profile in (reference, current)]
    values = np.concatenate((edges, *means))
    one = np.concatenate((reference.at, reference.between, none))
    other = np.concatenate((current.at, none, current.between))
    kept = np.flatnonzero(one + other)
    kept = kept[np.argsort(values[kept], kind="stable")]
    return Points(values[kept], one[kept], other[kept])


def pooled_points(reference: NumericProfile, current: NumericProfile) -> Points:
    """Return the points of two profiles, all values between two edges at the mean of both sides."""
    between = reference.between + current.between
    values = np.empty(2 * len(reference.at) + 1)
    values[1::2], values[::2] = reference.edges.values, (reference.sums + current.sums) / np.maximum(between, 1)
    one, other = cells(reference), cells(current)
    there = (one + other) > 0
    return Points(values[there], one[there], other[there])


def grouped(points: Points, most: int) -> Points:
    """Return at most about ``most`` points: neighbours in one, at their mean.

    Three quarters of the groups are of equal share, one quarter of equal width, so that neither the middle nor the
    tails are lost.
    """
    if len(points.values) <= most:
        return points
    pooled = points.reference + points.current
    shares = (np.cumsum(pooled) - pooled) / pooled.sum()
    wide = (points.values - points.values[0]) / (points.values[-1] - points.values[0])
    by_share, by_width = most * 3 // 4, most - most * 3 // 4
    group = np.floor(shares * by_share), np.floor(wide * (by_width - 1))
    first = np.flatnonzero(np.concatenate(([True], (np.diff(group[0]) > 0) | (np.diff(group[1]) > 0))))
    weights = np.add.reduceat(pooled, first)
    values = np.add.reduceat(points.values * pooled, first) / weights
    return Points(values, np.add.reduceat(points.reference, first), np.add.reduceat(points.current, first))
