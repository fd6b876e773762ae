"""A share of the rows that rose: the finding that several checks have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_ml_monitor.drift.finding import Finding
from airflow_ml_monitor.drift.shares import Shares

if TYPE_CHECKING:
    from airflow_ml_monitor.drift.policy import DriftPolicy


def share_rise(check: str, column: str, shares: Shares, policy: DriftPolicy, message: str, **detail: Any) -> Finding:
    """Return the finding of a rise, its evidence Fisher's one-sided test; the limit is the policy's of that name."""
    limit = policy.limit(check, column)
    return Finding(
        check=check,
        metric="share_rise",
        column=column,
        severity=policy.severity(column),
        n_reference=shares.n,
        n_current=shares.m,
        value=max(0.0, shares.rise),
        limit=limit,
        p_value=shares.p_rise(),
        chance=shares.chance_of_rise(limit),
        critical=shares.critical,
        linear=True,
        message=message,
        detail={"reference": shares.reference, "current": shares.current} | detail,
    )
