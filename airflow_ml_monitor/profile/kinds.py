"""What a column holds: its kind, read off its Arrow type once, from the reference."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

import pyarrow as pa


class Kind(StrEnum):
    """How a column is counted."""

    NUMERIC = "numeric"
    CATEGORICAL = "categorical"
    BOOLEAN = "boolean"
    DATETIME = "datetime"
    TEXT = "text"
    """Free text: numbers that describe each text are counted."""
    OTHER = "other"
    """Lists, structs and the like: only rows and missing ones are counted."""
    REPEATED = "repeated"
    """More than one column of that name: nobody can say which one is meant."""
    EMPTY = "empty"
    """No value has been seen, and the source names no type."""


class ColumnType(NamedTuple):
    """The type a source gives a column, in Arrow's words, and the kind that follows from it."""

    text: str
    kind: Kind


def natural_kind(kind: pa.DataType) -> Kind:
    """Return the kind that follows from an Arrow type; durations and times of day are numbers of seconds."""
    if pa.types.is_dictionary(kind):
        return natural_kind(kind.value_type)
    return next((found for found, tests in _TESTS.items() if any(test(kind) for test in tests)), Kind.OTHER)


def column_types(schema: pa.Schema) -> dict[str, ColumnType]:
    """Return every column of a schema with its type and kind."""
    return {field.name: ColumnType(str(field.type), natural_kind(field.type)) for field in schema}


_TESTS: dict[Kind, tuple[Callable[[pa.DataType], bool], ...]] = {
    Kind.EMPTY: (pa.types.is_null,),
    Kind.BOOLEAN: (pa.types.is_boolean,),
    Kind.NUMERIC: (
        pa.types.is_integer,
        pa.types.is_floating,
        pa.types.is_decimal,
        pa.types.is_duration,
        pa.types.is_time,
    ),
    Kind.DATETIME: (pa.types.is_timestamp, pa.types.is_date),
    Kind.CATEGORICAL: (
        pa.types.is_string,
        pa.types.is_large_string,
        pa.types.is_string_view,
        pa.types.is_binary,
        pa.types.is_large_binary,
        pa.types.is_fixed_size_binary,
        pa.types.is_binary_view,
    ),
}
