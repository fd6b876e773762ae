"""The levels of segments: of which each row is, by name."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from airflow_ml_monitor import numerals
from airflow_ml_monitor.errors import DataError
from airflow_ml_monitor.performance.answers import Numbers
from airflow_ml_monitor.performance.segments import Segment

MISSING = "(missing)"


Bounds = Mapping[str, Sequence[float]]
"""Column -> the bounds between its bins."""


def bounded(
    segments: Iterable[Segment], frame: pd.DataFrame, known: Mapping[str, Bounds] | None = None
) -> tuple[Segment, ...]:
    """Return the segments with the bounds of their quantile bins, by the rows of a frame.

    :param known: name of a segment -> bounds that its quantile bins had before, which are taken instead.
    :raises DataError: a column with bins holds no numbers.
    """
    before = known or {}
    return tuple(replace(one, bins=_bounds(one, frame, before.get(one.name, {})) or None) for one in segments)


def _bounds(segment: Segment, frame: pd.DataFrame, known: Bounds) -> Bounds:
    return {
        name: known[name] if isinstance(bins, int) and name in known else quantile_bounds(frame[name], bins)
        for name, bins in segment.bins_of.items()
    }


def quantile_bounds(column: pd.Series[Any], bins: int | Sequence[float]) -> Sequence[float]:
    """Return the bounds between so many quantile bins, values of the column, or those given.

    They are rounded as they are written where that keeps them apart.
    """
    if not isinstance(bins, int):
        return bins
    values = numbers_of(column)
    values = values[np.isfinite(values)]
    if not len(values):
        return (0.0,)
    exact = np.unique(np.quantile(values, np.arange(1, bins) / bins, method="inverted_cdf"))
    rounded = np.unique([float(numerals.number(float(bound)).replace(",", "")) for bound in exact])
    kept = rounded if len(rounded) == len(exact) else exact
    below = kept[kept < values.max()]
    return tuple(float(bound) for bound in (below if len(below) else kept[:1]))


def numbers_of(column: pd.Series[Any]) -> Numbers:
    """Return a numeric column as floats, NaN where a value is missing.

    :raises DataError: it holds something else.
    """
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        found = pd.to_numeric(column, errors="coerce")
        if not (found.isna() == column.isna()).all() or pd.api.types.is_bool_dtype(column):
            raise DataError(f"column {column.name!r} holds {column.dtype}, no numbers; a segment of it has no bins")
        column = found
    values: Numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
    return values


def segment_names(segment: Segment, frame: pd.DataFrame) -> pd.Series[str]:
    """Return of each row the name of its segment: ``carrier=B6``, ``500 < distance <= 1,200``, or several of these.

    The bins of the segment have bounds (``bounded``).
    """
    bins = segment.bins_of
    parts = [
        _binned(frame[name], bins[name]) if name in bins else _named(name, level_names(frame[name]))
        for name in segment.columns
    ]
    names = parts[0]
    for part in parts[1:]:
        names = names + ", " + part
    return names


def names_of_levels(segment: Segment) -> list[str] | None:
    """Return the names of the levels that a segment gives; ``None`` where it gives none."""
    if segment.levels is None:
        return None
    several = len(segment.columns) > 1
    each = [level if several else (level,) for level in segment.levels]
    return [", ".join(f"{name}={part}" for name, part in zip(segment.columns, level, strict=True)) for level in each]


def _named(column: str, levels: pd.Series[str]) -> pd.Series[str]:
    return f"{column}=" + levels


def level_names(column: pd.Series[Any]) -> pd.Series[str]:
    """Return the levels as texts; whole numbers, which are floats where some are missing, without a decimal point."""
    if pd.api.types.is_float_dtype(column) and (column.dropna() % 1 == 0).all():
        column = column.astype("Int64")
    return column.astype(object).where(column.notna(), MISSING).map(str)


def _binned(column: pd.Series[Any], bins: int | Sequence[float]) -> pd.Series[str]:
    assert not isinstance(bins, int), "the caller has bounded it"
    values, bounds = numbers_of(column), np.asarray(bins, dtype=float)
    names = np.array([*bin_names(str(column.name), bounds), f"{column.name}={MISSING}"], dtype=object)
    place = np.where(np.isnan(values), len(names) - 1, np.searchsorted(bounds, values, side="left"))
    return pd.Series(names[place], index=column.index, dtype=object)


def bin_names(column: str, bounds: Numbers) -> list[str]:
    """Return the names of the bins between bounds, the lowest first."""
    written = written_apart(bounds)
    between = [f"{low} < {column} <= {high}" for low, high in itertools.pairwise(written)]
    return [f"{column} <= {written[0]}", *between, f"{column} > {written[-1]}"]


def written_apart(bounds: Numbers) -> list[str]:
    """Return the bounds by as many digits as tell them apart."""
    for digits in range(4, 18):
        written = [numerals.number(float(bound), digits) for bound in bounds]
        if len(set(written)) == len(written):
            return written
    return [repr(float(bound)) for bound in bounds]
