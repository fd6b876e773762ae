"""Conditions on rows as an Arrow expression."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING

from airflow_ml_monitor.data.times import Condition

if TYPE_CHECKING:
    import pyarrow.compute as pc


def expression(conditions: Sequence[Condition]) -> pc.Expression:
    """Return the Arrow expression of rows that meet all conditions (at least one)."""
    return reduce(and_, (_compare(condition) for condition in conditions))


def _compare(condition: Condition) -> pc.Expression:
    import pyarrow as pa
    import pyarrow.compute as pc

    value = pa.scalar(condition.value)
    column = pc.field(condition.column)
    return column >= value if condition.operator == ">=" else column < value
