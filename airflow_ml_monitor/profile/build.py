"""Profiles of data: ``build_reference`` chooses where to count, ``profile_like`` counts there again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from airflow_ml_monitor.data import Connections, Dataset, as_dataset
from airflow_ml_monitor.data.dataset import Rows
from airflow_ml_monitor.errors import DataError, NoRowsError
from airflow_ml_monitor.profile.columns import ColumnProfile, counter_for
from airflow_ml_monitor.profile.kinds import ColumnType, Kind
from airflow_ml_monitor.profile.plain import PlainProfile
from airflow_ml_monitor.profile.plan import kinds_for, planners
from airflow_ml_monitor.profile.profile import Profile
from airflow_ml_monitor.profile.stream import Stream
from airflow_ml_monitor.profile.workers import Takers
from airflow_ml_monitor.window import Window


def build_reference(
    data: Any,
    *,
    window: Any = None,
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
    :param window: event time to read, as ``Window.of`` takes it; all rows by default.
    :param columns: columns to count; by default those of the dataset without its time and arrival columns.
    :param kinds: a kind (``numeric``, ``categorical``, ``boolean``, ``datetime``, ``text``, ``other``) for a column
        whose type says another, such as a numeric code.
    :param sample: rows to keep with the profile, drawn uniformly; none by default.
    :raises DataError: no rows, an unknown column, or values that are not of the kind wanted.
    """
    window = None if window is None else Window.of(window)
    dataset = as_dataset(data)
    rows = dataset.open(window, as_of=as_of, connections=connections)
    stream = Stream(rows, lambda: _counted(dataset, rows, columns), sample=sample, twice=True)
    kinds_of = kinds_for(stream.types, stream.columns, kinds)

    def count(part: Stream, takers: Takers) -> dict[str, ColumnProfile]:
        plan = planners({name: kinds_of[name] for name in part.columns}, kinds or ())
        for batch in part:
            takers.update(plan, batch)
        takers.wait()
        if not part.rows:
            raise NoRowsError(f"no rows{_within(window)} of {rows.label}; a reference needs rows to compare with")
        return _count(part, {name: planner.finish() for name, planner in plan.items()}, takers)

    return _without_values(stream.profile(stream.counted(count), window))


def profile_like(
    reference: Profile,
    data: Any,
    *,
    window: Any = None,
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
    window = None if window is None else Window.of(window)
    dataset = as_dataset(data)
    rows = dataset.open(window, as_of=as_of, connections=connections)
    stream = Stream(rows, lambda: _known(reference, dataset, rows.full_schema.names), sample=sample, twice=False)

    def count(part: Stream, takers: Takers) -> dict[str, ColumnProfile]:
        return _count(part, {name: _start(reference, name, part.types[name]) for name in part.columns}, takers)

    profile = stream.profile(stream.counted(count), window)
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


def _count(stream: Stream, start: Mapping[str, ColumnProfile], takers: Takers) -> dict[str, ColumnProfile]:
    counters = {name: counter_for(profile, name) for name, profile in start.items()}
    for batch in stream:
        takers.update(counters, batch)
        if stream.sample is not None:
            stream.sample.update(batch.select(stream.columns))
    takers.wait()
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
