"""From Arrow arrays to NumPy ones and back, without ``pyarrow.array`` and ``to_numpy``: they would import pandas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    Column: TypeAlias = pa.Array | pa.ChunkedArray


def as_arrow(values: NDArray[Any], here: NDArray[np.bool_] | None = None) -> pa.Array:
    """Return an array of 64-bit numbers in Arrow, without a copy; null where they are not ``here``."""
    import numpy as np
    import pyarrow as pa

    valid = None if here is None else pa.py_buffer(np.packbits(here, bitorder="little"))
    kind = pa.float64() if values.dtype.kind == "f" else pa.int64()
    return pa.Array.from_buffers(kind, len(values), [valid, pa.py_buffer(np.ascontiguousarray(values))])


def flags_as_arrow(flags: NDArray[np.bool_]) -> pa.Array:
    """Return an array of booleans in Arrow."""
    import numpy as np
    import pyarrow as pa

    bits = pa.py_buffer(np.packbits(flags, bitorder="little"))
    return pa.Array.from_buffers(pa.bool_(), len(flags), [None, bits])


def integers(column: Column, missing: int = 0) -> NDArray[np.int64]:
    """Return integers or times as the whole numbers that Arrow keeps for them; ``missing`` where one is null."""
    import numpy as np
    import pyarrow as pa

    array = _filled(joined(column).cast(pa.int64()), np.array([missing], dtype=np.int64))
    return np.from_dlpack(array).astype(np.int64, copy=False)


def floats(column: Column) -> NDArray[np.float64]:
    """Return integers or floats as ``float64``; NaN where one is null."""
    import numpy as np

    array = joined(column)
    values = np.from_dlpack(_filled(array, np.zeros(1))).astype(np.float64, copy=False)
    return np.where(flags(array.is_valid()), values, np.nan) if array.null_count else values


def flags(column: Column) -> NDArray[np.bool_]:
    """Return booleans; null is ``False``."""
    import numpy as np
    import pyarrow as pa

    array = _filled(joined(column).cast(pa.uint8()), np.zeros(1))
    return np.from_dlpack(array).astype(bool)


def joined(column: Column) -> pa.Array:
    """Return a column in one piece."""
    import pyarrow as pa

    if not isinstance(column, pa.ChunkedArray):
        return column
    # ``combine_chunks`` would import pandas where there is no chunk.
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.nulls(0, column.type)


def _filled(array: pa.Array, missing: NDArray[Any]) -> pa.Array:
    import pyarrow.compute as pc

    return pc.fill_null(array, as_arrow(missing)[0].cast(array.type)) if array.null_count else array
