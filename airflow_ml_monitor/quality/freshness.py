"""The check ``freshness``: how old the latest row is."""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow_ml_monitor.data import Dataset
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.quality.extent import Extent
from airflow_ml_monitor.results import CheckResult, Limits, Status
from airflow_ml_monitor.window import Window


def require_freshness_possible(dataset: Dataset, freshness: timedelta | None) -> None:
    """Raise where the age of the latest row is to be judged and could never be.

    :raises ConfigurationError: a freshness that is no positive time span, or a dataset without a time column.
    """
    if freshness is None:
        return
    if not isinstance(freshness, timedelta) or freshness <= timedelta(0):
        raise ConfigurationError(f"freshness={freshness!r} must be a timedelta longer than nothing")
    if dataset.time_column is None:
        raise ConfigurationError(
            f"freshness={freshness!r} needs to know when rows are from; give {dataset.label} a time_column"
        )


def freshness_check(
    extent: Extent, label: str, *, freshness: timedelta, as_of: datetime, window: Window | None
) -> CheckResult:
    """Return whether the latest row is at most ``freshness`` older than it could be.

    Its age counts from ``as_of``, or from the end of the window where that is earlier: a window of last month, judged
    again today, was as fresh as it was then. Times ahead of that moment, as of things scheduled, are fresh.
    """
    moment = as_of if window is None else min(as_of, window.end)
    limits = Limits(None, freshness.total_seconds())
    if extent.latest is None:
        return CheckResult(
            check="freshness",
            metric="age_seconds",
            status=Status.INSUFFICIENT,
            limits=limits,
            message=f"no row with a time is in {label}, so the age of the latest is unknown",
        )
    age = moment - extent.latest
    return CheckResult(
        check="freshness",
        metric="age_seconds",
        status=Status.PASS if age <= freshness else Status.FAIL,
        value=age.total_seconds(),
        limits=limits,
        n_current=extent.rows,
        message=f"the latest row of {label} is from {extent.latest.isoformat(timespec='seconds')}, "
        f"{_span(age)} {moment.isoformat(timespec='seconds')}; at most {_words(freshness)} allowed",
    )


def _span(age: timedelta) -> str:
    return f"{_words(age)} before" if age >= timedelta(0) else f"{_words(-age)} after"


def _words(span: timedelta) -> str:
    """Return the two largest units of a span: ``5 days 1 minute``."""
    seconds = round(span.total_seconds())
    parts = []
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        count, seconds = divmod(seconds, length)
        if count:
            parts.append(f"{count:,} {unit}{'s' if count > 1 else ''}")
    return " ".join(parts[:2]) or "0 seconds"
