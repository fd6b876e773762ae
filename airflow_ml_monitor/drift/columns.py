"""Which checks a column gets, by its kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from airflow_ml_monitor.drift.checks.by_name import named_distributions
from airflow_ml_monitor.drift.checks.distribution import level_distribution, numeric_distribution, score_distribution
from airflow_ml_monitor.drift.checks.missing import infinite_share, missing_share, too_large_share
from airflow_ml_monitor.drift.checks.novelty import (
    too_many_levels,
    unseen_level,
    unseen_levels,
    vanished_levels,
    woke_up,
)
from airflow_ml_monitor.drift.checks.outliers import far_outside, stuck_level, stuck_value
from airflow_ml_monitor.drift.finding import Finding
from airflow_ml_monitor.drift.levels import Levels
from airflow_ml_monitor.drift.policy import DriftPolicy
from airflow_ml_monitor.profile.columns import ColumnProfile
from airflow_ml_monitor.profile.kinds import Kind
from airflow_ml_monitor.profile.levels import LevelProfile
from airflow_ml_monitor.profile.numeric import NumericProfile
from airflow_ml_monitor.profile.text import TextProfile
from airflow_ml_monitor.results import Severity, Status

FEW_VALUES = 5
"""Numeric columns of at most so many values in the reference are compared level by level."""
_ROWS_PER_LEVEL = 2


def column_findings(
    column: str, reference: ColumnProfile, current: ColumnProfile, policy: DriftPolicy
) -> Iterator[Finding]:
    """Yield what is found about one column."""
    if min(reference.rows, current.rows) < policy.min_rows:
        yield _undecided("missing_share", "share_moved", column, (reference.rows, current.rows), policy, "rows")
    else:
        yield missing_share(column, reference, current, policy)
    if isinstance(reference, NumericProfile) and isinstance(current, NumericProfile):
        found = _numeric(column, reference, current, policy)
        yield from map(_noted, found) if reference.kind is Kind.DATETIME else found
    elif isinstance(reference, LevelProfile) and isinstance(current, LevelProfile):
        levels = Levels.of(reference, current)
        if column in policy.methods and min(levels.n, levels.m) >= policy.min_rows:
            yield from named_distributions(column, reference, current, policy)
            yield from _novelty(column, levels, policy)
        else:
            yield from _levels(column, levels, policy)
        if _too_many(levels) and min(levels.n, levels.m) >= policy.min_rows:
            yield stuck_level(column, Levels.in_groups(reference, current), policy)
    elif isinstance(reference, TextProfile) and isinstance(current, TextProfile):
        for name in reference.described:
            found = _numeric(column, reference.described[name], current.described[name], policy)
            yield from (_of_descriptor(name, finding) for finding in found)
    elif reference.kind is Kind.OTHER:
        yield _not_compared(column, reference, current)


def _numeric(column: str, reference: NumericProfile, current: NumericProfile, policy: DriftPolicy) -> Iterator[Finding]:
    beyond = (share(column, reference, current, policy) for share in (infinite_share, too_large_share))
    yield from (finding for finding in beyond if finding is not None)
    sizes = reference.count, current.count
    if min(sizes) < policy.min_rows:
        metric = "psi" if column in policy.scores else "ks"
        check = "score" if column in policy.scores else "distribution"
        yield _undecided(check, metric, column, sizes, policy, "measurable values")
    elif column in policy.methods:
        yield from named_distributions(column, reference, current, policy)
        yield from _beside(column, reference, current, policy)
    elif column in policy.scores:
        yield score_distribution(column, reference, current, policy)
        yield from _beside(column, reference, current, policy)
    elif _few_values(reference):
        yield from _levels(column, Levels.of_numbers(reference, current), policy)
        yield from _far(column, reference, current, policy)
    else:
        yield from numeric_distribution(column, reference, current, policy)
        yield from _beside(column, reference, current, policy)


def _few_values(reference: NumericProfile) -> bool:
    return reference.edges.distinct is not None and reference.edges.distinct <= FEW_VALUES


def _beside(column: str, reference: NumericProfile, current: NumericProfile, policy: DriftPolicy) -> Iterator[Finding]:
    yield from _far(column, reference, current, policy)
    yield stuck_value(column, reference, current, policy)


def _far(column: str, reference: NumericProfile, current: NumericProfile, policy: DriftPolicy) -> Iterator[Finding]:
    far = far_outside(column, reference, current, policy) if reference.kind is not Kind.DATETIME else None
    if far is not None:
        yield far


def _of_descriptor(name: str, finding: Finding) -> Finding:
    """Say of a finding about a text column which of its descriptors it is about."""
    return replace(finding, metric=f"{name}.{finding.metric}", message=f"{name}: {finding.message}")


def _noted(finding: Finding) -> Finding:
    """Take the weight off what is found about times: they move by nature, every batch by a day."""
    return replace(finding, severity=Severity.INFO)


def _levels(column: str, levels: Levels, policy: DriftPolicy) -> Iterator[Finding]:
    if min(levels.n, levels.m) < policy.min_rows:
        yield _undecided("distribution", "tvd", column, (levels.n, levels.m), policy, "values")
    elif levels.in_reference == 1:
        yield woke_up(column, levels, policy)
    elif _too_many(levels):
        yield too_many_levels(column, levels)
        if levels.complete:
            yield unseen_level(column, levels, policy)
    else:
        yield level_distribution(column, levels, policy)
        yield from _novelty(column, levels, policy)


def _novelty(column: str, levels: Levels, policy: DriftPolicy) -> Iterator[Finding]:
    if levels.complete:
        yield unseen_levels(column, levels, policy)
    vanished = vanished_levels(column, levels, policy)
    if vanished is not None:
        yield vanished


def _too_many(levels: Levels) -> bool:
    return levels.in_reference * _ROWS_PER_LEVEL > levels.n or not levels.complete


def _undecided(check: str, metric: str, column: str, sizes: tuple[int, int], policy: DriftPolicy, what: str) -> Finding:
    sides = [f"{'reference' if i == 0 else 'current'} has {size:,}" for i, size in enumerate(sizes)]
    return Finding(
        check=check,
        metric=metric,
        column=column,
        severity=policy.severity(column),
        n_reference=sizes[0],
        n_current=sizes[1],
        settled=Status.INSUFFICIENT,
        message=f"too few {what} to say ({', '.join(sides)}; at least {policy.min_rows} are needed on each side)",
    )


def _not_compared(column: str, reference: ColumnProfile, current: ColumnProfile) -> Finding:
    return Finding(
        check="kind",
        metric="kind",
        column=column,
        severity=Severity.INFO,
        n_reference=reference.count,
        n_current=current.count,
        settled=Status.PASS,
        message="values of this type are not compared; only missing ones are watched",
    )
