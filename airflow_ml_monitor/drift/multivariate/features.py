"""The columns of two tables as numbers, row by row: what the methods that look at all columns together work on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.profile.arrays import Counts, Floats, numbers
from airflow_ml_monitor.profile.kernel import LARGEST
from airflow_ml_monitor.profile.kinds import Kind, natural_kind

SEED = 20_130_204
"""Of samples, folds and permutations: the same rows give the same result."""
MOST_FEATURES = 1_000
MOST_LEVELS = 64
_MOST_CELLS = 4_000_000
_LEAST_SAMPLE = 2_000
_LEAST_ROWS = 10
"""Rows, of both sides together, that a level must have to stand for itself; rarer ones are one level."""
_NUMBERS = (Kind.NUMERIC, Kind.BOOLEAN)


@dataclass(frozen=True, eq=False)
class Feature:
    """One column of both sides, the reference's rows first.

    :param values: numbers, NaN where missing, infinite ones at 1e150; or the codes of levels, the most frequent one
        (of both sides together) being 0.
    :param levels: number of codes, the last being that of the rare ones; 0 for numbers.
    """

    name: str
    values: Floats
    levels: int = 0


@dataclass(frozen=True, eq=False)
class Features:
    """Two tables of the same columns as numbers.

    Levels are ranked, and rare ones folded, by the rows of both sides together: ranked by the reference alone, levels
    that are frequent there by chance would tell the sides apart where nothing has changed.

    :param n: rows of the reference, ``m`` of the current side.
    :param left_out: why columns are not among them, by name.
    """

    features: tuple[Feature, ...]
    n: int
    m: int
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        return [feature.name for feature in self.features]

    def codes(self) -> Floats:
        """Return one column a feature: numbers as they are, levels as codes, NaN where missing."""
        return np.column_stack([feature.values for feature in self.features])


def read_features(reference: Any, current: Any, *, most_rows: int, seed: int = SEED) -> Features:
    """Read two Arrow tables, or arrays of two axes, of the same columns; a seeded sample where there are more rows.

    Of more than 200 columns fewer rows are read (4 million values a side, but 2,000 rows): memory stays bounded.

    Numbers (booleans are 0 and 1) and levels are read. Times move by nature and are left out, as are columns of one
    value, of lists and the like, of nearly as many levels as rows (ids, texts), absent on a side or of another kind.

    :raises ConfigurationError: two arrays of different numbers of columns.
    """
    one, other = _table(reference), _table(current)
    if isinstance(reference, np.ndarray) and one.column_names != other.column_names:
        raise ConfigurationError(f"the samples have {one.num_columns} and {other.num_columns} columns; give the same")
    most = min(most_rows, max(_LEAST_SAMPLE, _MOST_CELLS // max(1, one.num_columns)))
    sides = [_Side(table, _sampled(table.num_rows, most, seed)) for table in (one, other)]
    read: dict[str, Feature] = {}
    left_out: dict[str, str] = {}
    for name in dict.fromkeys([*one.column_names, *other.column_names]):
        found = _feature(name, *sides) if len(read) < MOST_FEATURES else f"beyond {MOST_FEATURES:,} columns"
        if isinstance(found, Feature):
            read[name] = found
        else:
            left_out[name] = found
    return Features(tuple(read.values()), sides[0].size, sides[1].size, left_out)


def _table(rows: Any) -> pa.Table:
    if isinstance(rows, np.ndarray):
        return pa.table({f"column {place}": rows[:, place].astype(np.float64) for place in range(rows.shape[1])})
    return rows


def _sampled(rows: int, most: int, seed: int) -> pa.Array | None:
    """Return the rows of a sample; ``None`` where all of them are."""
    if rows <= most:
        return None
    return pa.array(np.sort(np.random.default_rng(seed).choice(rows, most, replace=False, shuffle=False)))


class _Side(NamedTuple):
    """A table, and the rows of it that are used; ``None`` for all."""

    table: pa.Table
    rows: pa.Array | None

    @property
    def size(self) -> int:
        return self.table.num_rows if self.rows is None else len(self.rows)

    def columns(self, name: str) -> list[pa.ChunkedArray]:
        return [self.table.column(place) for place in self.table.schema.get_all_field_indices(name)]

    def used(self, column: pa.ChunkedArray) -> pa.ChunkedArray:
        if pa.types.is_string_view(column.type) or pa.types.is_binary_view(column.type):
            # Arrow takes no rows out of views.
            column = column.cast(pa.large_binary() if pa.types.is_binary_view(column.type) else pa.large_string())
        return column if self.rows is None else column.take(self.rows)


def _feature(name: str, reference: _Side, current: _Side) -> Feature | str:
    """Return the feature that a column is; or, in words, why it is none."""
    sides = [reference.columns(name), current.columns(name)]
    if any(len(columns) > 1 for columns in sides):
        return "there is more than one column of that name"
    if not all(sides):
        return "absent in the reference" if not sides[0] else "absent now"
    was, now = (_kind(columns[0]) for columns in sides)
    why_not = _not_compared(was, now)
    if why_not is not None:
        return why_not
    used = [side.used(columns[0]) for side, columns in zip((reference, current), sides, strict=True)]
    if Kind.CATEGORICAL in (was, now):
        return _leveled(name, *used)
    return _worth(Feature(name, np.concatenate([_numbers(column, name) for column in used])))


def _not_compared(was: Kind, now: Kind) -> str | None:
    kinds = {was, now} - {Kind.EMPTY}
    if not kinds:
        return "without values"
    if len(kinds) > 1 and not kinds <= set(_NUMBERS):
        return f"{was} in the reference and {now} now"
    return None if kinds <= {*_NUMBERS, Kind.CATEGORICAL} else f"{kinds.pop()} values are not compared"


def _kind(column: pa.ChunkedArray) -> Kind:
    return natural_kind(column.type) if column.null_count < len(column) else Kind.EMPTY


def _worth(feature: Feature) -> Feature | str:
    there = feature.values[~np.isnan(feature.values)]
    if not len(there):
        return "without values"
    varied = len(there) < len(feature.values) or there.min() < there.max()
    return feature if varied else "constant"


def _numbers(column: pa.ChunkedArray, name: str) -> Floats:
    values = np.full(len(column), np.nan)
    if column.null_count == len(column):
        return values
    there = np.from_dlpack(column.is_valid().combine_chunks().cast(pa.uint8())).astype(np.bool_)
    values[there] = numbers(_whole(column.drop_null()), name)
    found: Floats = np.clip(values, -LARGEST, LARGEST)
    return found


def _leveled(name: str, reference: pa.ChunkedArray, current: pa.ChunkedArray) -> Feature | str:
    both = pa.concat_arrays([_bytes(reference), _bytes(current)]).dictionary_encode()
    there = np.from_dlpack(both.is_valid().cast(pa.uint8())).astype(np.bool_)
    found = np.from_dlpack(pc.fill_null(both.indices, 0)).astype(np.int64)
    counts = np.bincount(found[there], minlength=len(both.dictionary))
    code, levels = _ranked(counts, both.dictionary)
    if not levels:
        return f"nearly as many levels as rows ({len(counts):,})"
    return _worth(Feature(name, np.where(there, code[found], np.nan), levels + 1))


def _ranked(counts: Counts, names: pa.Array) -> tuple[Floats, int]:
    """Return the code of each level, and how many have one of their own; of equally frequent ones by name."""
    by_name = np.from_dlpack(pc.sort_indices(names))
    kept = by_name[np.argsort(-counts[by_name], kind="stable")][:MOST_LEVELS]
    kept = kept[counts[kept] >= _LEAST_ROWS]
    code = np.full(len(counts), float(len(kept)))
    code[kept] = np.arange(len(kept))
    return code, len(kept)


def _bytes(column: pa.ChunkedArray) -> pa.Array:
    values = _whole(column)
    if values.null_count == len(values):
        return pa.nulls(len(values), pa.large_binary())
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_fixed_size_binary(values.type):
        values = values.cast(pa.binary())
    return values.cast(pa.large_binary())


def _whole(column: pa.ChunkedArray) -> pa.Array:
    whole = column.combine_chunks()
    return pa.concat_arrays(whole.chunks) if isinstance(whole, pa.ChunkedArray) else whole
