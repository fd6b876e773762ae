"""From Arrow arrays to NumPy ones, without pandas and without a copy where the memory allows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from airflow_ml_monitor.errors import DataError

Floats = np.ndarray[Any, np.dtype[np.float64]]
Counts = np.ndarray[Any, np.dtype[np.int64]]
Hashes = np.ndarray[Any, np.dtype[np.uint64]]

_PER_SECOND = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}
_DAY = 86_400.0
_POWERS = 4096


def numbers(array: pa.Array, column: str) -> Floats:
    """Return the values that are not null, as ``float64``; times as seconds (since 1970, or of the day).

    NaN is still among them. Decimals are rounded to ``float64``; numbers written as text are read.

    :raises DataError: a text that is no number.
    """
    if array.null_count:
        array = array.drop_null()
    kind = array.type
    if pa.types.is_dictionary(kind):
        return numbers(array.dictionary_decode(), column)
    if pa.types.is_temporal(kind):
        return _seconds(array)
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        try:
            array = array.cast(pa.float64())
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise DataError(
                f"column {column!r} cannot be read as numbers: {error}; give another kind for it in kinds="
            ) from error
    return np.from_dlpack(array).astype(np.float64, copy=False)


def _seconds(array: pa.Array) -> Floats:
    kind = array.type
    if pa.types.is_date32(kind):
        return np.from_dlpack(array.cast(pa.int32())).astype(np.float64) * _DAY
    if pa.types.is_time32(kind):
        array = array.cast(pa.int32())
    elif not pa.types.is_integer(kind):
        array = array.cast(pa.int64())
    unit = "ms" if pa.types.is_date64(kind) else kind.unit
    return np.from_dlpack(array).astype(np.float64) / _PER_SECOND[unit]


def as_arrow(values: Floats | Counts) -> pa.Array:
    """Return an array of 64-bit numbers in Arrow, without a copy. ``pyarrow.array`` would import pandas."""
    kind = pa.float64() if values.dtype.kind == "f" else pa.int64()
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(np.ascontiguousarray(values))])


def level_counts(array: pa.Array) -> tuple[pa.Array, Counts]:
    """Return the distinct values of an array as texts, and how many rows have each; null and NaN are left out."""
    if pa.types.is_string_view(array.type) or pa.types.is_binary_view(array.type):
        array = _texts(array)  # Arrow 26 counts the nulls of a view as empty texts
    if pa.types.is_dictionary(array.type):
        values, counts = dictionary_levels(array.dictionary), index_counts(array)
        used = np.flatnonzero(counts)
        values = values.take(as_arrow(used))
        here = values.is_valid()
        return values.filter(here), np.from_dlpack(as_arrow(counts[used]).filter(here)).astype(np.int64)
    found = array.value_counts()
    values, counts = found.field(0), found.field(1)
    here = _is_level(values)
    return _texts(values).filter(here), np.from_dlpack(counts.filter(here)).astype(np.int64)


def dictionary_levels(dictionary: pa.Array) -> pa.Array:
    """Return the values of a dictionary as texts; null and NaN as null."""
    texts = _texts(dictionary)
    return pc.if_else(_is_level(dictionary), texts, pa.nulls(1, texts.type)[0])  # None would import pandas


def index_counts(array: pa.DictionaryArray) -> Counts:
    """Return how many rows have each value of the dictionary."""
    indices = array.indices.drop_null() if array.indices.null_count else array.indices
    return np.bincount(np.from_dlpack(indices), minlength=len(array.dictionary))


def _is_level(values: pa.Array) -> pa.Array:
    here = values.is_valid()
    if pa.types.is_floating(values.type):
        here = pc.and_(here, pc.invert(pc.fill_null(pc.is_nan(values), True)))
    return here


def _texts(values: pa.Array) -> pa.Array:
    if pa.types.is_fixed_size_binary(values.type) or pa.types.is_binary_view(values.type):
        values = values.cast(pa.binary())
    if pa.types.is_binary(values.type) or pa.types.is_large_binary(values.type):
        return values.cast(pa.large_binary())
    return values.cast(pa.large_string())


def level_names(values: pa.Array) -> list[str]:
    """Return levels as texts; bytes that are not UTF-8 with replacement marks."""
    plain = values.to_pylist()
    return [name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name) for name in plain]


def hashes(texts: pa.Array) -> Hashes:
    """Return a 64-bit hash of each text, the same in every process and version.

    A sum over the bytes of a mixed byte times a power that stands for its position, mixed again with the length
    (splitmix64, Steele et al. 2014). Two of 10,000 levels collide with a probability of about 3e-12.
    """
    count = len(texts)
    _, offsets_buffer, data_buffer = texts.buffers()
    offsets = np.frombuffer(offsets_buffer, dtype=np.int64, count=count + texts.offset + 1)[texts.offset :]
    first, last = (int(offsets[0]), int(offsets[-1])) if count else (0, 0)
    lengths = np.diff(offsets) if count else np.zeros(0, np.int64)
    if last == first:
        return _mixed(lengths.astype(np.uint64))
    data = np.frombuffer(data_buffer, dtype=np.uint8, count=last)[first:]
    starts = offsets[:-1] - first
    position = np.arange(len(data), dtype=np.int64) - np.repeat(starts, lengths)
    weighted = _BYTE[data] * _POWER[position & (_POWERS - 1)]
    sums = np.zeros(count, np.uint64)
    filled = lengths > 0
    sums[filled] = np.add.reduceat(weighted, starts[filled])
    return _mixed(sums + lengths.astype(np.uint64))


def _mixed(state: Hashes) -> Hashes:
    state = state + np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


_BYTE = _mixed(np.arange(256, dtype=np.uint64))
_POWER = np.cumprod(np.full(_POWERS, 0x5851F42D4C957F2D, np.uint64))
