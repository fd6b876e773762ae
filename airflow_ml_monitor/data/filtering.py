"""Conditions on rows as an Arrow expression."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING

from airflow_ml_monitor.data.times import Condition

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.compute as pc


def expression(conditions: Sequence[Condition], schema: pa.Schema) -> pc.Expression:
    """Return the Arrow expression of rows of a schema that meet all conditions (at least one)."""
    return reduce(and_, (_compare(condition, schema.field(condition.column).type) for condition in conditions))


def _compare(condition: Condition, kind: pa.DataType) -> pc.Expression:
    import pyarrow as pa
    import pyarrow.compute as pc

    value = pa.scalar(condition.value)
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        # Arrow compares times of two units only where both name one zone.
        value = value.cast(pa.timestamp("us", kind.tz))
    column = pc.field(condition.column)
    return column >= value if condition.operator == ">=" else column < value
