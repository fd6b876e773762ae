"""Which predictions are void: by their nature they never get a label, as a cancelled flight is never late."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from airflow_ml_monitor.data.dataset import Rows
from airflow_ml_monitor.errors import ConfigurationError, DataError
from airflow_ml_monitor.performance.label_keys import decoded, nature_of


@dataclass(frozen=True)
class Void:
    """The condition that makes a row void: any of its columns says so.

    :param said_by: column -> the values that say so; ``None`` for a boolean column.
    """

    said_by: Mapping[str, tuple[Any, ...] | None]

    @classmethod
    def of(cls, void: str | Mapping[str, Any] | None) -> Void:
        """Read the condition from a boolean column's name or from ``{column: value or values}``.

        :raises ConfigurationError: it is neither.
        """
        if void is None:
            return cls({})
        if isinstance(void, str) and void:
            return cls({void: None})
        if isinstance(void, Mapping) and void and all(isinstance(name, str) for name in void):
            return cls({name: _values(wanted) for name, wanted in void.items()})
        raise ConfigurationError(
            f"void={void!r} names no column; give a boolean column's name, or {{column: value or list of values}}"
        )

    def require_known(self, predictions: Rows, labels: Rows) -> None:
        """Refuse a column that neither dataset has.

        :raises DataError: there is one.
        """
        for name in self.said_by:
            if name not in predictions.full_schema.names and name not in labels.full_schema.names:
                raise DataError(
                    f"void column {name!r} is neither in {predictions.label} nor in {labels.label}; "
                    f"the predictions have {', '.join(predictions.full_schema.names[:20])}; "
                    f"the labels have {', '.join(labels.full_schema.names[:20])}"
                )

    def among(self, names: Collection[str]) -> Sequence[str]:
        """Return the columns of the condition that are among these."""
        return [name for name in self.said_by if name in names]

    def mask(self, table: pa.Table, label: str) -> NDArray[np.bool_]:
        """Return which rows are void; the condition's columns that the table lacks say nothing.

        :param label: the dataset in words.
        :raises DataError: a column whose type cannot say so.
        """
        void = np.zeros(len(table), dtype=bool)
        for name in self.among(table.column_names):
            values, column = self.said_by[name], decoded(table.column(name))
            said = _is_true(column, name, label) if values is None else _is_one_of(column, values, name, label)
            void |= np.asarray(pc.fill_null(said, False)).astype(bool)
        return void


def _values(wanted: Any) -> tuple[Any, ...]:
    return tuple(wanted) if isinstance(wanted, (list, tuple, set, frozenset)) else (wanted,)


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
        return pa.chunked_array([pa.array([None in values] * len(column), pa.bool_())])
    try:
        wanted = pa.array(values)
        if not pa.types.is_null(wanted.type) and nature_of(wanted.type) != nature_of(column.type):
            raise pa.ArrowTypeError(f"they are {wanted.type}")
        return pc.is_in(column, value_set=wanted.cast(column.type))
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise DataError(
            f"void values {list(values)!r} cannot be among those of column {name!r} of {label}, "
            f"which holds {column.type} ({error}); write them as it does"
        ) from error
