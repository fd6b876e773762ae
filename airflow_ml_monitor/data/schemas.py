"""One schema for many files, none of whose columns goes unseen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from airflow_ml_monitor.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

_UNITS = ("s", "ms", "us", "ns")


def unified_schema(schemas: Iterable[tuple[str, pa.Schema]], label: str, *, textual: bool) -> pa.Schema:
    """Return the columns of all files in the order they are first seen, each of a type that holds every file's values.

    :param schemas: each file's path and its own schema.
    :param label: the dataset in words.
    :param textual: types are only guessed from texts, as in CSV: where guesses differ the column is text, or of times
        where one file has days and another times.
    :raises DataError: a file has two columns of one name, or two files have types of one column that do not go
        together; the sentence names column, types and files.
    """
    import pyarrow as pa

    found: dict[str, tuple[pa.DataType, str]] = {}
    last: pa.Schema | None = None
    for path, schema in schemas:
        if last is not None and schema.equals(last):
            continue
        last = schema
        _refuse_duplicates(schema.names, path, label)
        for field in schema:
            known, first = found.get(field.name, (field.type, path))
            both = _promoted(known, field.type, textual=textual)
            if both is None:
                raise DataError(
                    f"column {field.name!r} of {label} is {known} in {first} and {field.type} in {path}; "
                    "write it as one type, or name only files that agree"
                )
            found[field.name] = (both, first if both.equals(known) else path)
    return pa.schema([(name, kind) for name, (kind, _) in found.items()])


def _refuse_duplicates(names: list[str], path: str, label: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(
            f"{label} have more than one column named {', '.join(map(repr, twice))} (in {path}); rename or drop them"
        )


def _promoted(one: pa.DataType, other: pa.DataType, *, textual: bool) -> pa.DataType | None:
    """Return the type that holds the values of both; ``None`` where there is none."""
    import pyarrow as pa

    if one.equals(other):
        return one
    if pa.types.is_dictionary(one) or pa.types.is_dictionary(other):
        return _promoted(_decoded(one), _decoded(other), textual=textual)
    try:
        pair = [pa.schema([("", one)]), pa.schema([("", other)])]
        return pa.unify_schemas(pair, promote_options="permissive").field(0).type
    except (pa.ArrowTypeError, pa.ArrowInvalid):
        return _instants(one, other) or (_reread(one, other) if textual else None)


def _decoded(kind: pa.DataType) -> pa.DataType:
    import pyarrow as pa

    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _instants(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    """Return the type of two kinds of aware times, whose zones are but two ways to show the same moments."""
    import pyarrow as pa

    if not all(pa.types.is_timestamp(kind) and kind.tz is not None for kind in (one, other)):
        return None
    return pa.timestamp(max(one.unit, other.unit, key=_UNITS.index), tz=one.tz)


def _reread(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    """Return the type as which the texts of both can be read."""
    import pyarrow as pa

    times = [kind for kind in (one, other) if pa.types.is_timestamp(kind) and kind.tz is None]
    if times and any(pa.types.is_date(kind) for kind in (one, other)):
        return times[0]
    return pa.string()
