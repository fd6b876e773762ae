"""The levels of segments: of which each row is, by name."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from airflow_ml_monitor import numerals
from airflow_ml_monitor.errors import DataError
from airflow_ml_monitor.performance.answers import Numbers
from airflow_ml_monitor.performance.columns import numbers
from airflow_ml_monitor.performance.label_keys import nature_of
from airflow_ml_monitor.performance.levels import Levels, crossed
from airflow_ml_monitor.performance.segments import Segment

MISSING = "(missing)"


Bounds = Mapping[str, Sequence[float]]
"""Column -> the bounds between its bins."""


def bounded(
    segments: Iterable[Segment], table: pa.Table, known: Mapping[str, Bounds] | None = None
) -> tuple[Segment, ...]:
    """Return the segments with the bounds of their quantile bins, by the rows of a table.

    :param known: name of a segment -> bounds that its quantile bins had before, which are taken instead.
    :raises DataError: a column with bins holds no numbers.
    """
    before = known or {}
    return tuple(replace(one, bins=_bounds(one, table, before.get(one.name, {})) or None) for one in segments)


def _bounds(segment: Segment, table: pa.Table, known: Bounds) -> Bounds:
    return {
        name: known[name] if isinstance(bins, int) and name in known else quantile_bounds(table[name], bins, name)
        for name, bins in segment.bins_of.items()
    }


def quantile_bounds(column: pa.ChunkedArray, bins: int | Sequence[float], name: str) -> Sequence[float]:
    """Return the bounds between so many quantile bins, values of the column, or those given.

    They are rounded as they are written where that keeps them apart.
    """
    if not isinstance(bins, int):
        return bins
    values = numbers_of(column, name)
    values = values[np.isfinite(values)]
    if not len(values):
        return (0.0,)
    exact = np.unique(np.quantile(values, np.arange(1, bins) / bins, method="inverted_cdf"))
    rounded = np.unique([float(numerals.number(float(bound)).replace(",", "")) for bound in exact])
    kept = rounded if len(rounded) == len(exact) else exact
    below = kept[kept < values.max()]
    return tuple(float(bound) for bound in (below if len(below) else kept[:1]))


def numbers_of(column: pa.ChunkedArray, name: str) -> Numbers:
    """Return a numeric column as floats, NaN where a value is missing.

    :raises DataError: it holds something else.
    """
    values, nature = numbers(column), nature_of(column.type)
    if nature == "boolean" or (nature != "number" and np.isnan(values).sum() > column.null_count):
        raise DataError(f"column {name!r} holds {column.type}, no numbers; a segment of it has no bins")
    return values


def segment_levels(segment: Segment, table: pa.Table) -> Levels:
    """Return of each row the name of its segment: ``carrier=B6``, ``500 < distance <= 1,200``, or several of these.

    The bins of the segment have bounds (``bounded``).
    """
    bins = segment.bins_of
    parts = [
        _binned(table[name], bins[name], name)
        if name in bins
        else level_names(table[name], name).named(f"{name}=".__add__)
        for name in segment.columns
    ]
    return crossed(parts, ", ".join)


def names_of_levels(segment: Segment) -> list[str] | None:
    """Return the names of the levels that a segment gives; ``None`` where it gives none."""
    if segment.levels is None:
        return None
    several = len(segment.columns) > 1
    each = [level if several else (level,) for level in segment.levels]
    return [", ".join(f"{name}={part}" for name, part in zip(segment.columns, level, strict=True)) for level in each]


def level_names(column: pa.ChunkedArray, name: str) -> Levels:
    """Return the levels as texts; whole numbers, which are floats where some are missing, without a decimal point."""
    levels = Levels.of(column, name)
    whole = all(isinstance(value, float) and value.is_integer() for value in levels.values)
    return levels.named(lambda value: str(int(value) if whole else value), MISSING)


def _binned(column: pa.ChunkedArray, bins: int | Sequence[float], name: str) -> Levels:
    assert not isinstance(bins, int), "the caller has bounded it"
    values, bounds = numbers_of(column, name), np.asarray(bins, dtype=float)
    names = (*bin_names(name, bounds), f"{name}={MISSING}")
    return Levels(names, np.where(np.isnan(values), len(names) - 1, np.searchsorted(bounds, values, side="left")))


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
