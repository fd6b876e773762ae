"""Reports as rows of the tables ``report`` and ``check_result``, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from airflow_ml_monitor.results import CheckResult, Interval, Limits, Origin, Report, Severity, Status
from airflow_ml_monitor.store.masking import masked
from airflow_ml_monitor.store.plain import plain_detail, plain_json, plain_text
from airflow_ml_monitor.store.stored import StoredReport
from airflow_ml_monitor.window import Window, as_utc

Row = Mapping[str, Any]


def report_row(key: UUID, report: Report, origin: Origin) -> dict[str, Any]:
    """Return the row of a report, without its checks."""
    config: dict[str, Any] = masked(plain_json(report.config))
    return {
        "id": key,
        **_plain_texts(report, ("environment", "model", "model_version", "kind", "reference", "package_version")),
        **window_columns(report.window),
        "as_of": report.as_of,
        **origin_columns(origin),
        "map_index": origin.map_index,
        "try_number": origin.try_number,
        **_plain_texts(origin, ("attempt",)),
        "status": report.status.value,
        "counts": report.counts,
        "rows_reference": _integer(report.rows_reference),
        "rows_current": _integer(report.rows_current),
        "duration_s": float(report.duration),
        "config": config,
        "config_hash": replace(report, config=config, results=()).config_hash,
        "message": plain_text(report.summary()),
    }


def check_row(key: UUID, position: int, result: CheckResult) -> dict[str, Any]:
    """Return the row of one check, at its position in the report."""
    lower, upper = result.interval or (None, None)
    return {
        "report_id": key,
        "position": position,
        "check_name": plain_text(result.check),
        **_plain_texts(result, ("metric", "segment", "message")),
        "status": result.status.value,
        "severity": result.severity.value,
        "required": bool(result.required),
        "column_name": None if result.column is None else plain_text(str(result.column)),
        "value": _number(result.value),
        "limit_lower": _number(result.limits.lower),
        "limit_upper": _number(result.limits.upper),
        "interval_lower": _number(lower),
        "interval_upper": _number(upper),
        "p_value": _number(result.p_value),
        "p_adjusted": _number(result.p_adjusted),
        "n_reference": _integer(result.n_reference),
        "n_current": _integer(result.n_current),
        "detail": plain_detail(result.detail),
    }


def stored_report(row: Row, checks: Sequence[Row]) -> StoredReport:
    """Return the stored report of a row and its check rows, the checks in their order."""
    origin = Origin(**{field.name: row[field.name] for field in fields(Origin)})
    return StoredReport(row["id"], _report(row, checks), origin, as_utc(row["written_at"]), row["profile_hash"])


def window_columns(window: Window | None) -> dict[str, datetime | None]:
    start, end = (None, None) if window is None else (window.start, window.end)
    return {"window_start": start, "window_end": end}


def origin_columns(origin: Origin) -> dict[str, str | None]:
    return _plain_texts(origin, ("dag_id", "run_id", "task_id"))


def window_of(start: datetime | None, end: datetime | None) -> Window | None:
    """Return the window that two columns hold; ``None`` where they are empty."""
    return None if start is None or end is None else Window(start, end)


def _report(row: Row, checks: Sequence[Row]) -> Report:
    return Report(
        kind=row["kind"],
        results=tuple(_check(check) for check in checks),
        model=row["model"],
        model_version=row["model_version"],
        environment=row["environment"],
        window=window_of(row["window_start"], row["window_end"]),
        as_of=row["as_of"],
        reference=row["reference"],
        rows_reference=row["rows_reference"],
        rows_current=row["rows_current"],
        duration=row["duration_s"],
        config=row["config"],
        package_version=row["package_version"],
    )


def _check(row: Row) -> CheckResult:
    lower, upper = row["interval_lower"], row["interval_upper"]
    return CheckResult(
        check=row["check_name"],
        metric=row["metric"],
        status=Status(row["status"]),
        severity=Severity(row["severity"]),
        required=row["required"],
        column=row["column_name"],
        segment=row["segment"],
        value=row["value"],
        limits=Limits(row["limit_lower"], row["limit_upper"]),
        interval=None if lower is None or upper is None else Interval(lower, upper),
        p_value=row["p_value"],
        p_adjusted=row["p_adjusted"],
        n_reference=row["n_reference"],
        n_current=row["n_current"],
        message=row["message"],
        detail=row["detail"],
    )


def _plain_texts(source: object, names: Sequence[str]) -> dict[str, str | None]:
    values = {name: getattr(source, name) for name in names}
    return {name: None if value is None else plain_text(str(value)) for name, value in values.items()}


def _number(value: Any) -> float | None:
    # NumPy's scalars print as np.float64(0.1), which is no SQL.
    return None if value is None else float(value)


def _integer(value: Any) -> int | None:
    return None if value is None else int(value)
