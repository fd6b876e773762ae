"""Profiles of data: ``build_reference`` chooses where to count, ``profile_like`` counts there again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from copy import copy
from dataclasses import replace
from datetime import datetime
from typing import Any, Self

import pyarrow as pa

from airflow_ml_monitor.data import Connections, Dataset, as_dataset
from airflow_ml_monitor.data.dataset import Rows
from airflow_ml_monitor.errors import DataError, NoRowsError
from airflow_ml_monitor.profile.columns import ColumnProfile, Counter, counter_for
from airflow_ml_monitor.profile.kinds import ColumnType, Kind, column_types, natural_kind
from airflow_ml_monitor.profile.plain import PlainProfile
from airflow_ml_monitor.profile.plan import Planner, kinds_for, planners
from airflow_ml_monitor.profile.profile import Profile
from airflow_ml_monitor.profile.sample import RowSample
from airflow_ml_monitor.window import Window

_HELD_BYTES = 1 << 26
_LARGE_BATCH = 20_000
_MOST_THREADS = 4
_MOST_COLUMNS = 32
"""Columns of wide data read at a time, where the source can: more would only take memory."""


def build_reference(
    data: Any,
    *,
    window: Window | None = None,
    as_of: datetime | None = None,
    columns: Sequence[str] | None = None,
    kinds: Mapping[str, str] | None = None,
    sample: int = 0,
    connections: Connections | None = None,
) -> Profile:
    """Return the profile of a reference, which says where later batches are counted.

    The rows are read twice (once where they are small): to choose edges and levels, and to count at them. Memory is
    bounded at any number of rows.

    :param data: a dataset, a pandas or polars data frame or an Arrow table.
    :param window: event time to read; all rows by default.
    :param columns: columns to count; by default those of the dataset without its time and arrival columns.
    :param kinds: a kind (``numeric``, ``categorical``, ``boolean``, ``datetime``, ``text``, ``other``) for a column
        whose type says another, such as a numeric code.
    :param sample: rows to keep with the profile, drawn uniformly; none by default.
    :raises DataError: no rows, an unknown column, or values that are not of the kind wanted.
    """
    dataset = as_dataset(data)
    rows = dataset.open(window, as_of=as_of, connections=connections)
    stream = _Stream(rows, lambda: _counted(dataset, rows, columns), sample)
    kinds_of = kinds_for(stream.types, stream.columns, kinds)
    counted: dict[str, ColumnProfile] = {}
    for part in stream.parts():
        plan = planners({name: kinds_of[name] for name in part.columns}, kinds or ())
        with _Workers() as workers:
            for batch in part:
                workers.update(plan, batch)
        if not part.rows:
            raise NoRowsError(f"no rows{_within(window)} of {rows.label}; a reference needs rows to compare with")
        counted |= _count(part, {name: planner.finish() for name, planner in plan.items()})
    return _without_values(stream.profile(counted, window))


def profile_like(
    reference: Profile,
    data: Any,
    *,
    window: Window | None = None,
    as_of: datetime | None = None,
    sample: int = 0,
    connections: Connections | None = None,
) -> Profile:
    """Return the profile of a batch, counted at the edges and levels of a reference, in one pass and bounded memory.

    Columns of the reference that the batch lacks, or has with values of another kind, are left out of the profile;
    ``schema_checks`` finds them.

    :param sample: rows to keep with the profile, drawn uniformly; none by default.
    :raises DataError: values that cannot be read as the reference's kind.
    """
    dataset = as_dataset(data)
    rows = dataset.open(window, as_of=as_of, connections=connections)
    stream = _Stream(rows, lambda: _known(reference, dataset, rows.full_schema.names), sample)
    counted: dict[str, ColumnProfile] = {}
    for part in stream.parts():
        counted |= _count(part, {name: _start(reference, name, part.types[name]) for name in part.columns})
    profile = stream.profile(counted, window)
    times = _times(dataset)
    seen = dataset.columns or [name for name in profile.types if name not in times or name in reference.columns]
    types = {name: kind for name, kind in profile.types.items() if name in seen}
    return _of_another_kind(reference, replace(profile, types=types))


def _known(reference: Profile, dataset: Dataset, there: Sequence[str]) -> list[str]:
    return [name for name in reference.columns if name in there and name in (dataset.columns or there)]


def _start(reference: Profile, name: str, now: ColumnType) -> ColumnProfile:
    """Return what a column is counted into; one of another kind only to see whether it has any value."""
    alike = reference.types[name].kind in (now.kind, Kind.EMPTY) or now.kind is Kind.EMPTY
    return reference.columns[name].empty() if alike else PlainProfile(kind=Kind.EMPTY)


def _of_another_kind(reference: Profile, profile: Profile) -> Profile:
    """Leave out columns of another kind, unless they have no value at all: then the type says nothing.

    A column of texts without any text is one of numbers to pandas, all of them NaN.
    """
    columns, types = dict(profile.columns), dict(profile.types)
    for name, column in profile.columns.items():
        was = reference.columns[name]
        if column.kind is was.kind:
            continue
        if column.rows > column.missing:
            del columns[name]
        else:
            columns[name] = replace(was.empty(), rows=column.rows, missing=column.missing)
            types[name] = ColumnType(types[name].text, Kind.EMPTY)
    return replace(profile, columns=columns, types=types)


def _without_values(profile: Profile) -> Profile:
    """Take columns of a reference that have no value for what they are: their type says nothing."""
    hollow = [name for name, column in profile.columns.items() if column.missing == column.rows]
    empty = {name: PlainProfile(kind=Kind.EMPTY, rows=profile.rows, missing=profile.rows) for name in hollow}
    types = {name: ColumnType(profile.types[name].text, Kind.EMPTY) for name in hollow}
    return replace(profile, columns={**profile.columns, **empty}, types={**profile.types, **types})


class _Workers:
    """Threads for the columns of large batches: NumPy and Arrow leave Python's lock while they sort and count.

    Two batches are under way at a time, so that no thread waits for the last column of one.
    """

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None
        self._last: dict[str, Future[None]] = {}

    def update(self, takers: Mapping[str, Planner | Counter], batch: pa.RecordBatch) -> None:
        """Give each column of a batch to what takes it, after those of the batch before."""
        if batch.num_rows < _LARGE_BATCH or len(takers) < 2:
            self.wait()
            for name, taker in takers.items():
                taker.update(batch.column(name))
            return
        if self._pool is None:
            self._pool = ThreadPoolExecutor(min(_MOST_THREADS, os.cpu_count() or 1))
        before = self._last
        self._last = {
            name: self._pool.submit(_after, before.get(name), takers[name], batch.column(name))
            for name in _spread(list(takers), batch)
        }
        for future in before.values():
            future.result()

    def wait(self) -> None:
        """Return when all columns given have been taken."""
        before, self._last = self._last, {}
        for future in before.values():
            future.result()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self.wait()
        finally:
            if self._pool is not None:
                self._pool.shutdown(cancel_futures=True)


def _spread(names: Sequence[str], batch: pa.RecordBatch) -> list[str]:
    """Put the columns that Arrow counts evenly among those that NumPy does.

    NumPy takes Python's lock thirty times a block, and counts cells under it: two such columns wait for each other.
    """
    kinds = {name: batch.column(name).type for name in names}
    by_numpy = [name for name, kind in kinds.items() if pa.types.is_integer(kind) or pa.types.is_floating(kind)]
    by_arrow = [name for name in names if name not in set(by_numpy)]
    placed = [(place / len(group), name) for group in (by_arrow, by_numpy) for place, name in enumerate(group)]
    return [name for _, name in sorted(placed)]


def _after(before: Future[None] | None, taker: Planner | Counter, array: pa.Array) -> None:
    if before is not None:
        before.result()
    taker.update(array)


class _Stream:
    """The batches of some columns, to be gone through more than once; small data is read only once."""

    def __init__(self, rows: Rows, columns: Callable[[], list[str]], sample: int) -> None:
        self._source = rows
        self._held: list[pa.RecordBatch] | None = None
        repeated = dict.fromkeys(
            rows.without_repeated(), ColumnType("more than one column of that name", Kind.REPEATED)
        )
        self.columns = columns()
        self.types = column_types(rows.full_schema) | repeated
        self.rows: int | None = None
        self.sample = RowSample(sample) if sample else None
        if any(self.types[name].kind is Kind.EMPTY for name in self.columns):
            self._learn(next(iter(self._read()), None))

    def parts(self) -> Iterator[_Stream]:
        """Yield this stream a few columns at a time, where that reads no more and no rows are kept: memory is bounded
        however many columns there are.

        :raises DataError: not all columns had the same number of rows.
        """
        if self.sample is not None or not self._source.by_column or len(self.columns) <= _MOST_COLUMNS:
            yield self
            return
        for first in range(0, len(self.columns), _MOST_COLUMNS):
            part = copy(self)
            part.columns = self.columns[first : first + _MOST_COLUMNS]
            yield part
            if self.rows not in (None, part.rows):
                raise DataError(f"{self._source.label} changed while it was read: {self.rows} rows, then {part.rows}")
            self.rows = part.rows

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
        held: list[pa.RecordBatch] | None = []
        size = 0
        for batch in self._held if self._held is not None else self._read():
            rows += batch.num_rows
            size += batch.nbytes
            held = held + [batch] if held is not None and size <= _HELD_BYTES else None  # noqa: RUF005 - a copy is short
            yield batch
        self._held, self.rows = held, rows

    def _read(self) -> Iterable[pa.RecordBatch]:
        # A stream of no columns has no rows in Arrow; any one column counts them.
        return self._source.batches(self.columns or self._source.full_schema.names[:1], encoded=True)

    def _learn(self, first: pa.RecordBatch | None) -> None:
        """Take the types a source does not name from its first rows."""
        for field in first.schema if first is not None else ():
            if self.types[field.name].kind is Kind.EMPTY:
                self.types[field.name] = ColumnType(str(field.type), natural_kind(field.type))


def _count(stream: _Stream, start: Mapping[str, ColumnProfile]) -> dict[str, ColumnProfile]:
    counters = {name: counter_for(profile, name) for name, profile in start.items()}
    with _Workers() as workers:
        for batch in stream:
            workers.update(counters, batch)
            if stream.sample is not None:
                stream.sample.update(batch.select(stream.columns))
    return {name: counter.finish() for name, counter in counters.items()}


def _counted(dataset: Dataset, rows: Rows, columns: Sequence[str] | None) -> list[str]:
    there = rows.full_schema.names
    named = dataset.columns if columns is None else columns
    if named is None:
        return [name for name in there if name not in _times(dataset)]
    unknown = [name for name in named if name not in there]
    if unknown:
        raise DataError(f"column {unknown[0]!r} is not in {rows.label}; it has {', '.join(there[:20])}")
    return list(named)


def _times(dataset: Dataset) -> set[str]:
    return {name for name in (dataset.time_column, dataset.arrived_at_column) if name is not None}


def _within(window: Window | None) -> str:
    return f" in {window}" if window else ""
