"""Whether more or fewer values are missing, or infinite."""

from __future__ import annotations

import math
from dataclasses import replace

from airflow_ml_monitor.drift.checks.rises import share_rise
from airflow_ml_monitor.drift.finding import Finding
from airflow_ml_monitor.drift.policy import DriftPolicy
from airflow_ml_monitor.drift.shares import Shares
from airflow_ml_monitor.drift.wording import percent
from airflow_ml_monitor.profile.columns import ColumnProfile
from airflow_ml_monitor.profile.kernel import LARGEST
from airflow_ml_monitor.profile.numeric import NumericProfile
from airflow_ml_monitor.results import Status

_LARGEST = f"1e{math.log10(LARGEST):.0f}"


def missing_share(column: str, reference: ColumnProfile, current: ColumnProfile, policy: DriftPolicy) -> Finding:
    """Measure by how much the share of missing values moved, up or down."""
    shares = Shares(reference.missing, reference.rows, current.missing, current.rows)
    limit = policy.limit("missing_share", column)
    return Finding(
        check="missing_share",
        metric="share_moved",
        column=column,
        severity=policy.severity(column),
        n_reference=shares.n,
        n_current=shares.m,
        value=abs(shares.rise),
        limit=limit,
        p_value=shares.p_moved(),
        chance=shares.chance_of_move(limit),
        critical=shares.critical,
        message=_missing_story(shares),
        detail={"reference": shares.reference, "current": shares.current},
    )


def _missing_story(shares: Shares) -> str:
    if shares.k_current == shares.m and shares.k_reference < shares.n:
        return f"every value is missing; in the reference {percent(shares.reference)} are"
    if shares.k_reference == shares.n and shares.k_current < shares.m:
        return f"in the reference every value is missing, now {percent(shares.current)} are"
    return f"missing values {percent(shares.reference)} -> {percent(shares.current)}"


def infinite_share(
    column: str, reference: NumericProfile, current: NumericProfile, policy: DriftPolicy
) -> Finding | None:
    """Measure by how much the share of infinite values rose; ``None`` without any, or with too few values to say."""
    if not reference.infinite and not current.infinite:
        return None
    shares = _shares(reference, reference.infinite, current, current.infinite)
    if min(shares.n, shares.m) < policy.min_rows:
        return None
    signs = f"{current.positive_infinite:,} times +inf and {current.negative_infinite:,} times -inf now"
    message = f"infinite values {percent(shares.reference)} -> {percent(shares.current)}; {signs}"
    return share_rise("infinite", column, shares, policy, message)


def too_large_share(
    column: str, reference: NumericProfile, current: NumericProfile, policy: DriftPolicy
) -> Finding | None:
    """Measure by how much the share of values rose that are finite and too large for their squares to be.

    The other checks leave them out. So where they are many enough to matter, on either side, the column is undecided
    at best. ``None`` without any, or with too few values to say.
    """
    if not reference.too_large and not current.too_large:
        return None
    shares = _shares(reference, reference.too_large, current, current.too_large)
    if min(shares.n, shares.m) < policy.min_rows:
        return None
    told = f"{percent(shares.reference)} -> {percent(shares.current)}"
    message = f"values beyond {_LARGEST} {told}; they cannot be measured, divide the column to have it compared"
    matters = max(shares.reference, shares.current) >= policy.limit("too_large", column)
    found = share_rise("too_large", column, shares, policy, message)
    return replace(found, otherwise=Status.INSUFFICIENT, required=True) if matters else found


def _shares(reference: NumericProfile, of_reference: int, current: NumericProfile, of_current: int) -> Shares:
    return Shares(of_reference, reference.rows - reference.missing, of_current, current.rows - current.missing)
