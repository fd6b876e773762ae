"""The rows of a dataset on their way into a profile: batch by batch, a few columns at a time where that is possible."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy

import pyarrow as pa

from airflow_ml_monitor.data.dataset import Rows
from airflow_ml_monitor.errors import DataError
from airflow_ml_monitor.profile.columns import ColumnProfile
from airflow_ml_monitor.profile.kinds import ColumnType, Kind, column_types, natural_kind
from airflow_ml_monitor.profile.profile import Profile
from airflow_ml_monitor.profile.sample import RowSample
from airflow_ml_monitor.profile.workers import OneByOne, Takers, Workers, at_once, spread
from airflow_ml_monitor.window import Window

HELD_BYTES = 1 << 26
MOST_COLUMNS = 32
"""Columns of wide data read at a time, where the source can: more would only take memory."""
_AT_ONCE = 4
"""Of both, what each of several threads has."""

Counted = dict[str, ColumnProfile]


class Stream:
    """The batches of some columns.

    :param columns: gives their names, once it is known which ones may be read.
    :param sample: rows to keep.
    :param twice: they are gone through more than once; small data is then held and read only once.
    """

    def __init__(self, rows: Rows, columns: Callable[[], list[str]], *, sample: int, twice: bool) -> None:
        self._source = rows
        self._held: list[pa.RecordBatch] | None = None
        self._twice = twice
        self._at_once = False
        repeated = dict.fromkeys(
            rows.without_repeated(), ColumnType("more than one column of that name", Kind.REPEATED)
        )
        self.columns = columns()
        self.types = column_types(rows.full_schema) | repeated
        self.rows: int | None = None
        self.sample = RowSample(sample) if sample else None
        if any(self.types[name].kind is Kind.EMPTY for name in self.columns):
            self._learn(next(iter(self._read()), None))

    def counted(self, count: Callable[[Stream, Takers], Counted]) -> Counted:
        """Return what a function counts, of all columns at once or of a few at a time.

        Where the source can, a few: then memory is bounded however many columns there are, and threads that share
        nothing read and count. Rows that are kept are read whole.

        :raises DataError: not all columns had the same number of rows.
        """
        if self.sample is None and self._source.by_column:
            if self._source.at_once:
                return self._merged(at_once(lambda part: (count(part, OneByOne()), part.rows), self._parts_at_once()))
            if len(self.columns) > MOST_COLUMNS:
                return self._merged((_with_workers(count, part), part.rows) for part in self._parts(MOST_COLUMNS))
        return _with_workers(count, self)

    def profile(self, columns: Mapping[str, ColumnProfile], window: Window | None) -> Profile:
        """Return the profile of all that was counted."""
        return Profile(
            rows=self.rows or 0,
            window=window,
            columns=columns,
            types=self.types,
            source=self._source.label,
            sample=self.sample,
        )

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        rows = 0
        held: list[pa.RecordBatch] | None = [] if self._twice else None
        size, most = 0, HELD_BYTES // _AT_ONCE if self._at_once else HELD_BYTES
        for batch in self._held if self._held is not None else self._read():
            rows += batch.num_rows
            size += batch.nbytes
            held = held + [batch] if held is not None and size <= most else None  # noqa: RUF005 - a copy is short
            yield batch
        self._held, self.rows = held, rows

    def _read(self) -> Iterable[pa.RecordBatch]:
        # A stream of no columns has no rows in Arrow; any one column counts them.
        columns = self.columns or self._source.full_schema.names[:1]
        return self._source.batches(columns, encoded=True, threads=not self._at_once)

    def _learn(self, first: pa.RecordBatch | None) -> None:
        """Take the types a source does not name from its first rows."""
        for field in first.schema if first is not None else ():
            if self.types[field.name].kind is Kind.EMPTY:
                self.types[field.name] = ColumnType(str(field.type), natural_kind(field.type))

    def _parts(self, width: int) -> Iterator[Stream]:
        for first in range(0, max(1, len(self.columns)), width):
            part = copy(self)
            part.columns = self.columns[first : first + width]
            yield part

    def _parts_at_once(self) -> Iterator[Stream]:
        """Yield parts of one column, of wide data of more: to open a source takes a while, too."""
        whole = copy(self)
        schema = self._source.full_schema
        whole.columns = list(spread({name: schema.field(name).type for name in self.columns}))
        whole._at_once = True
        return whole._parts(min(MOST_COLUMNS // _AT_ONCE, -(-len(self.columns) // MOST_COLUMNS) or 1))

    def _merged(self, parts: Iterable[tuple[Counted, int | None]]) -> Counted:
        counted: Counted = {}
        for found, rows in parts:
            if self.rows not in (None, rows):
                raise DataError(f"{self._source.label} changed while it was read: {self.rows} rows, then {rows}")
            self.rows = rows
            counted |= found
        return {name: counted[name] for name in self.columns if name in counted}


def _with_workers(count: Callable[[Stream, Takers], Counted], stream: Stream) -> Counted:
    with Workers() as workers:
        return count(stream, workers)
