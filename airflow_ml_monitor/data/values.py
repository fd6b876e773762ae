"""Python values as Arrow arrays, without ``pyarrow.array``: it would import pandas, which takes 35 MB and 0.2 s."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

_EPOCH = datetime(1970, 1, 1)
_FIRST_DAY = _EPOCH.toordinal()
_TICK = timedelta(microseconds=1)


def arrow_array(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """Return values as ``pyarrow.array(values, type=kind)`` does; missing ones are ``None``.

    What is not simply of the kind is left to Arrow, which raises or converts as it does.

    :raises pyarrow.ArrowInvalid: a value that the kind cannot hold, as are its other errors.
    """
    import pyarrow as pa

    made = _of_texts(values) if pa.types.is_string(kind) else _of_numbers(values, kind)
    return pa.array(values, type=kind) if made is None else made


def _of_texts(values: Sequence[Any]) -> pa.Array | None:
    import numpy as np
    import pyarrow as pa

    if not _only(str, values):
        return None
    encoded = [b"" if value is None else value.encode() for value in values]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
    if ends[-1] > np.iinfo(np.int32).max:
        return None
    buffers = [_validity(values), pa.py_buffer(ends.astype(np.int32)), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.string(), len(values), buffers)


def _of_numbers(values: Sequence[Any], kind: pa.DataType) -> pa.Array | None:
    """Return values of a fixed width, each as the number that Arrow keeps for it."""
    import numpy as np
    import pyarrow as pa

    found = _number_of(kind)
    if found is None or not _only(found[0], values):
        return None
    _, number, dtype = found
    try:
        numbers = np.array([0 if value is None else number(value) for value in values], dtype=dtype)
    except (OverflowError, TypeError):  # out of range, or times with a zone among those without
        return None
    data = np.packbits(numbers, bitorder="little") if pa.types.is_boolean(kind) else numbers
    return pa.Array.from_buffers(kind, len(values), [_validity(values), pa.py_buffer(data)])


def _number_of(kind: pa.DataType) -> tuple[type, Callable[[Any], Any], str] | None:
    """Return the Python type of a kind's values, how one becomes a number, and of which width."""
    import pyarrow as pa

    if pa.types.is_boolean(kind):
        return bool, int, "uint8"
    if pa.types.is_signed_integer(kind):
        return int, int, f"int{kind.bit_width}"
    if pa.types.is_floating(kind):
        return float, float, f"float{kind.bit_width}"
    if pa.types.is_date32(kind):
        return date, lambda day: day.toordinal() - _FIRST_DAY, "int32"
    if pa.types.is_timestamp(kind) and kind.unit == "us":
        epoch = _EPOCH if kind.tz is None else _EPOCH.replace(tzinfo=UTC)
        return datetime, lambda at: (at - epoch) // _TICK, "int64"
    return None


def _only(wanted: type, values: Sequence[Any]) -> bool:
    return {type(value) for value in values} <= {wanted, type(None)}


def _validity(values: Sequence[Any]) -> pa.Buffer | None:
    import numpy as np
    import pyarrow as pa

    here: np.ndarray[Any, np.dtype[np.bool_]] = np.array([value is not None for value in values], dtype=bool)
    return None if here.all() else pa.py_buffer(np.packbits(here, bitorder="little"))
