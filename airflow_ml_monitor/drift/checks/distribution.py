"""Whether the distribution of a column moved."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from airflow_ml_monitor.distributions import chi_square_isf, chi_square_sf, fisher_two_sided
from airflow_ml_monitor.drift.bins import quantile_bins
from airflow_ml_monitor.drift.finding import Finding
from airflow_ml_monitor.drift.levels import Levels
from airflow_ml_monitor.drift.methods.chi2 import chi_square
from airflow_ml_monitor.drift.methods.cramers_v import corrected_v
from airflow_ml_monitor.drift.methods.ks import ks_critical, ks_distance, ks_sf
from airflow_ml_monitor.drift.methods.psi import psi, psi_critical
from airflow_ml_monitor.drift.methods.tvd import total_variation
from airflow_ml_monitor.drift.methods.wasserstein import NullDistance, wasserstein_distance
from airflow_ml_monitor.drift.wording import moved, place, shown
from airflow_ml_monitor.profile.kinds import Kind
from airflow_ml_monitor.profile.numeric import NumericProfile

if TYPE_CHECKING:
    from airflow_ml_monitor.drift.policy import DriftPolicy

_FEW_EXPECTED = 10


def numeric_distribution(
    column: str, reference: NumericProfile, current: NumericProfile, policy: DriftPolicy
) -> list[Finding]:
    """Measure KS and normed Wasserstein, both on values clipped to the reference's 1st to 99th percentile."""
    make = partial(
        Finding,
        check="distribution",
        column=column,
        severity=policy.severity(column),
        n_reference=reference.count,
        n_current=current.count,
        message=moved(reference, current),
        detail={"reference": place(reference), "current": place(current), "clip": _clip(reference)},
    )
    found = [make(**_ks(reference, current, policy.limit("ks", column)))]
    if reference.clipped.variance > 0.0:
        found.append(make(**_wasserstein(reference, current, policy.limit("wasserstein_normed", column))))
    return found


def _ks(reference: NumericProfile, current: NumericProfile, limit: float) -> dict[str, Any]:
    n, m = reference.count, current.count
    value = ks_distance(reference, current, clip=True)
    return {
        "metric": "ks",
        "value": value,
        "limit": limit,
        "p_value": ks_sf(value, n, m),
        "chance": ks_sf(limit, n, m),
        "critical": partial(ks_critical, n=n, m=m),
    }


def _wasserstein(reference: NumericProfile, current: NumericProfile, limit: float) -> dict[str, Any]:
    null = NullDistance.of(reference, current, clip=True)
    distance, scale = wasserstein_distance(reference, current, clip=True), reference.clipped.variance**0.5
    return {
        "metric": "wasserstein_normed",
        "value": distance / scale,
        "limit": limit,
        "p_value": null.sf(distance),
        "chance": null.sf(limit * scale),
        "critical": lambda p: null.critical(p) / scale,
    }


def _clip(profile: NumericProfile) -> list[float | str]:
    bounds = profile.edges.low, profile.edges.high
    return [shown(profile, bound) if profile.kind is Kind.DATETIME else bound for bound in bounds]


def level_distribution(column: str, levels: Levels, policy: DriftPolicy) -> Finding:
    """Measure total variation, its evidence by the contingency chi-square with rare levels folded.

    Of two levels, one of them rare, by Fisher's exact test.
    """
    n, m = levels.n, levels.m
    statistic, df = chi_square(*levels.folded())
    size, limit = n * m / (n + m), policy.limit("tvd", column)
    return Finding(
        check="distribution",
        metric="tvd",
        column=column,
        severity=policy.severity(column),
        n_reference=n,
        n_current=m,
        value=total_variation(levels.reference, levels.current),
        limit=limit,
        p_value=_level_evidence(levels, statistic, df),
        chance=_chance_of_variation(levels, limit),
        critical=lambda p: 0.5 * math.sqrt(chi_square_isf(p, max(1, df)) / size),
        message=levels.story(),
        detail=levels.detail() | {"cramers_v": corrected_v(statistic, df, n + m), "chi2": statistic, "df": df},
    )


def _level_evidence(levels: Levels, statistic: float, df: int) -> float:
    """Return the chi-square's p-value; Fisher's exact one for two levels of which one is rare."""
    there = np.flatnonzero(levels.reference + levels.current)
    if len(there) == 2:
        total = levels.reference[there] + levels.current[there]
        if total.min() * min(levels.n, levels.m) < _FEW_EXPECTED * (levels.n + levels.m):
            return fisher_two_sided(int(levels.current[there[0]]), levels.m, int(total[0]), levels.n + levels.m)
    return chi_square_sf(statistic, df)


def _chance_of_variation(levels: Levels, limit: float) -> float:
    """Return a bound on the probability that no change reaches the limit: McDiarmid's inequality around the mean."""
    n, m = levels.n, levels.m
    share = (levels.reference + levels.current) / (n + m)
    size = n * m / (n + m)
    mean = 0.5 * float(np.sqrt(share * (1 - share) / size).sum())
    return math.exp(-2.0 * size * (limit - mean) ** 2) if limit > mean else 1.0


def score_distribution(column: str, reference: NumericProfile, current: NumericProfile, policy: DriftPolicy) -> Finding:
    """Measure PSI over ten bins at the reference's quantiles; the limit is never under what chance alone reaches."""
    one, other = quantile_bins(reference, current, 10)
    found = psi(one, other)
    n, m = found.n_reference, found.n_current
    bins = int(np.count_nonzero(one + other))
    limit = max(policy.limit("psi", column), psi_critical(policy.alpha, bins, n, m))
    return Finding(
        check="score",
        metric="psi",
        column=column,
        severity=policy.severity(column),
        n_reference=n,
        n_current=m,
        value=found.value,
        limit=limit,
        p_value=found.p_value,
        chance=chi_square_sf(limit / (1 / n + 1 / m), bins - 1),
        critical=partial(psi_critical, bins=bins, n=n, m=m),
        linear=True,
        message=moved(reference, current),
        detail={"reference": place(reference), "current": place(current), "bins": bins},
    )
