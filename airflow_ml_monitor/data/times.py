"""Event times: naive and aware ones, time zones and daylight saving, and the conditions that cut a window.

Naive times are compared as they stand, with the window's bounds moved to the wall clock of the dataset's zone, so no
source has to convert its rows. A wall time that occurs twice (clocks going back) counts as the first of the two; one
that never occurs (clocks going forward) as the moment of the change. Consecutive windows share no row and miss none.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from airflow_ml_monitor.errors import ConfigurationError, DataError
from airflow_ml_monitor.window import Window

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from airflow_ml_monitor.data.dataset import Dataset

_TICK = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1)


class Condition(NamedTuple):
    """``column >= value`` or ``column < value``; a missing value in the column never meets it."""

    column: str
    operator: Literal[">=", "<"]
    value: datetime | date


def zone(name: str) -> ZoneInfo:
    """Return an IANA time zone.

    :raises ConfigurationError: there is none of that name.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigurationError(
            f"time zone {name!r} is unknown; use an IANA name such as 'America/New_York'"
        ) from None


def wall_clock(instant: datetime, where: tzinfo) -> datetime:
    """Return the earliest naive wall time that is not before ``instant``: the bound to compare naive times with.

    In the second pass through a repeated hour every wall time of that hour already belongs to the first pass, so the
    bound is the end of the repeated hour.
    """
    local = instant.astimezone(where)
    if local.fold == 0:
        return local.replace(tzinfo=None)
    naive = local.replace(tzinfo=None)
    before, after = (naive.replace(tzinfo=where, fold=fold).utcoffset() or timedelta(0) for fold in (0, 1))
    low, high = instant - (before - after), instant
    while high - low > _TICK:
        middle = low + (high - low) / 2
        low, high = (middle, high) if middle.astimezone(where).utcoffset() == before else (low, middle)
    return (high.astimezone(UTC) + before).replace(tzinfo=None)


def conditions_for(
    dataset: Dataset, schema: pa.Schema, window: Window | None, as_of: datetime | None
) -> tuple[Condition, ...]:
    """Return what a row must meet to lie in the window and to have arrived by ``as_of``.

    :raises DataError: the column is not of times, or naive without a ``timezone``.
    """
    found: list[Condition] = []
    if dataset.time_column is not None and window is not None:
        lower, upper = (_bound(dataset, schema, dataset.time_column, at) for at in (window.start, window.end))
        found += [Condition(dataset.time_column, ">=", lower), Condition(dataset.time_column, "<", upper)]
    if dataset.arrived_at_column is not None and as_of is not None:
        found.append(not_after(dataset, schema, dataset.arrived_at_column, as_of))
    return tuple(found)


def not_after(dataset: Dataset, schema: pa.Schema, column: str, instant: datetime) -> Condition:
    """Return the condition that a time column's value is no later than an instant.

    :raises DataError: the column is not of times, or naive without a ``timezone``.
    """
    return Condition(column, "<", _bound(dataset, schema, column, instant + _TICK))


def not_before(dataset: Dataset, schema: pa.Schema, column: str, instant: datetime) -> Condition:
    """Return the condition that a time column's value is no earlier than an instant.

    :raises DataError: the column is not of times, or naive without a ``timezone``.
    """
    return Condition(column, ">=", _bound(dataset, schema, column, instant))


def instants(dataset: Dataset, column: str, times: pa.ChunkedArray) -> np.ndarray[Any, np.dtype[np.datetime64]]:
    """Return the values of a time column as moments in UTC, ``datetime64[us]``; NaT where one is missing.

    :raises DataError: the values are not times, or naive without a ``timezone``.
    """
    import numpy as np
    import pyarrow as pa

    from airflow_ml_monitor.data.arrays import flags, integers
    from airflow_ml_monitor.data.local_times import local_to_utc

    kind = times.type
    if pa.types.is_null(kind):
        return np.full(len(times), "NaT", dtype="datetime64[us]")
    _require_times(dataset, column, kind)
    since_epoch = integers(times.cast(pa.timestamp("us", getattr(kind, "tz", None)), safe=False))
    if not (pa.types.is_timestamp(kind) and kind.tz is not None):
        since_epoch = local_to_utc(since_epoch, _zone_of(dataset, column))
    moments = since_epoch.astype("datetime64[us]")
    if times.null_count:
        moments[~flags(times.is_valid())] = np.datetime64("NaT")
    return moments


def _bound(dataset: Dataset, schema: pa.Schema, column: str, instant: datetime) -> datetime | date:
    import pyarrow as pa

    kind = schema.field(column).type
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        return instant
    _require_times(dataset, column, kind)
    local = wall_clock(instant, _zone_of(dataset, column))
    if pa.types.is_timestamp(kind):
        return local
    day = local.date()
    return day if local == datetime.combine(day, datetime.min.time()) else day + timedelta(days=1)


def _require_times(dataset: Dataset, column: str, kind: pa.DataType) -> None:
    import pyarrow as pa

    if not (pa.types.is_timestamp(kind) or pa.types.is_date(kind)):
        raise DataError(
            f"time column {column!r} of {dataset.label} holds {kind}, not times; store it as a timestamp or cast it"
        )


def _zone_of(dataset: Dataset, column: str) -> ZoneInfo:
    if dataset.timezone is None:
        raise DataError(
            f"time column {column!r} of {dataset.label} holds times without a zone; "
            "say which one they are in, for example timezone='UTC'"
        )
    return zone(dataset.timezone)


def latest_instant(dataset: Dataset, batches: Iterable[pa.RecordBatch]) -> datetime | None:
    """Return the latest time of the dataset's time column over batches of that one column, in UTC."""
    import pyarrow.compute as pc

    found = [_python_time(pc.max(batch.column(0))) for batch in batches]
    known = [value for value in found if value is not None]
    return as_instant(dataset, max(known)) if known else None


def as_instant(dataset: Dataset, value: date) -> datetime:
    """Return a time or a day of the dataset's time column in UTC.

    :raises DataError: it is naive, and the dataset has no ``timezone``.
    """
    at = value if isinstance(value, datetime) else datetime.combine(value, datetime.min.time())
    if at.tzinfo is None:
        at = at.replace(tzinfo=_zone_of(dataset, str(dataset.time_column)))
    return at.astimezone(UTC)


def _python_time(value: pa.Scalar) -> date | None:
    """Return a time as Python's own, in UTC where it has a zone. Arrow's ``as_py`` would import pandas."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = value.type
    if not value.is_valid or not pa.types.is_timestamp(kind):
        return value.as_py()  # type: ignore[no-any-return]
    if kind.unit == "ns":
        value = pc.floor_temporal(value, unit="microsecond")
    at: datetime = _EPOCH + value.cast(pa.timestamp("us", kind.tz)).cast(pa.int64()).as_py() * _TICK
    return at.replace(tzinfo=None if kind.tz is None else UTC)
