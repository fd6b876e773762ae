"""The predictions of a window as they were acted on: every key once, the earliest prediction of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from airflow_ml_monitor.data.arrays import as_arrow, flags_as_arrow
from airflow_ml_monitor.data.dataset import Rows
from airflow_ml_monitor.data.times import instants
from airflow_ml_monitor.errors import DataError
from airflow_ml_monitor.performance.label_join import Void
from airflow_ml_monitor.performance.label_keys import KeyIndex, KeyReader, Positions
from airflow_ml_monitor.performance.void import void_rows

Moments = NDArray[np.datetime64]
Mask = NDArray[np.bool_]

_CHUNK_ROWS = 1 << 20


@dataclass(frozen=True, kw_only=True)
class PredictionRows:
    """Predictions of a window, each key once, in the order they came.

    :param table: the columns that were asked for.
    :param index: the keys of all rows that have one.
    :param number: the number of each row's key in ``index``; shape (rows,), as are the following.
    :param predicted_at: when each was made; NaT where nobody knows. ``None`` without a time column.
    :param due: when the label of each is due; NaT where nobody knows. ``None`` where nothing says so.
    :param void: which of them say that they never get a label.
    :param duplicates: further rows of a key, left out.
    :param keyless: rows without a key, left out.
    """

    table: pa.Table
    index: KeyIndex
    number: Positions
    predicted_at: Moments | None
    due: Moments | None
    void: Mask
    duplicates: int
    keyless: int

    def __len__(self) -> int:
        return len(self.number)


def read_predictions(
    rows: Rows,
    reader: KeyReader,
    *,
    columns: Sequence[str],
    void: Void,
    as_of: datetime,
    delay: timedelta | str = timedelta(0),
) -> PredictionRows:
    """Read the predictions of an opened dataset that were made by ``as_of``.

    :param columns: the columns to keep, those of the key among them.
    :param delay: how long after its time a label is due, or the column that says when.
    :raises DataError: an unknown column, or keys that are none.
    """
    time_column = rows.dataset.time_column
    times = [name for name in (time_column, delay) if isinstance(name, str)]
    extra = [*void.among(rows.full_schema.names), *times]
    wanted = list(dict.fromkeys([*columns, *extra]))
    table = as_table(rows, wanted, rows.batches(wanted))
    predicted_at = moments_of(rows, time_column, table)
    if predicted_at is not None:
        known = ~(predicted_at > np.datetime64(as_of.replace(tzinfo=None), "us"))
        table, predicted_at = table.filter(flags_as_arrow(known)), predicted_at[known]
    index = KeyIndex(reader.read(table, rows.label))
    kept = _earliest(index.of_rows, predicted_at)
    keyless = int((index.of_rows < 0).sum())
    duplicates = len(table) - keyless - len(kept)
    table = table.take(as_arrow(kept))
    return PredictionRows(
        table=table.select(list(columns)),
        index=index,
        number=index.of_rows[kept],
        predicted_at=None if predicted_at is None else predicted_at[kept],
        due=due_of(rows, delay, table, None if predicted_at is None else predicted_at[kept]),
        void=void_rows(void, table, rows.label),
        duplicates=duplicates,
        keyless=keyless,
    )


def due_of(rows: Rows, delay: timedelta | str, table: pa.Table, predicted_at: Moments | None) -> Moments | None:
    """Return when the labels of predictions are due; ``None`` where nothing says so.

    :param delay: how long after the prediction, or the column of the table that says when.
    :raises DataError: the column holds no times, or naive ones without a ``timezone``.
    """
    if isinstance(delay, str):
        return moments_of(rows, delay, table)
    return None if predicted_at is None else predicted_at + np.timedelta64(delay)


def moments_of(rows: Rows, column: str | None, table: pa.Table) -> Moments | None:
    """Return the moments that a time column of rows holds; ``None`` without one.

    :raises DataError: it holds no times, or naive ones without a ``timezone``.
    """
    return None if column is None else instants(rows.dataset, column, table.column(column))


def as_table(rows: Rows, columns: Sequence[str], batches: Iterable[pa.RecordBatch]) -> pa.Table:
    """Return batches of a dataset's rows as one table; types that only the values tell may differ from batch to batch.

    :raises DataError: they do, so that no one type holds them.
    """
    tables = [pa.Table.from_batches([batch]) for batch in batches]
    if not tables:
        return pa.Table.from_batches([], schema=pa.schema([rows.full_schema.field(name) for name in columns]))
    try:
        return pa.concat_tables(tables, promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise DataError(f"{rows.label} has a column of several types: {error}; cast it to one") from error


def chunks(rows: Rows, columns: Sequence[str], batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Yield batches of a dataset's rows in tables of about a million rows: large enough to be looked up at once."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if sum(each.num_rows for each in held) >= _CHUNK_ROWS:
            yield as_table(rows, columns, held)
            held = []
    if held:
        yield as_table(rows, columns, held)


def _earliest(number: Positions, predicted_at: Moments | None) -> Positions:
    """Return the positions of each key's earliest row, in the order of the rows; among equals it is the first."""
    here = np.flatnonzero(number >= 0)
    times = np.zeros(len(number), dtype=np.int64) if predicted_at is None else predicted_at
    order = here[np.lexsort((times[here], number[here]))]
    first = np.ones(len(order), dtype=bool)
    first[1:] = number[order][1:] != number[order][:-1]
    return np.sort(order[first])
