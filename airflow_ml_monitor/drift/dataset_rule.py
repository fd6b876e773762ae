"""What drifted columns make of the whole report, where not any of them decides it."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_ml_monitor.drift.policy import DriftPolicy
from airflow_ml_monitor.drift.wording import percent
from airflow_ml_monitor.results import CheckResult, Limits, Severity, Status

_NAMED = 10


def dataset_check(results: Sequence[CheckResult], policy: DriftPolicy) -> list[CheckResult]:
    """Return the check of the share of columns that drifted; none under the rule ``any``.

    A column drifted when a check of it failed whose severity is not ``info``. It is insufficient where no column could
    be decided.
    """
    if policy.rule == "any":
        return []
    counted = [result for result in results if result.column is not None and result.severity is not Severity.INFO]
    weights = {result.column: policy.weights.get(str(result.column), 1.0) for result in counted}
    drifted = list(dict.fromkeys(result.column for result in counted if result.status is Status.FAIL))
    decided = any(result.status is not Status.INSUFFICIENT for result in counted)
    share = sum(weights[column] for column in drifted) / sum(weights.values()) if weights else 0.0
    limit = policy.limit("drifted_share", "")
    status = Status.INSUFFICIENT if not decided else Status.FAIL if share >= limit * (1 - 1e-9) else Status.PASS
    return [
        CheckResult(
            check="dataset",
            metric="drifted_share",
            status=status,
            value=share,
            limits=Limits(upper=limit),
            message=_message(drifted, len(weights), share, policy),
            detail={"rule": policy.rule, "drifted": drifted, "columns": len(weights)},
        )
    ]


def _message(drifted: Sequence[str | None], columns: int, share: float, policy: DriftPolicy) -> str:
    names = ", ".join(str(name) for name in drifted[:_NAMED])
    more = f" and {len(drifted) - _NAMED} more" if len(drifted) > _NAMED else ""
    named = f": {names}{more}" if drifted else ""
    weighed = f", {percent(share)} of their weight" if policy.rule == "weighted" else ""
    return f"{len(drifted)} of {columns} columns drifted{weighed}{named}"
