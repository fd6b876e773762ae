"""Drift that must show in several windows before it closes a gate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import comb

from airflow_ml_monitor.drift.policy import DriftPolicy
from airflow_ml_monitor.history import reports_before
from airflow_ml_monitor.results import CheckResult, Limits, Report, Severity, Status, overall_status
from airflow_ml_monitor.window import Window

CHECK = "windows_drifted"


def confirmed(
    results: Sequence[CheckResult], policy: DriftPolicy, window: Window | None, history: Iterable[Report]
) -> list[CheckResult]:
    """Return the results of a batch with the check ``windows_drifted``, where the policy asks for several windows.

    Without enough of them nothing that drifted can do more than make the report ``warn``.

    :param results: what was found by comparing; no outage and no change of the schema, which need no second window.
    """
    if policy.confirm is None:
        return list(results)
    wanted, among = policy.confirm
    now = overall_status(results) is Status.FAIL
    before = [_drifted(report) for report in reports_before(history, window)[: among - 1]]
    count = sum((now, *before))
    closes = now and count >= wanted
    held = list(results) if closes else [_held(result) for result in results]
    said = f"{count} of the last {len(before) + 1} windows drifted"
    check = CheckResult(
        check=CHECK,
        metric="windows",
        status=Status.FAIL if closes else Status.WARN if now else Status.PASS,
        severity=Severity.CRITICAL if now else Severity.INFO,
        value=float(count),
        limits=Limits(upper=float(wanted)),
        message=f"{said}{', this one among them' if now else ''}; {wanted} of {among} close",
        detail={"drifted": now, "windows": len(before) + 1},
    )
    return [check, *held]


def rate_of_confirmed(rate: float, policy: DriftPolicy) -> float:
    """Return how often a batch without change closes, if each of the windows alone alarms at a rate, by chance."""
    if policy.confirm is None:
        return rate
    wanted, among = policy.confirm
    others = range(wanted - 1, among)
    return rate * sum(comb(among - 1, k) * rate**k * (1.0 - rate) ** (among - 1 - k) for k in others)


def _drifted(report: Report) -> bool:
    """Whether a window drifted, be it that its own report had to wait for others."""
    known = next((one.detail.get("drifted") for one in report.results if one.check == CHECK), None)
    return report.status is Status.FAIL if known is None else bool(known)


def _held(result: CheckResult) -> CheckResult:
    failing = result.severity is Severity.CRITICAL and result.status in (Status.FAIL, Status.WARN)
    return replace(result, severity=Severity.WARNING) if failing else result
