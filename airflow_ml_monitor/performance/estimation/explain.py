"""``explain_change``: has the relation of features and label changed, or only the mix of the rows?"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from airflow_ml_monitor import numerals
from airflow_ml_monitor.data import Connections, as_dataset
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance.answers import Answers
from airflow_ml_monitor.performance.estimation.features import Encoder
from airflow_ml_monitor.performance.estimation.relation import Change, Parts
from airflow_ml_monitor.performance.estimation.sides import Side, read_side, require_comparable, too_few
from airflow_ml_monitor.performance.estimation.weighted import weighable
from airflow_ml_monitor.performance.expectations import AtLeast, AtMost
from airflow_ml_monitor.performance.reference import LEAST_LABELS
from airflow_ml_monitor.performance.registry import Estimate, Metric, find_metric
from airflow_ml_monitor.performance.scoring import Scoring
from airflow_ml_monitor.performance.verdict import Ruling
from airflow_ml_monitor.results import CheckResult, Limits, Report, Severity, Status
from airflow_ml_monitor.window import Window, as_utc

KIND = "relation"
MOST_UNCOVERED = 0.05
LEAST_EFFECTIVE = 100.0
MOST_ROWS = 200_000
"""Rows of a side that are looked at: of more, a seeded sample, whose size the checks tell."""
_CONCLUSIONS = {
    Status.FAIL: "worse by more than the margin because of the relation",
    Status.WARN: "perhaps worse by more than the margin because of the relation",
    Status.PASS: "not worse by more than the margin because of the relation",
}


def explain_change(
    reference: Any,
    current: Any,
    *,
    problem: str,
    metric: str,
    margin: float,
    features: Sequence[str] = (),
    label: str = "label",
    score: str | None = "score",
    scores: Mapping[Any, str] | None = None,
    prediction: str | None = None,
    positive: Any = None,
    threshold: float = 0.5,
    min_completeness: float = 0.9,
    window: Any = None,
    reference_window: Any = None,
    as_of: datetime | str | None = None,
    confidence: float = 0.95,
    connections: Connections | None = None,
) -> Report:
    """Return a report on why a metric is another than in the reference: for its mix of rows, or for another relation.

    A classifier, cross-fitted, tells current rows from the reference's by the features and the answers; its odds weigh
    the reference so that it has the mix of the current rows. What the metric of the reweighted reference is above that
    of the plain one is the *mix* (covariate shift); what the current metric is above the reweighted one is the
    *relation* (concept drift). They sum up to the change. What the features do not hold counts as relation.

    The checks: ``relation`` (critical: fails where its whole interval is worse than ``margin``, warns where it is on
    both sides), ``mix``, ``change`` and the three values as ``info``; ``reweighting``, without which nothing is
    decided: the reference's effective rows, at least 100, and no more than 5 % of current rows with no like in it;
    ``completeness``, likewise, of the current labels.

    :param reference: a dataset or data frame of predictions with their labels; ``current`` likewise.
    :param metric: what changed; :param margin: how much worse the relation alone may make it, in its own units.
    :param features: what the mix is of, besides the answers.
    :param min_completeness: the share of current rows whose label must be known: early ones are a biased sample.

    Of more than 200,000 labelled rows of a side, so many are drawn by a fixed seed.

    The other parameters are those of ``estimate_performance``.

    :raises ConfigurationError: what is asked for cannot go together; nothing has been read then.
    :raises DataError: the data is there and cannot be used as described.
    """
    started = time.perf_counter()
    scoring = Scoring.of(
        problem=problem,
        label=label,
        score=score,
        scores=scores,
        prediction=prediction,
        positive=positive,
        threshold=threshold,
    )
    question = Question.of(metric, scoring, margin, features, min_completeness, confidence)
    given, asked = as_dataset(reference), as_dataset(current)
    moment = datetime.now(UTC) if as_of is None else as_utc(as_of, what="as_of")
    where, before = (None if one is None else Window.of(one) for one in (window, reference_window))
    common: dict[str, Any] = {"features": features, "labelled": True, "as_of": moment, "connections": connections}
    sides = (
        read_side(given, scoring, called="reference", window=before, **common),
        read_side(asked, scoring, called="current", window=where, **common),
    )
    return Report(
        kind=KIND,
        results=tuple(question.results(*sides)),
        window=where,
        as_of=moment,
        reference=given.label if before is None else f"window {before} of {given.label}",
        rows_reference=len(sides[0].read.valid),
        rows_current=len(sides[1].read.valid),
        duration=time.perf_counter() - started,
        config=question.to_dict() | {"reference": given.to_dict(), "current": asked.to_dict()},
    )


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked of a change.

    :param looked_at: the columns that make the mix.
    :raises ConfigurationError: a margin, share or confidence that is none.
    """

    metric: Metric
    margin: float
    looked_at: tuple[str, ...]
    min_completeness: float
    confidence: float

    def __post_init__(self) -> None:
        if not np.isfinite(self.margin) or self.margin < 0:
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
        margin: float,
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
        encoder = Encoder.of(before.frame, self.looked_at)
        rows = encoder.encode(before.frame), encoder.encode(after.frame)
        change = Change.of(before.answers, after.answers, rows, encoder.leveled)
        weighed = self._reweighting(change)
        parts = change.explained(self.metric.name, confidence=self.confidence)
        decided = known.status is Status.PASS and weighed.status is Status.PASS
        told = [self._told(name, getattr(parts, name), change) for name in Parts._fields if name != "relation"]
        return [*found, known, weighed, self._relation(parts, change, decided=decided), *told]

    def _relation(self, parts: Parts, change: Change, *, decided: bool) -> CheckResult:
        found, better = parts.relation, self.metric.higher_is_better
        limits = Limits(lower=-self.margin) if better else Limits(upper=self.margin)
        expectation = (AtLeast if better else AtMost)(self.metric.name, -self.margin if better else self.margin)
        ruling = Ruling(metric=self.metric, expectation=expectation, confidence=self.confidence)
        status = ruling.decided(found, limits) if decided else Status.INSUFFICIENT
        return CheckResult(
            check="relation",
            metric=self.metric.name,
            status=status,
            value=found.value,
            limits=limits,
            interval=found.interval,
            n_reference=len(change.reference),
            n_current=len(change.current),
            message=self._worded(parts, status),
            detail={"interval_method": found.method, "columns": list(self.looked_at)},
        )

    def _worded(self, parts: Parts, status: Status) -> str:
        if parts.relation.value is None:
            return parts.relation.reason
        whole, mix, relation = (numerals.number(one.value, 3) for one in (parts.change, parts.mix, parts.relation))
        said = f"{self.metric.name} changed by {whole}: {mix} by the mix, {relation} by the relation"
        return f"{said}; {_CONCLUSIONS.get(status, 'nothing is decided by that')}"

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
        alone = f"{numerals.number(100 * uncovered, 3)} % of current rows have no like in it"
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
