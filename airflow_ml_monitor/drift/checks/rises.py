"""A share of the rows that rose: the finding that several checks have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from airflow_ml_monitor.drift.finding import Finding
from airflow_ml_monitor.drift.shares import Shares, chance_any_rises
from airflow_ml_monitor.drift.wording import percent

if TYPE_CHECKING:
    from airflow_ml_monitor.drift.policy import DriftPolicy
    from airflow_ml_monitor.profile.arrays import Counts


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


def greatest_rise(
    column: str, counts: tuple[Counts, Counts], sizes: tuple[int, int], policy: DriftPolicy, where: Callable[[int], str]
) -> Finding:
    """Return the finding of a value stuck: the greatest rise among many cells.

    The p-value is Fisher's times the number of cells that have rows.

    :param counts: rows of either side by cell; ``sizes``: the rows of either side, those in no cell included.
    :param where: says where a cell is.
    """
    (one, other), (n, m) = counts, sizes
    place = int(np.argmax(other / m - one / n))
    shares = Shares(int(one[place]), n, int(other[place]), m)
    looked_at = max(1, int(np.count_nonzero(one + other)))
    message = f"rows {where(place)}: {percent(shares.reference)} -> {percent(shares.current)}"
    found = share_rise("stuck_value", column, shares, policy, message)
    return replace(
        found,
        p_value=min(1.0, looked_at * (1.0 if found.p_value is None else found.p_value)),
        chance=chance_any_rises(one, other, n, m, policy.limit("stuck_value", column)),
        critical=lambda p: shares.critical(p / looked_at),
    )
