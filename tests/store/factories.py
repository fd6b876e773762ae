"""Reports, checks and task tries for the tests of the store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from airflow_ml_monitor.results import CheckResult, Origin, Report
from airflow_ml_monitor.store import Decision
from airflow_ml_monitor.window import Window

MONDAY = datetime(2013, 2, 4, tzinfo=UTC)


def make_window(week: int = 0) -> Window:
    start = MONDAY + timedelta(weeks=week)
    return Window(start, start + timedelta(weeks=1))


def make_check(**changes: Any) -> CheckResult:
    defaults: dict[str, Any] = {
        "check": "distribution",
        "metric": "ks",
        "status": "fail",
        "column": "distance",
        "value": 0.14,
        "limits": (None, 0.1),
        "interval": (0.12, 0.16),
        "p_value": 1e-12,
        "p_adjusted": 3e-12,
        "n_reference": 27_004,
        "n_current": 6_103,
        "message": "moved to the right",
        "detail": {"reason": "chosen by kind", "quantiles": [80.0, 1_389.0], "more": {"ties": False, "note": None}},
    }
    return CheckResult(**(defaults | changes))


def make_report(**changes: Any) -> Report:
    defaults: dict[str, Any] = {
        "kind": "drift",
        "results": (make_check(), make_check(check="rows", metric="rows", status="pass", column=None, detail={})),
        "model": "flight_delay",
        "model_version": "7",
        "environment": "prod",
        "window": make_window(),
        "as_of": MONDAY + timedelta(days=8),
        "reference": "january v1 (sha256 1a2b3c4d)",
        "rows_reference": 27_004,
        "rows_current": 6_103,
        "duration": 0.25,
        "config": {"policy": {"alpha": 0.05, "methods": ["ks", "tvd"]}},
    }
    return Report(**(defaults | changes))


def make_origin(**changes: Any) -> Origin:
    defaults: dict[str, Any] = {"dag_id": "retraining", "run_id": "manual__1", "task_id": "drift"}
    return Origin(**(defaults | changes))


def make_decision(report_id: UUID, **changes: Any) -> Decision:
    defaults: dict[str, Any] = {
        "approved": True,
        "decided_by": "jane",
        "reason": "the airport was closed",
        "decided_at": MONDAY + timedelta(days=9),
        "dag_id": "retraining",
        "run_id": "manual__1",
        "task_id": "approval",
    }
    return Decision(report_id=report_id, **(defaults | changes))
