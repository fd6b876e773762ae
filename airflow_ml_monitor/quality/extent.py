"""How many rows there are and when the latest is from: one pass over one column, or one query."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from airflow_ml_monitor.data.dataset import Rows
from airflow_ml_monitor.data.table import TableRows
from airflow_ml_monitor.data.times import as_instant, latest_instant
from airflow_ml_monitor.errors import MissingDataError

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Extent:
    """How much of a dataset there is.

    :param rows: the number of rows.
    :param latest: the latest event time, in UTC; ``None`` without rows or time column.
    :param missing: why there is nothing to read at all; ``None`` where there is.
    """

    rows: int
    latest: datetime | None = None
    missing: str | None = None


def measure(rows: Rows) -> Extent:
    """Return how many rows there are and when the latest is from.

    :raises DataError: the time column is unknown or naive without a zone, or the rows cannot be read.
    """
    try:
        if isinstance(rows, TableRows):
            return _in_database(rows)
        return _by_reading(rows)
    except MissingDataError as error:
        return Extent(0, missing=str(error))


def _in_database(rows: TableRows) -> Extent:
    import sqlalchemy as sa

    column = rows.dataset.time_column
    window = rows.select([column or rows.full_schema.names[0]]).subquery()
    measures = [sa.func.count(), *([sa.func.max(window.c[column])] if column else [])]
    with rows.connect() as connection:
        count, *latest = connection.execute(sa.select(*measures).select_from(window)).one()
    if not latest or latest[0] is None:
        return Extent(count)
    value = datetime.fromisoformat(latest[0]) if isinstance(latest[0], str) else latest[0]
    return Extent(count, as_instant(rows.dataset, value))


def _by_reading(rows: Rows) -> Extent:
    column = rows.dataset.time_column
    wanted = [column] if column else rows.full_schema.names[:1]
    if not wanted:
        return Extent(0)
    counts: list[int] = []
    batches = _counted(rows.batches(wanted), counts)
    if column is None:
        for _ in batches:
            pass
        return Extent(sum(counts))
    latest = latest_instant(rows.dataset, batches)
    return Extent(sum(counts), latest)


def _counted(batches: Iterator[pa.RecordBatch], counts: list[int]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        counts.append(batch.num_rows)
        yield batch
