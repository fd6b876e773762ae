"""What an estimate is worth to a gate: it may close one, and it proves nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow_ml_monitor.results import CheckResult, Severity, Status

if TYPE_CHECKING:
    from airflow_ml_monitor.results import Report

KIND = "estimated_performance"


def proves_nothing(report: Report) -> bool:
    """Whether a report would open a gate by what was estimated, not by what labels gave."""
    return report.kind == KIND and report.status in (Status.PASS, Status.WARN)


def unproven(report: Report, task: str, where: Mapping[str, Any]) -> list[CheckResult]:
    """Return the checks of such a report: alone they are ``insufficient``, beside other reports its warnings remain.

    :param task: the task that made it; ``where`` goes into the detail of each.
    """
    verdict = CheckResult(
        check=f"{task}.{report.kind}",
        metric="status",
        status=Status.INSUFFICIENT,
        n_current=report.rows_current,
        message=f"an estimate may close a gate and opens none by itself: labels must say it; {report.headline}",
        detail=dict(where),
    )
    # A critical warning would be a verdict of its own, and so open the gate.
    warnings = [
        replace(one, check=f"{task}.{one.check}", severity=Severity.WARNING, detail={**one.detail, **where})
        for one in report.reasons
    ]
    return [verdict, *warnings]
