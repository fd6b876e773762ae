"""What is asked of a change of performance, and the checks that answer it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from airflow_ml_monitor import numerals
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance.answers import Answers
from airflow_ml_monitor.performance.estimation.features import Encoder
from airflow_ml_monitor.performance.estimation.relation import Change, Parts
from airflow_ml_monitor.performance.estimation.sides import Side, require_comparable, too_few
from airflow_ml_monitor.performance.estimation.weighted import weighable
from airflow_ml_monitor.performance.expectations import AtLeast, AtMost
from airflow_ml_monitor.performance.reference import LEAST_LABELS
from airflow_ml_monitor.performance.registry import Estimate, Metric, find_metric
from airflow_ml_monitor.performance.scoring import Scoring
from airflow_ml_monitor.performance.verdict import Ruling
from airflow_ml_monitor.results import CheckResult, Limits, Severity, Status

MOST_UNCOVERED = 0.05
LEAST_EFFECTIVE = 100.0
MOST_ROWS = 200_000
"""Rows of a side that are looked at: of more, a seeded sample, whose size the checks tell."""
_CONCLUSIONS = {
    Status.FAIL: "; worse by more than the margin because of the relation",
    Status.WARN: "; perhaps worse by more than the margin because of the relation",
    Status.PASS: "; not worse by more than the margin because of the relation",
    Status.INSUFFICIENT: "; nothing is decided by that",
}


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked of a change.

    :param margin: how much worse the relation may make it; ``None`` where that is told and not judged.
    :param looked_at: the columns that make the mix.
    :raises ConfigurationError: a margin, share or confidence that is none.
    """

    metric: Metric
    margin: float | None
    looked_at: tuple[str, ...]
    min_completeness: float
    confidence: float

    def __post_init__(self) -> None:
        if self.margin is not None and (not np.isfinite(self.margin) or self.margin < 0):
            raise ConfigurationError(f"margin={self.margin!r} is how much worse {self.metric.name} may be: 0 or more")
        if not 0 < self.confidence < 1:
            raise ConfigurationError(f"confidence={self.confidence!r} must be between 0 and 1, such as 0.95")
        if not 0 < self.min_completeness <= 1:
            raise ConfigurationError(f"min_completeness={self.min_completeness!r} must be a share above 0 and up to 1")

    @classmethod
    def of(
        cls,
        metric: str,
        scoring: Scoring,
        margin: float | None,
        features: Sequence[str],
        min_completeness: float,
        confidence: float,
    ) -> Question:
        """Take up the arguments of ``explain_change``."""
        require_comparable(scoring, features)
        found = find_metric(metric, scoring.problem)
        known = weighable(scoring.problem, scored="score" in scoring.provides)
        known = [name for name in known if find_metric(name, scoring.problem).better != "neither"]
        if metric not in known:
            raise ConfigurationError(f"a change of {metric} cannot be explained; what can be is {', '.join(known)}")
        return cls(
            metric=found,
            margin=margin,
            looked_at=tuple(dict.fromkeys([*features, *scoring.columns])),
            min_completeness=min_completeness,
            confidence=confidence,
        )

    def results(self, reference: Side, current: Side) -> list[CheckResult]:
        """Return all checks."""
        known, found = _completeness(current, self.min_completeness), [*reference.findings(), *current.findings()]
        before, after = reference.labelled.sampled(MOST_ROWS), current.labelled.sampled(MOST_ROWS)
        reason = too_few(before.answers, LEAST_LABELS) or _too_few_now(after.answers)
        if reason:
            return [*found, known, _undecided(reason)]
        encoder = Encoder.of(before.table, self.looked_at)
        rows = encoder.encode(before.table), encoder.encode(after.table)
        change = Change.of(before.answers, after.answers, rows, encoder.leveled)
        weighed = self._reweighting(change)
        parts = change.explained(self.metric.name, confidence=self.confidence)
        if weighed.status is not Status.PASS:
            parts = parts.unknown(f"not known: {weighed.message}")
        told = [self._told(name, getattr(parts, name), change) for name in Parts._fields if name != "relation"]
        relation = self._relation(parts, change, decided=known.status is Status.PASS)
        return [*found, *self._unasked(), known, weighed, relation, *told]

    def _unasked(self) -> list[CheckResult]:
        if self.margin is not None:
            return []
        said = "no margin is given, so what the relation makes is told and not judged; give margin="
        return [CheckResult(check="margin", metric="margin", status=Status.INSUFFICIENT, required=True, message=said)]

    def _relation(self, parts: Parts, change: Change, *, decided: bool) -> CheckResult:
        found, limits = parts.relation, self._limits
        status = self._decided(found, limits) if decided else Status.INSUFFICIENT
        return CheckResult(
            check="relation",
            metric=self.metric.name,
            status=status,
            severity=Severity.CRITICAL if self.margin is not None else Severity.INFO,
            value=found.value,
            limits=limits,
            interval=found.interval,
            n_reference=len(change.reference),
            n_current=len(change.current),
            message=self._worded(parts, status),
            detail={"interval_method": found.method, "columns": list(self.looked_at)},
        )

    @property
    def _limits(self) -> Limits:
        if self.margin is None:
            return Limits()
        return Limits(lower=-self.margin) if self.metric.higher_is_better else Limits(upper=self.margin)

    def _decided(self, found: Estimate, limits: Limits) -> Status:
        if self.margin is None:
            return Status.INSUFFICIENT if found.value is None else Status.PASS
        expected = AtMost if limits.lower is None else AtLeast
        expectation = expected(self.metric.name, self.margin if limits.lower is None else -self.margin)
        return Ruling(metric=self.metric, expectation=expectation, confidence=self.confidence).decided(found, limits)

    def _worded(self, parts: Parts, status: Status) -> str:
        whole = f"{self.metric.name} changed by {_with_interval(parts.change)}"
        if parts.relation.value is None:
            return f"{whole}; {parts.relation.reason}"
        mix, relation = (_with_interval(one) for one in (parts.mix, parts.relation))
        judged = "" if self.margin is None and status is Status.PASS else _CONCLUSIONS[status]
        return f"{whole}: {mix} by the mix, {relation} by the relation{judged}"

    def _told(self, name: str, found: Estimate, change: Change) -> CheckResult:
        return CheckResult(
            check=name,
            metric=self.metric.name,
            status=Status.INSUFFICIENT if found.value is None else Status.PASS,
            severity=Severity.INFO,
            value=found.value,
            interval=found.interval,
            n_reference=len(change.reference),
            n_current=len(change.current),
            message=found.reason,
            detail={"interval_method": found.method},
        )

    def _reweighting(self, change: Change) -> CheckResult:
        rows, uncovered = change.reweighting.effective_rows, change.reweighting.uncovered
        enough = rows >= LEAST_EFFECTIVE and uncovered <= MOST_UNCOVERED
        worth = f"with the mix of the current rows the reference is worth {numerals.number(rows, 3)} of its"
        alone = f"{numerals.percent(uncovered)} of current rows have no like in it"
        said = f"{worth} {len(change.reference):,} rows; {alone}"
        return CheckResult(
            check="reweighting",
            metric="effective_rows",
            status=Status.PASS if enough else Status.INSUFFICIENT,
            required=True,
            value=rows,
            limits=Limits(lower=LEAST_EFFECTIVE),
            n_reference=len(change.reference),
            n_current=len(change.current),
            message=said if enough else f"{said}: too few to tell; take a reference that holds such rows",
            detail={"uncovered": uncovered},
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the resolved configuration as plain JSON types."""
        return {
            "problem": self.metric.problem.value,
            "metric": self.metric.name,
            "margin": self.margin,
            "columns": list(self.looked_at),
            "min_completeness": self.min_completeness,
            "confidence": self.confidence,
        }


def _with_interval(found: Estimate) -> str:
    said = numerals.number(found.value, 3)
    if found.interval is None:
        return said
    return f"{said} ({' to '.join(numerals.number(end, 3) for end in found.interval)})"


def _completeness(current: Side, least: float) -> CheckResult:
    total, known = len(current.answers), int((~np.isnan(current.answers.y)).sum())
    share = known / total if total else None
    enough = share is not None and share >= least
    return CheckResult(
        check="completeness",
        metric="completeness",
        status=Status.PASS if enough else Status.INSUFFICIENT,
        required=True,
        value=share,
        limits=Limits(lower=least),
        n_current=total,
        message=f"{known:,} of {total:,} rows have a label" + ("" if enough else "; ask again when more have come"),
    )


def _too_few_now(answers: Answers) -> str:
    labels = len(answers)
    return "" if labels >= LEAST_LABELS else f"{labels} current labels are too few, {LEAST_LABELS} are needed"


def _undecided(reason: str) -> CheckResult:
    return CheckResult(check="relation", metric="relation", status=Status.INSUFFICIENT, message=reason)
