"""Verdicts as Airflow's own metrics, over StatsD or OpenTelemetry, as ``[metrics]`` of its configuration says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from airflow_ml_monitor.results import CheckResult, Report, Status, overall_status

if TYPE_CHECKING:
    from collections.abc import Sequence

PREFIX = "ml_monitor"
MOST_COLUMNS = 100
"""Columns of a report that have gauges of their own: the first ones by name, so that they are the same every time."""
RANKS = {Status.PASS: 0, Status.INSUFFICIENT: 1, Status.WARN: 2, Status.FAIL: 3, Status.ERROR: 4}
"""A status as a number; the greater, the worse. An alert on ``>= 3`` is one on all that closes a gate by default."""


class Gauge(NamedTuple):
    """One figure: its name below ``ml_monitor``, its tags, its value."""

    name: str
    value: float
    tags: dict[str, str]


def emit(report: Report) -> None:
    """Count a report and set its gauges; nothing happens where Airflow's metrics are off."""
    from airflow.providers.common.compat.sdk import Stats

    tagged = _tags_are_sent()
    about = _about(report)
    counted = Gauge("reports", 1, {**about, "status": report.status.value})
    Stats.incr(_name(counted, tagged=tagged), tags=counted.tags)
    for gauge in gauges(report):
        Stats.gauge(_name(gauge, tagged=tagged), gauge.value, tags=gauge.tags)


def gauges(report: Report) -> Iterator[Gauge]:
    """Yield the gauges of a report: its status, rows and duration, its checks on the whole, and its columns.

    ``column_status`` is the worst of a column's checks, ``column_effect`` its greatest value in units of its limit: 1
    is at the limit. Segments have none: their number is not bounded.
    """
    about = _about(report)
    yield Gauge("status", RANKS[report.status], about)
    yield Gauge("duration_seconds", report.duration, about)
    if report.rows_current is not None:
        yield Gauge("rows", report.rows_current, about)
    columns: dict[str, list[CheckResult]] = {}
    for result in report.results:
        if result.segment is not None:
            continue
        if result.column is not None:
            columns.setdefault(result.column, []).append(result)
        elif result.value is not None:
            yield Gauge(
                "check_value", result.value, {**about, "check": _plain(result.check), "metric": _plain(result.metric)}
            )
    for name in sorted(columns)[:MOST_COLUMNS]:
        yield from _of_column({**about, "column": _plain(name)}, columns[name])


def _of_column(tags: dict[str, str], results: Sequence[CheckResult]) -> Iterator[Gauge]:
    yield Gauge("column_status", RANKS[overall_status(results)], tags)
    effects = [
        result.value / result.limits.upper
        for result in results
        if result.value is not None and result.limits is not None and result.limits.upper
    ]
    if effects:
        yield Gauge("column_effect", max(effects), tags)


def _about(report: Report) -> dict[str, str]:
    about = {"environment": report.environment, "model": str(report.model), "kind": report.kind}
    return {name: _plain(text) for name, text in about.items()}


def _plain(text: str) -> str:
    """Return a text that StatsD takes as the value of a tag."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", text)


def _tags_are_sent() -> bool:
    from airflow_ml_monitor.version_compat import conf

    options = ("otel_on", "statsd_influxdb_enabled", "statsd_datadog_enabled")
    return any(conf.getboolean("metrics", option, fallback=False) for option in options)


def _name(gauge: Gauge, *, tagged: bool) -> str:
    """Return the metric's name; where tags are dropped it has their values: two models must not write one gauge."""
    parts = [] if tagged else [value.replace(".", "_") for value in gauge.tags.values()]
    return ".".join([PREFIX, gauge.name, *parts])
