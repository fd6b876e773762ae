"""Which window a task run judges, by the rules of the design: the first source that names one wins."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow_ml_monitor.errors import WindowError
from airflow_ml_monitor.window import Last, Window, as_utc

_WEEK = re.compile(r"(\d{4})-(\d{2})-(\d{2}) \(W\d{2}\)")
_QUARTER = re.compile(r"(\d{4})-Q([1-4])")
_PERIOD = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:[T ](\d{2}))?)?)?")


def resolve_window(window: Any, context: Mapping[str, Any], as_of: datetime | None) -> Window:
    """Return the window of a task run.

    In this order: the ``window`` parameter; ``dag_run.conf["window"]``; the windows of the triggering asset events
    (``windows_of_events``; several span from the first start to the last end); the partition key; the data interval if
    it is longer than nothing.

    :param as_of: the moment that ``Last`` ends at; ``None`` for a moment of the run's own, the same for all its tries.
    :raises WindowError: none of them says, or the first that does is no window.
    """
    if isinstance(window, Last):
        return window.before(as_of or _moment_of_run(context))
    if isinstance(window, timedelta):
        raise WindowError(f"window={window!r} says how long and not when; give Last({window!r})")
    if window is not None:
        return Window.of(window)
    for source in (_from_conf, _from_events, _from_partition, _from_interval):
        found = source(context)
        if found is not None:
            return found
    raise WindowError(
        "no window: this run has no data interval, its dag_run.conf and triggering asset events name none; "
        'set window= on the task, trigger with {"window": {"start": ..., "end": ...}}, '
        "or schedule the DAG by a CronDataIntervalTimetable"
    )


def _moment_of_run(context: Mapping[str, Any]) -> datetime:
    run = context.get("dag_run")
    moment = context.get("data_interval_end") or getattr(run, "run_after", None) or getattr(run, "start_date", None)
    return as_utc(moment) if moment is not None else datetime.now(UTC)


def _from_conf(context: Mapping[str, Any]) -> Window | None:
    conf = getattr(context.get("dag_run"), "conf", None) or {}
    return _named('dag_run.conf["window"]', conf["window"]) if conf.get("window") is not None else None


def _named(where: str, value: Any) -> Window:
    try:
        return Window.of(value)
    except WindowError as error:
        raise WindowError(f"{where}: {error}") from error


def windows_of_events(context: Mapping[str, Any]) -> list[Window]:
    """Return the windows that the asset events which started a run name, all merged ones of them; each once, by time.

    A verdict's event names one (``extra["window"]``), and that of a watch its payload's (``LabelsArrivedTrigger``).

    :raises WindowError: what an event names is no window.
    """
    found = {_named("an asset event that started this run", value) for value in _event_windows(context)}
    return sorted(found, key=lambda window: (window.start, window.end))


def _from_events(context: Mapping[str, Any]) -> Window | None:
    windows = windows_of_events(context)
    return Window(windows[0].start, max(window.end for window in windows)) if windows else None


def _event_windows(context: Mapping[str, Any]) -> Iterator[Any]:
    # Not context["triggering_asset_events"]: it lists an event again under each of its aliases, and loses those of
    # assets whose URI Airflow normalises.
    for event in getattr(context.get("dag_run"), "consumed_asset_events", None) or ():
        extra = event.extra or {}
        if extra.get("window") is not None:
            yield extra["window"]
        payload = extra.get("payload")
        if extra.get("from_trigger") and isinstance(payload, Mapping):
            yield from payload.get("windows") or ()


def _from_partition(context: Mapping[str, Any]) -> Window | None:
    # Airflow 3.2 has it in the run only.
    key = context.get("partition_key") or getattr(context.get("dag_run"), "partition_key", None)
    return None if not key else period(str(key))


def period(key: str) -> Window:
    """Return the UTC period that a partition key names.

    By its own precision a year, quarter, month, week, day or hour, as Airflow's partition mappers write them; or
    ``start/end``.

    :raises WindowError: the key is neither.
    """
    if "/" in key:
        return Window.of(key)
    try:
        return _week(key) or _quarter(key) or _calendar(key)
    except ValueError as error:
        if isinstance(error, WindowError):
            raise
        raise WindowError(f"partition key {key!r} names no period: {error}") from error


def _week(key: str) -> Window | None:
    match = _WEEK.fullmatch(key)
    if match is None:
        return None
    first = _first(*match.groups())
    return Window(first, first + timedelta(weeks=1))


def _quarter(key: str) -> Window | None:
    match = _QUARTER.fullmatch(key)
    if match is None:
        return None
    year, quarter = int(match[1]), int(match[2])
    after = (year, 3 * quarter + 1) if quarter < 4 else (year + 1, 1)
    return Window(_first(year, 3 * quarter - 2), _first(*after))


def _calendar(key: str) -> Window:
    match = _PERIOD.fullmatch(key)
    if match is None:
        raise WindowError(
            f"partition key {key!r} names no period; use 2013, 2013-Q1, 2013-02, 2013-02-04 (W06), 2013-02-04, "
            "2013-02-04T05 or start/end, by key_format= of the DAG's timetable, or set window= on the task"
        )
    _, month, day, hour = match.groups()
    first = _first(*(part for part in match.groups() if part is not None))
    return Window(first, first + _length(first, month, day, hour))


def _first(year: Any, month: Any = 1, day: Any = 1, hour: Any = 0) -> datetime:
    return datetime(int(year), int(month), int(day), int(hour), tzinfo=UTC)


def _length(first: datetime, month: str | None, day: str | None, hour: str | None) -> timedelta:
    if hour is not None:
        return timedelta(hours=1)
    if day is not None:
        return timedelta(days=1)
    if month is not None:
        return timedelta(days=monthrange(first.year, first.month)[1])
    return first.replace(year=first.year + 1) - first


def _from_interval(context: Mapping[str, Any]) -> Window | None:
    start, end = context.get("data_interval_start"), context.get("data_interval_end")
    return Window(start, end) if start is not None and end is not None and start < end else None
