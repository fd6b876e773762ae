"""Which methods compared which columns, and why: the automatic choice, told in the report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow_ml_monitor.drift.columns import FEW_VALUES
from airflow_ml_monitor.drift.finding import Finding
from airflow_ml_monitor.drift.policy import DriftPolicy
from airflow_ml_monitor.profile import Profile
from airflow_ml_monitor.profile.kinds import Kind
from airflow_ml_monitor.profile.numeric import NumericProfile
from airflow_ml_monitor.results import CheckResult, Severity, Status

_CHOSEN = ("distribution", "score", "constant", "levels", "kind")
_NAMED = 6


def methods_used(findings: Sequence[Finding], reference: Profile, policy: DriftPolicy) -> CheckResult:
    """Return the ``info`` result that says by which methods each column was compared, and why by these."""
    by_column: dict[str, dict[str, Any]] = {}
    for finding in findings:
        if finding.check in _CHOSEN and finding.column is not None:
            reason = _reason(finding, reference, policy)
            told = by_column.setdefault(finding.column, {"methods": [], "reason": reason})
            told["methods"].append(finding.metric)
    groups: dict[tuple[str, str], list[str]] = {}
    for column, told in by_column.items():
        groups.setdefault((" and ".join(told["methods"]), told["reason"]), []).append(column)
    sentences = [f"{methods} for {_some(names)} ({reason})" for (methods, reason), names in groups.items()]
    return CheckResult(
        check="methods",
        metric="columns",
        status=Status.PASS,
        severity=Severity.INFO,
        value=float(len(by_column)),
        message="; ".join(sentences) or "no column was compared",
        detail={"columns": by_column},
    )


def _some(columns: list[str]) -> str:
    more = f" and {len(columns) - _NAMED} more" if len(columns) > _NAMED else ""
    return f"{', '.join(columns[:_NAMED])}{more}"


def _reason(finding: Finding, reference: Profile, policy: DriftPolicy) -> str:
    column = str(finding.column)
    kind = reference.columns[column].kind
    if finding.settled is Status.INSUFFICIENT:
        return f"{kind}; fewer than {policy.min_rows} values on a side"
    if column in policy.methods:
        return f"{kind}; chosen by the policy"
    if kind is Kind.TEXT:
        return "text; by what describes it"
    numeric = isinstance(reference.columns[column], NumericProfile)
    reasons = {
        "score": "declared a score",
        "constant": f"{kind}; one value in the reference",
        "levels": f"{kind}; too many levels for the rows there are",
        "kind": "values of this type cannot be compared",
    }
    few = f"{kind}; at most {FEW_VALUES} values in the reference" if numeric else f"{kind}; by its levels"
    many = f"{kind}; more than {FEW_VALUES} values in the reference"
    return reasons.get(finding.check, few if finding.metric == "tvd" else many)
