"""Earlier reports: which of them a verdict knows, and which tell of the windows before one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from airflow_ml_monitor.results import Report
from airflow_ml_monitor.window import Window


def reports_known(history: Iterable[Report], as_of: datetime) -> list[Report]:
    """Return the reports of which a verdict of then knew: those that used no later knowledge than ``as_of``."""
    return [report for report in history if report.as_of <= as_of]


def reports_before(history: Iterable[Report], window: Window | None) -> list[Report]:
    """Return the latest report on each of the windows before one, the nearest window first.

    Of several reports on a window the one with the latest ``as_of`` counts. A window that does not end before the next
    one taken begins is left out: a row would be counted twice. Nothing goes before no window.
    """
    latest: dict[Window, Report] = {}
    for report in sorted(history, key=lambda one: one.as_of):
        if report.window is not None:
            latest[report.window] = report
    found: list[Report] = []
    begins = None if window is None else window.start
    for each in sorted(latest, key=lambda one: (one.end, one.start), reverse=True):
        if begins is not None and each.end <= begins:
            found.append(latest[each])
            begins = each.start
    return found
