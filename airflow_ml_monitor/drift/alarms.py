"""How often a policy cries wolf: the false alarms a year that follow from its alpha and from how often it looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np

from airflow_ml_monitor.drift.confirmation import rate_of_confirmed
from airflow_ml_monitor.drift.finding import Finding
from airflow_ml_monitor.drift.policy import DriftPolicy
from airflow_ml_monitor.drift.wording import number
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.profile.variation import Variation, key
from airflow_ml_monitor.results import CheckResult, Severity, Status
from airflow_ml_monitor.window import Window

YEAR = timedelta(days=365.25)


def looks_per_year(policy: DriftPolicy, window: Window | None) -> float | None:
    """Return how often a year is judged: as the policy says, or as often as the window fits into it."""
    if policy.looks_per_year is not None:
        return policy.looks_per_year
    return None if window is None else YEAR / window.length


def within_budget(policy: DriftPolicy, window: Window | None) -> DriftPolicy:
    """Return the policy with alpha lowered to the alarms a year it allows.

    :raises ConfigurationError: it is not known how often a year is judged.
    """
    if policy.alarms_per_year is None:
        return policy
    looks = looks_per_year(policy, window)
    if looks is None:
        raise ConfigurationError(
            f"DriftPolicy(alarms_per_year={policy.alarms_per_year:g}) needs to know how often batches are judged; "
            "give looks_per_year, or a window"
        )
    return replace(policy, alpha=min(policy.alpha, policy.alarms_per_year / looks))


def false_alarms(
    findings: Sequence[Finding], policy: DriftPolicy, window: Window | None, variation: Variation | None
) -> CheckResult:
    """Return the ``info`` result that states the implied false alarms a year, and what the reference's windows say."""
    tests = sum(finding.tested for finding in findings)
    alone = policy.alpha if policy.correction == "holm" else min(1.0, policy.alpha * tests)
    each = rate_of_confirmed(alone, policy)
    looks = looks_per_year(policy, window)
    told = f"a batch without any change fails with a probability of at most {number(each)}, its rows being independent"
    if policy.confirm is not None:
        some = " of ".join(map(str, policy.confirm))
        told = f"{told} and its windows too, of which {some} must alarm ({number(alone)} each)"
    if looks is None:
        told = f"{told}; give looks_per_year or a window to have the false alarms a year"
    else:
        told = f"{told}: {number(each * looks)} false alarms in the {number(looks)} looks of a year"
    detail: dict[str, object] = {"alpha": policy.alpha, "per_look": each, "looks_per_year": looks}
    if variation is not None and variation.windows:
        beyond = _windows_beyond(findings, variation)
        detail |= {"windows": len(variation.windows), "windows_beyond": beyond}
        told = f"{told}; {beyond} of the reference's {len(variation.windows)} windows reach a limit among themselves"
    return CheckResult(
        check="false_alarms",
        metric="per_year" if looks is not None else "per_look",
        status=Status.PASS,
        severity=Severity.INFO,
        value=each * looks if looks is not None else each,
        message=told,
        detail=detail,
    )


def _windows_beyond(findings: Sequence[Finding], variation: Variation) -> int:
    beyond = np.zeros(len(variation.windows), np.bool_)
    for finding in findings:
        if finding.severity is Severity.CRITICAL and finding.tested and finding.limit is not None:
            effects = variation.effects.get(finding.column or "", {}).get(key(finding.check, finding.metric))
            if effects is not None:
                beyond |= np.nan_to_num(effects, nan=0.0) >= finding.limit
    return int(beyond.sum())
