"""Limits learnt from the windows of the reference."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from airflow_ml_monitor.drift.finding import Finding
from airflow_ml_monitor.drift.limits import LearntLimits
from airflow_ml_monitor.drift.wording import number
from airflow_ml_monitor.profile.arrays import Floats
from airflow_ml_monitor.profile.variation import Variation


def with_learnt_limit(finding: Finding, variation: Variation | None, learnt: LearntLimits | None) -> Finding:
    """Return the finding with its limit raised to what windows of the reference reach among themselves.

    The probability that chance reaches the limit stays that of the lower one: nothing is claimed for it.
    """
    if variation is None or learnt is None or finding.limit is None or finding.column is None:
        return finding
    effects = variation.of(finding.column, finding.check, finding.metric)
    if len(effects) < learnt.least_windows:
        return finding
    limit = rule_limit(effects, learnt)
    detail = {**finding.detail, "natural": {"windows": len(effects), "limit": limit, "greatest": float(effects.max())}}
    if limit <= finding.limit:
        return replace(finding, detail=detail)
    told = f"the limit is learnt from {len(effects)} windows of the reference ({_rule(effects, learnt)})"
    detail["practical_limit"] = finding.limit
    return replace(finding, limit=limit, detail=detail, message=f"{finding.message}; {told}")


def rule_limit(effects: Floats, learnt: LearntLimits) -> float:
    """Return the limit that a rule gives for the effects of windows."""
    if learnt.rule == "quantile":
        return float(np.quantile(effects, learnt.quantile))
    return float(effects.mean() + learnt.k * effects.std(ddof=1))


def _rule(effects: Floats, learnt: LearntLimits) -> str:
    if learnt.rule == "quantile":
        return f"quantile {learnt.quantile:g} of their differences"
    return f"mean {number(float(effects.mean()))} + {learnt.k:g} sd of {number(float(effects.std(ddof=1)))}"
