"""From findings to check results: a check fails on effect and evidence together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from airflow_ml_monitor.drift.correction import adjusted, threshold
from airflow_ml_monitor.drift.finding import Finding
from airflow_ml_monitor.drift.policy import DriftPolicy
from airflow_ml_monitor.drift.wording import number, rows
from airflow_ml_monitor.numerals import p_value
from airflow_ml_monitor.results import CheckResult, Limits, Severity, Status


def decide(findings: Sequence[Finding], policy: DriftPolicy) -> list[CheckResult]:
    """Return one result a finding, in their order, and one ``info`` result that says what could have been seen."""
    family = [finding for finding in findings if finding.tested]
    after = iter(adjusted(family, policy.correction))
    needed = threshold(family, policy.alpha, policy.correction)
    results = [_result(finding, next(after) if finding.tested else None, needed, policy) for finding in findings]
    return [*results, _power(family, needed, policy)] if family else results


def _result(finding: Finding, p_adjusted: float | None, needed: float, policy: DriftPolicy) -> CheckResult:
    evidence = p_adjusted if finding.tested else finding.p_value
    status = finding.settled or _status(finding, evidence, policy.alpha)
    message, detail = finding.message, dict(finding.detail)
    if finding.critical is not None:
        detail["smallest_effect"] = finding.critical(needed)
    if status is Status.PASS and finding.reached and evidence is not None:
        enough = detail["rows_to_decide"] = _rows_to_decide(finding, needed)
        hint = f"about {rows(enough)} would decide" if enough else "only a larger reference would decide"
        shown = p_value(evidence, policy.alpha)
        chance = f"chance alone may do as much with {rows(finding.n_current)} (adjusted p {shown})"
        message = f"{message}; {chance}, {hint}"
    return CheckResult(
        check=finding.check,
        metric=finding.metric,
        column=finding.column,
        severity=finding.severity,
        required=finding.required,
        status=status,
        value=finding.value,
        limits=Limits(upper=finding.limit),
        p_value=finding.p_value,
        p_adjusted=p_adjusted,
        n_reference=finding.n_reference,
        n_current=finding.n_current,
        message=message,
        detail=detail,
    )


def _status(finding: Finding, evidence: float | None, alpha: float) -> Status:
    return Status.FAIL if finding.reached and evidence is not None and evidence <= alpha else finding.otherwise


def _rows_to_decide(finding: Finding, needed: float) -> int | None:
    """Return the current rows from which on an effect of this size is evidence; ``None`` if no number is enough."""
    if finding.critical is None or not finding.value:
        return None
    factor = finding.critical(needed) / finding.value
    if finding.linear:
        return max(finding.n_current + 1, math.ceil(finding.n_current * factor))
    n, m = finding.n_reference, finding.n_current
    size = n * m / (n + m) * factor**2
    return max(m + 1, math.ceil(size * n / (n - size))) if size < n else None


def _power(family: Sequence[Finding], needed: float, policy: DriftPolicy) -> CheckResult:
    """Return what this report could see: the smallest distances at its sizes and its number of tests."""
    smallest: dict[str, float] = {}
    for finding in family:
        if finding.critical is not None and finding.check in ("distribution", "score"):
            effect = finding.critical(needed)
            smallest[finding.metric] = max(effect, smallest.get(finding.metric, 0.0))
    seen = ", ".join(f"{metric} {number(effect)}" for metric, effect in smallest.items())
    message = (
        f"{len(family)} tests; one alone must reach p {needed:.2g} to stay under {policy.alpha:g} for all. "
        f"Smallest effect that is evidence, in the column with the fewest values: {seen or 'none compared'}"
    )
    detail: dict[str, Any] = {"tests": len(family), "p_needed": needed, "smallest_effect": smallest}
    return CheckResult(
        check="power",
        metric="tests",
        status=Status.PASS,
        severity=Severity.INFO,
        value=float(len(family)),
        message=message,
        detail=detail,
    )
