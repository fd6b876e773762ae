"""Which checks are shown, in what order, and what a report is about in words."""

from __future__ import annotations

from collections.abc import Iterable

from airflow_ml_monitor import numerals
from airflow_ml_monitor.results import CheckResult, Report, Status

MARKS = {
    Status.ERROR: "‼",
    Status.FAIL: "✖",
    Status.WARN: "▲",
    Status.INSUFFICIENT: "?",
    Status.PASS: "✔",
}
"""A sign beside the word of a status, from the worst: colour alone tells some readers nothing."""


def facts(report: Report) -> dict[str, str]:
    """Return what a report is about, name -> words; what is not known is left out."""
    found = {
        "Model": report.model,
        "Model version": report.model_version,
        "Environment": report.environment,
        "Kind": report.kind.replace("_", " "),
        "Window": None if report.window is None else str(report.window),
        "As of": report.as_of.isoformat(timespec="seconds"),
        "Reference": report.reference,
        "Rows of the reference": _count(report.rows_reference),
        "Rows judged": _count(report.rows_current),
        "Computed in": f"{numerals.number(report.duration)} s",
        "Package version": report.package_version,
    }
    return {name: words for name, words in found.items() if words}


def by_status(report: Report) -> dict[Status, list[CheckResult]]:
    """Return the checks by their status, the worst first; a status that no check has is left out."""
    found = {status: list(report.with_status(status)) for status in MARKS}
    return {status: checks for status, checks in found.items() if checks}


def needs_a_look(result: CheckResult) -> bool:
    """Whether a check did more than pass, its severity considered."""
    return result.effective_status is not Status.PASS


def columns_to_look_at(report: Report) -> dict[str, list[CheckResult]]:
    """Return the columns with a check that needs a look and those checks, columns of the worst status first."""
    found: dict[str, list[CheckResult]] = {}
    for result in report.with_status(*MARKS):
        if result.column is not None and result.segment is None and needs_a_look(result):
            found.setdefault(str(result.column), []).append(result)
    order = list(MARKS)
    ranked = {name: sorted(checks, key=lambda one: order.index(one.effective_status)) for name, checks in found.items()}
    return dict(sorted(ranked.items(), key=lambda item: (order.index(item[1][0].effective_status), -_excess(item[1]))))


def measured(result: CheckResult) -> tuple[str, str]:
    """Return a check's value and its limits in words; empty where there is none."""
    value, lower, upper = numerals.beside(result.value, *result.limits)
    limited = any(limit is not None for limit in result.limits)
    return ("" if result.value is None else value), (result.limits.written(lower, upper) if limited else "")


def in_words(result: CheckResult) -> str:
    """Return a check's metric with its value, and its limits, in words; empty where there is neither."""
    value, limits = measured(result)
    return ", ".join(part for part in (f"{result.metric} {value}" if value else "", limits) if part)


def told_metrics(report: Report) -> list[CheckResult]:
    """Return the metrics of all rows that have an interval and no limit: they are told, not judged."""
    return [
        one
        for one in report.results
        if one.interval is not None and one.segment is None and one.limits.lower is None and one.limits.upper is None
    ]


def in_one_line(text: object) -> str:
    """Return a text without line breaks and characters that are not shown."""
    return " ".join("".join(char if char.isprintable() else " " for char in str(text)).split())


def shortened(text: object, most: int) -> str:
    """Return a text in one line that is cut behind so many characters."""
    line = in_one_line(text)
    return line if len(line) <= most else f"{line[:most].rstrip()} ..."


def _excess(checks: Iterable[CheckResult]) -> float:
    """Return the largest of value / upper limit: how far beyond its limit a column is."""
    return max((one.value / one.limits.upper for one in checks if one.value and one.limits.upper), default=0.0)


def _count(rows: int | None) -> str | None:
    return None if rows is None else f"{rows:,}"
