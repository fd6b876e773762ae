"""Verdicts as Airflow's own metrics, over StatsD or OpenTelemetry, as ``[metrics]`` of its configuration says."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from airflow_ml_monitor.results import CheckResult, Severity, Status, overall_status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_ml_monitor.store import StoredReport

PREFIX = "ml_monitor"
MOST_SERIES = 100
"""Columns of a report, and checks on the whole, that have gauges: the first ones by name, the same every time."""
RANKS = {Status.PASS: 0, Status.INSUFFICIENT: 1, Status.WARN: 2, Status.FAIL: 3, Status.ERROR: 4}
"""A status as a number; the greater, the worse. An alert on ``>= 3`` is one on all that closes a gate by default."""
_LONGEST_NAME = 250
"""Characters of a StatsD name with its tags: Airflow sends no longer ones."""


class Gauge(NamedTuple):
    """One figure: its name below ``ml_monitor``, its tags, its value."""

    name: str
    value: float
    tags: dict[str, str]


def emit(stored: StoredReport) -> None:
    """Count a report and set its gauges; nothing happens where Airflow's metrics are off."""
    from airflow.providers.common.compat.sdk import Stats

    tagged = _tags_are_sent()
    counted = _fitting(Gauge("reports", 1, {**_about(stored), "status": stored.report.status.value}))
    Stats.incr(_name(counted, tagged=tagged), tags=counted.tags)
    for gauge in map(_fitting, gauges(stored)):
        Stats.gauge(_name(gauge, tagged=tagged), gauge.value, tags=gauge.tags)


def gauges(stored: StoredReport) -> Iterator[Gauge]:
    """Yield the gauges of a report: those of the whole, of each check on the whole, and of each column.

    ``check_value`` is that of the worst check where several have one name and metric. ``column_status`` is the worst
    of a column's checks, ``column_effect`` its greatest value in units of its limit: 1 is at the limit. Segments have
    none: their number is not bounded.
    """
    about = _about(stored)
    checks: dict[tuple[str, str], list[CheckResult]] = {}
    columns: dict[str, list[CheckResult]] = {}
    for result in stored.report.results:
        if result.segment is None and result.column is None:
            checks.setdefault((result.check, result.metric), []).append(result)
        elif result.segment is None and result.column is not None:
            columns.setdefault(result.column, []).append(result)
    yield from _of_report(stored, about)
    for check, metric in sorted(checks)[:MOST_SERIES]:
        yield from _of_check({**about, "check": _plain(check), "metric": _plain(metric)}, checks[check, metric])
    for name in sorted(columns)[:MOST_SERIES]:
        yield from _of_column({**about, "column": _plain(name)}, columns[name])


def _of_report(stored: StoredReport, about: dict[str, str]) -> Iterator[Gauge]:
    report = stored.report
    yield Gauge("status", RANKS[report.status], about)
    yield Gauge("verdict_timestamp_seconds", int(stored.written_at.timestamp()), about)
    if report.window is not None:
        yield Gauge("window_end_timestamp_seconds", int(report.window.end.timestamp()), about)
    yield Gauge("duration_seconds", report.duration, about)
    if report.rows_current is not None:
        yield Gauge("rows", report.rows_current, about)
    for status in Status:  # also those that no check has: a gauge that is not set again keeps what it had
        yield Gauge("checks", report.counts.get(status.value, 0), {**about, "status": status.value})


def _of_check(tags: dict[str, str], results: Sequence[CheckResult]) -> Iterator[Gauge]:
    yield Gauge("check_status", _rank(results), tags)
    worst = max(results, key=lambda result: RANKS[result.effective_status])
    figures = (("value", worst.value), ("lower_limit", worst.limits.lower), ("upper_limit", worst.limits.upper))
    for name, figure in figures:
        if figure is not None:
            yield Gauge(f"check_{name}", figure, tags)


def _of_column(tags: dict[str, str], results: Sequence[CheckResult]) -> Iterator[Gauge]:
    yield Gauge("column_status", _rank(results), tags)
    effects = [
        result.value / result.limits.upper for result in results if result.value is not None and result.limits.upper
    ]
    if effects:
        yield Gauge("column_effect", max(effects), tags)


def _rank(results: Sequence[CheckResult]) -> int:
    """Return the rank of some checks' status; of checks that never matter, that of a pass."""
    counted = [result for result in results if result.severity is not Severity.INFO]
    return RANKS[overall_status(counted)] if counted else RANKS[Status.PASS]


def _about(stored: StoredReport) -> dict[str, str]:
    """Return the tags of all metrics of a report; the task is one, or two on a model would write one gauge."""
    report, origin = stored.report, stored.origin
    about = {"environment": report.environment, "model": str(report.model), "kind": report.kind}
    return {name: _plain(text) for name, text in {**about, "dag_id": origin.dag_id, "task_id": origin.task_id}.items()}


def _plain(text: str) -> str:
    """Return a text that StatsD takes as the value of a tag; names in other letters stay different ones."""
    written = re.sub(r"[^A-Za-z0-9_.-]", "_", text) or "_"
    return written if text.isascii() else _marked(written, text)


def _marked(written: str, text: str) -> str:
    return f"{written}_{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _fitting(gauge: Gauge) -> Gauge:
    """Return a gauge whose longest tags are cut until Airflow sends it over StatsD."""
    tags = dict(gauge.tags)
    while (
        len(PREFIX) + len(gauge.name) + 1 + sum(len(f",{tag}={value}") for tag, value in tags.items()) > _LONGEST_NAME
    ):
        longest = max(tags, key=lambda tag: len(tags[tag]))
        tags[longest] = _marked(tags[longest][: len(tags[longest]) // 2], tags[longest])
    return gauge._replace(tags=tags)


def _tags_are_sent() -> bool:
    """Whether tags reach where Airflow sends its metrics; of the ways that are on, it takes the first of these."""
    from airflow_ml_monitor.version_compat import conf

    def is_on(option: str, *, fallback: bool = False) -> bool:
        return bool(conf.getboolean("metrics", option, fallback=fallback))

    if is_on("statsd_datadog_enabled"):
        return is_on("statsd_datadog_metrics_tags", fallback=True)
    return is_on("statsd_influxdb_enabled" if is_on("statsd_on") else "otel_on")


def _name(gauge: Gauge, *, tagged: bool) -> str:
    """Return the metric's name; where tags are dropped it has their values: two models must not write one gauge."""
    parts = [] if tagged else [value.replace(".", "_") for value in gauge.tags.values()]
    return ".".join([PREFIX, gauge.name, *parts])
