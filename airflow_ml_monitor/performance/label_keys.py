"""The keys that predictions and labels share: made comparable, numbered, and looked up by the million."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from airflow_ml_monitor.data.arrays import flags, integers, joined
from airflow_ml_monitor.errors import DataError
from airflow_ml_monitor.performance.number_table import NumberTable

Positions = NDArray[np.int64]
KeyColumns = list[pa.ChunkedArray]

_EXACT = 2.0**53
"""From here on ``float64`` no longer tells every whole number from the next."""


@dataclass
class KeyReader:
    """Reads the key columns of two datasets as arrays of one type each, so that they can be compared.

    Whole numbers of any width are one type, floats and decimals among them as long as they are whole; so are texts,
    encoded as a dictionary or not. A missing key and NaN are null.

    :param on: the key columns.
    """

    on: Sequence[str]
    _seen: dict[str, tuple[str, str]] = field(default_factory=dict)

    def read(self, table: pa.Table, label: str) -> KeyColumns:
        """Return the key columns of a dataset's rows.

        :param label: the dataset in words.
        :raises DataError: a type that is no key, a number that is not whole or too large to be told from the next,
            or another type than the same column has had before.
        """
        self.expect(table.schema, label)
        return [_comparable(table.column(name), name, label) for name in self.on]

    def expect(self, schema: pa.Schema, label: str) -> None:
        """Compare the types of a dataset's key columns with what has been read before.

        :raises DataError: they cannot match.
        """
        for name in self.on:
            self._expect(name, schema.field(name).type, label)

    def _expect(self, name: str, kind: pa.DataType, label: str) -> None:
        if pa.types.is_null(kind.value_type if pa.types.is_dictionary(kind) else kind):
            return
        nature = nature_of(kind)
        if nature is None:
            raise DataError(
                f"key column {name!r} of {label} holds {kind}, which is no key; cast it to a number or text"
            )
        before, where = self._seen.setdefault(name, (kind, label))
        if nature_of(before) != nature:
            raise DataError(
                f"key column {name!r} is {before} in {where} and {kind} in {label}, so no two keys are equal; "
                "cast one of them to the type of the other"
            )


def nature_of(kind: pa.DataType) -> str | None:
    """Return what a type's values are, by which types can be compared; ``None`` for lists, structs and the like."""
    if pa.types.is_dictionary(kind):
        return nature_of(kind.value_type)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "number"
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return "text"
    if pa.types.is_timestamp(kind):
        return "naive time" if kind.tz is None else "time"
    known = {"boolean": pa.types.is_boolean, "date": pa.types.is_date}
    found = [name for name, holds in known.items() if holds(kind)]
    if found:
        return found[0]
    is_bytes = pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind)
    return "bytes" if is_bytes else None


def decoded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column that is not encoded as a dictionary."""
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def without_nan(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column in which NaN is null."""
    if not pa.types.is_floating(column.type):
        return column
    return pc.if_else(pc.is_nan(column), pa.nulls(1, column.type)[0], column)


def _comparable(column: pa.ChunkedArray, name: str, label: str) -> pa.ChunkedArray:
    column = without_nan(decoded(column))
    nature = None if pa.types.is_null(column.type) else nature_of(column.type)
    if nature == "number":
        return _whole(column, name, label)
    if nature == "time":
        return column.cast(pa.timestamp("ns", "UTC"))
    types = {"text": pa.large_string(), "naive time": pa.timestamp("ns"), "date": pa.date32()}
    types |= {"bytes": pa.large_binary()}
    return column.cast(types[nature]) if nature in types else column


def _whole(column: pa.ChunkedArray, name: str, label: str) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_floating(kind) and (_largest(column) >= _EXACT or (kind == pa.float16() and len(column))):
        raise DataError(
            f"key column {name!r} of {label} holds {kind} beyond 2^53, where two keys may look the same; "
            "cast it to a whole number or a text where it is read, for example CAST(... AS bigint)"
        )
    try:
        return column.cast(pa.int64())
    except pa.ArrowInvalid as error:
        raise DataError(
            f"key column {name!r} of {label} holds {kind} that is no whole number ({error}); cast it to a text"
        ) from error


def _largest(column: pa.ChunkedArray) -> float:
    ends = pc.min_max(column)
    return max((abs(end) for end in (ends["min"].as_py(), ends["max"].as_py()) if end is not None), default=0.0)


class KeyIndex:
    """The distinct keys of some rows, numbered from 0 in no order that means anything.

    :param columns: the key columns of the rows, as ``KeyReader`` gives them.
    """

    def __init__(self, columns: KeyColumns) -> None:
        self._levels = [_Levels(column) for column in columns]
        self._pairs: list[Positions] = []
        self.of_rows = self._numbered(columns, learn=True)
        """The number of each row's key; -1 where a part of it is missing."""

    def __len__(self) -> int:
        return int(self.of_rows.max(initial=-1)) + 1

    def find(self, columns: KeyColumns) -> Positions:
        """Return the numbers of other rows' keys; -1 for keys that are not here or of which a part is missing."""
        return self._numbered(columns, learn=False)

    def _numbered(self, columns: KeyColumns, *, learn: bool) -> Positions:
        numbers = self._levels[0].find(columns[0])
        for place, (column, levels) in enumerate(zip(columns[1:], self._levels[1:], strict=True)):
            further = levels.find(column)
            both = np.where((numbers < 0) | (further < 0), -1, numbers * len(levels) + further)
            if learn:
                self._pairs.append(distinct(both[both >= 0]))
            numbers = _among(both, self._pairs[place])
        return numbers


class _Levels:
    """The distinct values of one key column, numbered. Whole numbers have one hash table for all look-ups."""

    def __init__(self, column: pa.ChunkedArray) -> None:
        self._numbers: NumberTable | None = None
        if pa.types.is_int64(column.type):
            self._numbers = NumberTable(integers(column.drop_null()))
        else:
            self._others = pc.unique(joined(column.drop_null()))

    def __len__(self) -> int:
        return len(self._others if self._numbers is None else self._numbers)

    def find(self, column: pa.ChunkedArray) -> Positions:
        """Return the number of each value; -1 for those that are missing or not here."""
        if pa.types.is_null(column.type) or not len(self):
            return np.full(len(column), -1, dtype=np.int64)
        if self._numbers is None:
            found = pc.index_in(column, value_set=self._others, skip_nulls=True)
            return integers(found, missing=-1)
        places = self._numbers.find(integers(column))
        return np.where(flags(column.is_valid()), places, -1) if column.null_count else places


def distinct(numbers: Positions) -> Positions:
    """Return the different numbers among some, in their order."""
    ordered = np.sort(numbers)
    return ordered[np.append(True, ordered[1:] != ordered[:-1])] if len(ordered) else ordered


def _among(numbers: Positions, known: Positions) -> Positions:
    if not len(known):
        return np.full(len(numbers), -1, dtype=np.int64)
    places = np.minimum(np.searchsorted(known, numbers), len(known) - 1)
    return np.where(known[places] == numbers, places, -1).astype(np.int64)


def present(columns: KeyColumns) -> NDArray[np.bool_]:
    """Return which rows have every part of their key."""
    here = np.ones(len(columns[0]), dtype=bool)
    for column in columns:
        here &= flags(column.is_valid())
    return here
