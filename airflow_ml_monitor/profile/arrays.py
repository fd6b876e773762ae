"""From Arrow arrays to NumPy ones, without pandas and without a copy where the memory allows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from airflow_ml_monitor.data.arrays import as_arrow
from airflow_ml_monitor.errors import DataError
from airflow_ml_monitor.profile.room import BLOCK, room

Floats = np.ndarray[Any, np.dtype[np.float64]]
Counts = np.ndarray[Any, np.dtype[np.int64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]
Hashes = np.ndarray[Any, np.dtype[np.uint64]]

_PER_SECOND = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}
_POWERS = 4096
_NOTHING = np.zeros(0, np.bool_)


def numbers(array: pa.Array, column: str) -> Floats:
    """Return the values that are not null, as ``float64``; times as seconds (since 1970, or of the day).

    NaN is still among them. Decimals are rounded to ``float64``; numbers written as text are read.

    :raises DataError: a text that is no number.
    """
    plain, per = _plain(array.drop_null() if array.null_count else array, column)
    values = np.from_dlpack(plain).astype(np.float64, copy=False)
    return values if per == 1.0 else values / per


@dataclass(frozen=True, slots=True, eq=False)
class Slots:
    """The memory of an Arrow array of numbers as it is: a value for each row, any where it is null.

    :param values: integers or floats of any width.
    :param bits: Arrow's validity bitmap, ``None`` where no row is null; the first row's bit is number ``offset``.
    :param per: what to divide the values by, for seconds; 1 for numbers.
    """

    values: np.ndarray[Any, Any]
    bits: np.ndarray[Any, np.dtype[np.uint8]] | None
    offset: int
    per: float

    @classmethod
    def of(cls, array: pa.Array, column: str) -> Slots:
        """Read what ``numbers`` does, without a copy where the memory allows.

        :raises DataError: a text that is no number.
        """
        plain, per = _plain(array, column)
        validity, data = plain.buffers()
        kind = np.dtype(plain.type.to_pandas_dtype())
        values = np.frombuffer(data, kind, len(plain) + plain.offset)[plain.offset :] if data else np.zeros(0, kind)
        bits = np.frombuffer(validity, np.uint8) if plain.null_count else None
        return cls(values, bits, plain.offset, per)

    def present(self, start: int, stop: int) -> Flags:
        """Return which of some rows are not null; of an array without a null, no flags at all."""
        if self.bits is None:
            return _NOTHING
        first, last = start + self.offset, stop + self.offset
        shift = first % 8
        found = np.unpackbits(self.bits[first // 8 : (last + 7) // 8], count=last - first + shift, bitorder="little")
        return found[shift:].view(np.bool_)

    def read(self, start: int, stop: int, into: Floats) -> tuple[Floats, Counts]:
        """Return some rows as ``float64``, and which of them are null: these have the value of one that is not.

        None are returned where all are null. The values are in ``into`` where a copy was needed.
        """
        values, present = self.values[start:stop], self.present(start, stop)
        absent = np.flatnonzero(~present)
        if len(absent) == stop - start:
            return into[:0], absent
        if len(absent) or self.per != 1.0 or values.dtype != np.float64:
            into = into[: stop - start]
            np.copyto(into, values)
            if len(absent):
                into[absent] = into[int(np.argmax(present))]
            if self.per != 1.0:
                into /= self.per
            values = into
        return values, absent


def _plain(array: pa.Array, column: str) -> tuple[pa.Array, float]:
    """Return the values as integers or floats, and what to divide them by."""
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    kind = array.type
    if pa.types.is_temporal(kind):
        if pa.types.is_date32(kind):
            return array.cast(pa.timestamp("s")).cast(pa.int64()), 1.0
        unit = "ms" if pa.types.is_date64(kind) else kind.unit
        return array.cast(pa.int32() if pa.types.is_time32(kind) else pa.int64()), _PER_SECOND[unit]
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        try:
            array = array.cast(pa.float64())
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise DataError(
                f"column {column!r} cannot be read as numbers: {error}; give another kind for it in kinds="
            ) from error
    return array, 1.0


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
    slots, size = Slots.of(array.indices, "a dictionary"), len(array.dictionary)
    counts = np.zeros(size, np.int64)
    for start in range(0, len(array), BLOCK):
        stop = min(start + BLOCK, len(array))
        index = room().step[: stop - start]
        np.copyto(index, slots.values[start:stop])
        index[np.flatnonzero(~slots.present(start, stop))] = size  # one more, that nobody asks for
        counts += np.bincount(index, minlength=size + 1)[:size]
    return counts


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
