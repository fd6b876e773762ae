"""What a person's decision on a report does to the gate that judges it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow_ml_monitor.results import CheckResult, Report, Severity, Status, overall_status

if TYPE_CHECKING:
    from airflow_ml_monitor.store import Decision

_LET_THROUGH = "approved_status"


def decided(
    checks: Sequence[CheckResult], report: Report, decision: Decision | None, *, task: str, where: Mapping[str, Any]
) -> list[CheckResult]:
    """Return the checks a gate makes of a report, its last decision considered.

    Approved, a report is a warning that says who let it through and why, and its checks stay as information. Refused,
    it is a failure whatever its status. An ``error`` cannot be approved: nothing passes that was not computed.

    :param checks: what the gate makes of it without a decision; ``task`` named it, ``where`` goes into the detail.
    """
    if decision is None or (decision.approved and report.status in (Status.ERROR, Status.PASS)):
        return list(checks)
    said = CheckResult(
        check=f"{task}.decision",
        metric="status",
        status=Status.WARN if decision.approved else Status.FAIL,
        severity=Severity.WARNING if decision.approved else Severity.CRITICAL,
        message=f"{report.status.value}, {decision}",
        detail={**where, _LET_THROUGH: report.status.value} if decision.approved else where,
    )
    if not decision.approved:
        return [said, *checks]
    return [said, *(replace(check, severity=Severity.INFO) for check in checks)]


def deciding_status(report: Report) -> Status:
    """Return the status that closes a gate: that of what nobody approved, ``pass`` where somebody approved all."""
    left = [one for one in report.results if _LET_THROUGH not in one.detail]
    if len(left) == len(report.results):
        return report.status
    return overall_status(left) if any(one.severity is not Severity.INFO for one in left) else Status.PASS
