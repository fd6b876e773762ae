"""Which rows say that a prediction is void: it never gets a label, as a cancelled flight is never late."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from airflow_ml_monitor.data.arrays import flags, flags_as_arrow
from airflow_ml_monitor.data.dataset import Rows
from airflow_ml_monitor.data.values import arrow_array
from airflow_ml_monitor.errors import DataError
from airflow_ml_monitor.performance.label_join import Void
from airflow_ml_monitor.performance.label_keys import decoded, nature_of


def require_known(void: Void, predictions: Rows, labels: Rows) -> None:
    """Refuse a column of the condition that neither dataset has.

    :raises DataError: there is one.
    """
    for name in void.said_by:
        if name not in predictions.full_schema.names and name not in labels.full_schema.names:
            raise DataError(
                f"void column {name!r} is neither in {predictions.label} nor in {labels.label}; "
                f"the predictions have {', '.join(predictions.full_schema.names[:20])}; "
                f"the labels have {', '.join(labels.full_schema.names[:20])}"
            )


def void_rows(void: Void, table: pa.Table, label: str) -> NDArray[np.bool_]:
    """Return which rows are void; the condition's columns that the table lacks say nothing.

    :param label: the dataset in words.
    :raises DataError: a column whose type cannot say so.
    """
    found = np.zeros(len(table), dtype=bool)
    for name in void.among(table.column_names):
        values, column = void.said_by[name], decoded(table.column(name))
        said = _is_true(column, name, label) if values is None else _is_one_of(column, values, name, label)
        found |= flags(said)
    return found


def _is_true(column: pa.ChunkedArray, name: str, label: str) -> pa.ChunkedArray:
    if pa.types.is_null(column.type):
        return column.cast(pa.bool_())
    if not pa.types.is_boolean(column.type):
        raise DataError(
            f"void column {name!r} of {label} holds {column.type}, not booleans; "
            f"say which of its values mean void: void={{{name!r}: value}}"
        )
    return column


def _is_one_of(column: pa.ChunkedArray, values: Sequence[Any], name: str, label: str) -> pa.ChunkedArray:
    if pa.types.is_null(column.type):
        return pa.chunked_array([flags_as_arrow(np.full(len(column), None in values))])
    try:
        wanted = _as_array(values)
        if not pa.types.is_null(wanted.type) and nature_of(wanted.type) != nature_of(column.type):
            raise pa.ArrowTypeError(f"they are {wanted.type}")
        return pc.is_in(column, value_set=wanted.cast(column.type))
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise DataError(
            f"void values {list(values)!r} cannot be among those of column {name!r} of {label}, "
            f"which holds {column.type} ({error}); write them as it does"
        ) from error


def _as_array(values: Sequence[Any]) -> pa.Array:
    """Return values as an array of the type that they have; ``pyarrow.array`` would import pandas."""
    kinds = {str: pa.string(), bool: pa.bool_(), int: pa.int64(), float: pa.float64()}
    types = {type(value) for value in values if value is not None}
    kind = kinds.get(types.pop()) if len(types) == 1 else None
    return pa.array(values) if kind is None else arrow_array(values, kind)
