"""Labels whose key the window does not have: do they belong to a prediction of another time, or to none?"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from airflow_ml_monitor.data.arrays import as_arrow, flags_as_arrow
from airflow_ml_monitor.data.dataset import Rows
from airflow_ml_monitor.performance.label_keys import KeyColumns, KeyIndex, KeyReader, present
from airflow_ml_monitor.performance.prediction_rows import chunks, moments_of

_HELD_ROWS = 4 << 20
"""So many keys are held before the predictions are asked for them: memory stays flat, whatever number of labels."""


@dataclass
class Strangers:
    """Keys of labels, held until the keys of all predictions have been streamed past them.

    :param predictions: the predictions of all times, as known at ``as_of``.
    """

    predictions: Rows
    keys: KeyReader
    as_of: datetime
    _held: list[pa.Table] = field(default_factory=list)
    _unasked: int = 0
    _keyless: int = 0

    def add(self, keys: KeyColumns, rows: NDArray[np.bool_]) -> None:
        """Hold the keys of these rows; a row without a key belongs to no prediction."""
        here = present(keys)
        self._keyless += int((rows & ~here).sum())
        asked = pa.table(keys, names=list(self.keys.on)).filter(flags_as_arrow(rows & here))
        if len(asked):
            self._held.append(asked)
            self._unasked += len(asked)
        if self._unasked >= _HELD_ROWS:
            self._settle()

    def count(self, *, settled: bool) -> int:
        """Return how many different keys belong to no prediction, and rows without a key with them.

        :param settled: whether that is known of all that were added.
        """
        if not settled:
            self._settle()
        if not self._held:
            return self._keyless
        return self._keyless + len(KeyIndex(self._columns()))

    def _settle(self) -> None:
        """Drop the keys that belong to a prediction, and all but one row of the others."""
        self._unasked = 0
        if not self._held:
            return
        index = KeyIndex(self._columns())
        unknown = np.ones(len(index), dtype=bool)
        time_column = self.predictions.dataset.time_column
        columns = list(dict.fromkeys([*self.keys.on, *([time_column] if time_column else [])]))
        for table in chunks(self.predictions, columns, self.predictions.batches(columns)):
            found = index.find(self.keys.read(table, self.predictions.label))
            made_at = moments_of(self.predictions, time_column, table)
            if made_at is not None:
                found = found[made_at <= np.datetime64(self.as_of.replace(tzinfo=None), "us")]
            unknown[found[found >= 0]] = False
        row = np.empty(len(index), dtype=np.int64)
        row[index.of_rows] = np.arange(len(index.of_rows))
        self._held = [pa.concat_tables(self._held).take(as_arrow(row[unknown]))]

    def _columns(self) -> KeyColumns:
        held = pa.concat_tables(self._held, promote_options="permissive")
        return [held.column(name) for name in self.keys.on]
