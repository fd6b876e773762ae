"""Finding one check among those of a report."""

from __future__ import annotations

from airflow_ml_monitor.results import CheckResult, Report


def check(report: Report, name: str) -> CheckResult:
    """Return the only check of that name."""
    (found,) = [one for one in report.results if one.check == name]
    return found


def check_of(report: Report, name: str, segment: str | None = None) -> CheckResult:
    """Return the only check of that name on all rows, or on a segment."""
    (found,) = [one for one in report.results if one.check == name and one.segment == segment]
    return found
