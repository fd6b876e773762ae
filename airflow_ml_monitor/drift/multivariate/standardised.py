"""Features on one scale, for the methods that measure distances between rows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from airflow_ml_monitor.drift.multivariate.features import Feature, Features
from airflow_ml_monitor.profile.arrays import Counts, Floats

_CLIP = (0.01, 0.99)
_MOST_LEVELS = 20
_MOST_WIDTH = 1_500


class Matrix(NamedTuple):
    """Rows as points.

    :param values: rows by dimensions.
    :param origin: which feature each dimension comes from.
    """

    values: Floats
    origin: Counts


def standardised(features: Features, basis: Counts) -> Matrix:
    """Return all rows as points, every feature with a variance of about 1.

    A number is clipped to its 1st to 99th percentile (to its range, where these are one value), missing ones are set
    to the median, and 0 or 1 for missing stands beside it where any is. Levels are 0 or 1 each, the 20 most frequent
    of them (fewer where there are many such columns) and all others in one, together of variance 1.

    :param basis: the rows that clip bounds, medians and scales are taken from.
    """
    leveled = sum(feature.levels > 0 for feature in features.features)
    room = (_MOST_WIDTH - len(features.features)) // max(1, leveled)
    most = max(2, min(_MOST_LEVELS, room))
    blocks = [
        _levels(feature, most, basis) if feature.levels else _numbers(feature.values, basis)
        for feature in features.features
    ]
    origin = np.repeat(np.arange(len(blocks)), [block.shape[1] for block in blocks])
    return Matrix(np.concatenate(blocks, axis=1), origin)


def _numbers(values: Floats, basis: Counts) -> Floats:
    missing = np.isnan(values)
    there = np.sort(values[basis][~missing[basis]])
    columns = []
    if len(there) and there[0] < there[-1]:
        low, high = (there[int(share * (len(there) - 1))] for share in _CLIP)
        low, high = (low, high) if low < high else (there[0], there[-1])
        clipped = np.clip(np.where(missing, there[len(there) // 2], values), low, high)
        # From low, and over the width: sums of values near 1e150 would not be finite.
        columns.append(_scaled((clipped / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0), basis))
    if missing.any():
        columns.append(missing.astype(np.float64))
    return np.column_stack(columns) if columns else np.zeros((len(values), 0))


def _levels(feature: Feature, most: int, basis: Counts) -> Floats:
    own = min(most, feature.levels - 1)
    codes = np.minimum(feature.values, own)
    wanted = np.arange(own + 1)
    flags = (codes[:, None] == wanted[None, :]).astype(np.float64)
    if np.isnan(codes).any():
        flags = np.column_stack((flags, np.isnan(codes).astype(np.float64)))
    flags = flags[:, flags.any(axis=0)]
    return _scaled(flags, basis)


def _scaled(block: Floats, basis: Counts) -> Floats:
    """Centre a block of columns and give it a variance of 1 in all."""
    block = block - block[basis].mean(axis=0)
    spread = float(np.square(block[basis]).mean(axis=0).sum())
    return block / np.sqrt(spread) if spread > 0.0 else block
