"""The rows of labels that a window's predictions ask for, out of however many there are, and those nobody asks for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from airflow_ml_monitor.data.arrays import flags, flags_as_arrow, integers, joined
from airflow_ml_monitor.data.dataset import Rows
from airflow_ml_monitor.errors import DataError
from airflow_ml_monitor.performance.label_database import LabelDatabase
from airflow_ml_monitor.performance.label_join import Void
from airflow_ml_monitor.performance.label_keys import KeyIndex, KeyReader, Positions, decoded, without_nan
from airflow_ml_monitor.performance.label_strangers import Strangers
from airflow_ml_monitor.performance.prediction_rows import as_table, chunks, moments_of
from airflow_ml_monitor.performance.void import void_rows

_UNKNOWN_ARRIVAL = 0


@dataclass(frozen=True, kw_only=True)
class LabelRows:
    """The rows of labels whose key a window's predictions have.

    :param key: the number of each row's key; shape (rows,), as are the following.
    :param arrived: when each arrived, in microseconds since 1970; 0 for all where nobody knows.
    :param code: the place of each row's label in ``labels``; -1 where it has none.
    :param void: which say that their key never gets a label.
    :param labels: the different labels.
    :param timed: whether the arrivals are known.
    :param unmatched: labels that belong to no prediction at all; 0 where nobody counted.
    """

    key: NDArray[np.int64]
    arrived: NDArray[np.int64]
    code: NDArray[np.int64]
    void: NDArray[np.bool_]
    labels: pa.Array
    timed: bool
    unmatched: int


class _Piece(NamedTuple):
    """Rows of labels that were kept of one piece of the stream."""

    key: Positions
    arrived: NDArray[np.int64]
    void: NDArray[np.bool_]
    label: pa.ChunkedArray


@dataclass
class LabelReader:
    """Streams labels past the keys of a window, and keeps only what belongs to them.

    :param labels: the labels as known at ``as_of``.
    :param predictions: the predictions of the window as known then.
    :param all_predictions: the predictions of all times as known then.
    :param label: column of the label.
    :param since: labels that arrived earlier are not asked whether they belong to a prediction.
    :param unmatched: whether labels of no prediction are counted, for which the keys of all predictions are read.
    """

    labels: Rows
    predictions: Rows
    all_predictions: Rows
    keys: KeyReader
    label: str
    void: Void
    since: datetime | None
    as_of: datetime
    unmatched: bool = True
    _kept: list[_Piece] = field(default_factory=list)

    def read(self, index: KeyIndex) -> LabelRows:
        """Return the rows whose key is in an index.

        :raises DataError: an unknown column, keys that cannot match, or labels that cannot be compared.
        """
        self.keys.expect(self.labels.full_schema, self.labels.label)
        database = LabelDatabase.of(self.labels, self.predictions, self.all_predictions)
        strangers = Strangers(self.all_predictions, self.keys, self.as_of) if self.unmatched else None
        if database is None:
            for table in chunks(self.labels, self._columns, self.labels.batches(self._columns)):
                self._sort(table, index, strangers)
        else:
            self._ask(database, index, strangers)
        return self._rows(0 if strangers is None else strangers.count(settled=database is not None))

    def _ask(self, database: LabelDatabase, index: KeyIndex, strangers: Strangers | None) -> None:
        on = self.keys.on
        for table in self._tables(database.of_window(self._columns, on)):
            self._sort(table, index, None)
        if strangers is None:
            return
        for table in self._tables(database.of_no_prediction(self._columns, on, since=self.since, as_of=self.as_of)):
            self._sort(table, index, strangers, keep=False)

    def _tables(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
        return chunks(self.labels, self._columns, batches)

    def _sort(self, table: pa.Table, index: KeyIndex, strangers: Strangers | None, *, keep: bool = True) -> None:
        """Keep what belongs to the window, and hand the rest on to be asked for elsewhere."""
        keys = self.keys.read(table, self.labels.label)
        number = index.find(keys)
        arrived = moments_of(self.labels, self.labels.dataset.arrived_at_column, table)
        microseconds = np.full(len(table), _UNKNOWN_ARRIVAL) if arrived is None else arrived.astype(np.int64)
        void = void_rows(self.void, table, self.labels.label)
        label = without_nan(decoded(table.column(self.label)))
        mine = number >= 0
        if keep:
            self._kept.append(_Piece(number[mine], microseconds[mine], void[mine], label.filter(flags_as_arrow(mine))))
        if strangers is not None:
            asked = ~mine & ~void & flags(label.is_valid())
            if arrived is not None and self.since is not None:
                asked &= arrived >= np.datetime64(self.since.replace(tzinfo=None), "us")
            strangers.add(keys, asked)

    @property
    def _columns(self) -> Sequence[str]:
        arrived = self.labels.dataset.arrived_at_column
        void = self.void.among(self.labels.full_schema.names)
        return list(dict.fromkeys([*self.keys.on, self.label, *void, *([arrived] if arrived else [])]))

    def _rows(self, unmatched: int) -> LabelRows:
        batches = [each for piece in self._kept for each in pa.table({self.label: piece.label}).to_batches()]
        labels = as_table(self.labels, [self.label], batches).column(0)
        code, different = self._encoded(without_nan(decoded(labels)))
        none = np.zeros(0, dtype=np.int64)
        return LabelRows(
            key=np.concatenate([none, *(piece.key for piece in self._kept)]),
            arrived=np.concatenate([none, *(piece.arrived for piece in self._kept)]),
            void=np.concatenate([none.astype(bool), *(piece.void for piece in self._kept)]),
            code=code,
            labels=different,
            timed=self.labels.dataset.arrived_at_column is not None,
            unmatched=unmatched,
        )

    def _encoded(self, labels: pa.ChunkedArray) -> tuple[NDArray[np.int64], pa.Array]:
        if pa.types.is_null(labels.type):
            return np.full(len(labels), -1, dtype=np.int64), joined(labels)
        try:
            encoded = joined(labels).dictionary_encode()
        except pa.ArrowNotImplementedError as error:
            raise DataError(
                f"label column {self.label!r} of {self.labels.label} holds {labels.type}, which is no label; "
                "give a column of numbers, texts or booleans"
            ) from error
        return integers(encoded.indices, missing=-1), encoded.dictionary
