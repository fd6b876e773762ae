"""Rows that meet conditions, by Arrow's kernels alone: an Arrow expression would import pandas."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from typing import TYPE_CHECKING, TypeVar

from airflow_ml_monitor.data.times import Condition

if TYPE_CHECKING:
    import pyarrow as pa

    Batch = TypeVar("Batch", pa.RecordBatch, pa.Table)

_MICROSECOND = timedelta(microseconds=1)


def rows_that_meet(conditions: Sequence[Condition], rows: Batch) -> Batch:
    """Return the rows of an Arrow table or record batch that meet all conditions."""
    import pyarrow.compute as pc

    if not conditions:
        return rows
    return rows.filter(reduce(pc.and_, (_met(condition, rows.column(condition.column)) for condition in conditions)))


def microseconds(value: datetime | date) -> int:
    """Return a time in microseconds since 1970: a naive one as it stands, a day as its midnight."""
    if not isinstance(value, datetime):
        return (value - date(1970, 1, 1)) // _MICROSECOND
    start = datetime(1970, 1, 1, tzinfo=UTC if value.tzinfo else None)
    return (value - start) // _MICROSECOND


def _met(condition: Condition, column: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    import pyarrow.compute as pc

    value = _scalar(condition.value, column.type)
    return pc.greater_equal(column, value) if condition.operator == ">=" else pc.less(column, value)


def _scalar(value: datetime | date, kind: pa.DataType) -> pa.Scalar:
    """Return a bound to compare values of a type with. ``pyarrow.scalar`` would import pandas."""
    import pyarrow as pa

    zone = kind.tz if pa.types.is_timestamp(kind) else None
    bound = pa.py_buffer(struct.pack("<q", microseconds(value)))
    # Arrow compares times of two units only where both name one zone.
    return pa.Array.from_buffers(pa.timestamp("us", zone), 1, [None, bound])[0]
