"""A dummy model, which answers the same whatever it is asked: what ``BetterThanDummy`` is relative to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from airflow_ml_monitor import numerals
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance.answers import Answers, Problem
from airflow_ml_monitor.performance.decidable import labels_needed
from airflow_ml_monitor.performance.dummy_extremes import dummy_extremes
from airflow_ml_monitor.performance.reference import LEAST_LABELS
from airflow_ml_monitor.performance.registry import Difference, Estimate, difference, estimate
from airflow_ml_monitor.performance.verdict import Ruling, Verdict, both_ways, more_needed, still, too_few_known
from airflow_ml_monitor.results import CheckResult, Interval, Limits, Severity, Status

_BY_MEDIAN = frozenset({"mae", "median_absolute_error"})
_CONCLUSIONS = {
    Status.PASS: "whatever they are, it is better",
    Status.WARN: "whatever they are, it is not proven to be worse",
    Status.FAIL: "whatever they are, it is not better",
    Status.INSUFFICIENT: "that leaves it open; judge again when more have come",
}


def dummy_answers(labels: Answers, like: Answers, metric: str) -> Answers:
    """Return what a dummy that has seen some labels answers to the rows of ``like``.

    Scores are the shares of the classes, the class answered the most frequent one; the value answered is the mean, for
    metrics of absolute errors the median (as scikit-learn's dummy estimators do). It ranks all rows alike.

    :raises ConfigurationError: none of its labels is known.
    """
    seen = labels.known.y
    if not len(seen):
        raise ConfigurationError("a dummy needs labels that are known, and there is none")
    count = len(like)
    if like.problem is Problem.RANKING:
        return replace(like, score=np.zeros(count))
    if like.problem is Problem.REGRESSION:
        value = np.median(seen) if metric in _BY_MEDIAN else seen.mean()
        return replace(like, predicted=np.full(count, float(value)), score=None)
    classes = max(2, len(like.classes))
    shares = np.bincount(seen.astype(np.int64), minlength=classes) / len(seen)
    score = np.full(count, shares[1]) if like.problem is Problem.BINARY else np.tile(shares, (count, 1))
    return replace(like, predicted=np.full(count, float(shares.argmax())), score=None if like.score is None else score)


@dataclass(frozen=True, kw_only=True)
class DummyRuling(Ruling):
    """How a metric is judged beside a dummy's, on the same rows.

    :param seen: the answers whose labels the dummy has seen.
    """

    seen: Answers = field(default_factory=lambda: Answers(problem=Problem.BINARY, y=np.zeros(0)))

    def judge(self, answers: Answers, *, segment: str | None = None, severity: Severity | None = None) -> CheckResult:
        """Return the check of some answers, NaN in ``y`` being a missing label."""
        measured = estimate(self.metric, answers, confidence=self.confidence)
        theirs, apart = Estimate(None, None, 0), Difference(None, None, None, 0)
        if len(self.seen.known):
            dummy = dummy_answers(self.seen, answers, self.metric.name)
            theirs = estimate(self.metric, dummy, confidence=self.confidence)
            apart = difference(self.metric, dummy, answers, confidence=self.confidence)
        verdict = self._beside(answers, measured, apart)
        return CheckResult(
            check=self.metric.name,
            metric=self.metric.name,
            status=verdict.status,
            severity=severity or self.expectation.severity,
            required=self.expectation.required,
            segment=segment,
            value=measured.value,
            limits=self._wanted(theirs.value),
            interval=_moved(apart.interval, theirs.value),
            p_value=apart.p_value,
            n_current=measured.n,
            message=verdict.message,
            detail={
                "expectation": self.expectation.to_dict(),
                "interval_method": apart.method,
                "dummy": theirs.value,
                "difference": apart.value,
                **verdict.detail,
            },
        )

    def _wanted(self, value: float | None) -> Limits:
        """Return the limit that is the margin better than a value."""
        if value is None:
            return Limits()
        margin = self.expectation.number
        return Limits(lower=value + margin) if self.metric.higher_is_better else Limits(upper=value - margin)

    def _beside(self, answers: Answers, measured: Estimate, apart: Difference) -> Verdict:
        missing, total = int(np.isnan(answers.y).sum()), len(answers)
        if measured.value is None or apart.value is None:
            return Verdict(Status.INSUFFICIENT, (measured.reason or apart.reason) + still(missing, total))
        if measured.n < LEAST_LABELS:
            few = f"{measured.n} {self.metric.counted} are too few to judge by, {LEAST_LABELS} are needed"
            return Verdict(Status.INSUFFICIENT, few + still(missing, total))
        if missing and self.min_completeness is None:
            return self._at_extremes(answers, apart, missing, total)
        if missing and total - missing < (self.min_completeness or 0.0) * total:
            return too_few_known(missing, total, self.min_completeness or 0.0)
        return Verdict(self._status(apart), self._said(apart) + still(missing, total))

    def _at_extremes(self, answers: Answers, apart: Difference, missing: int, total: int) -> Verdict:
        status = self._whatever_is_missing(answers)
        if status is None:
            said = (
                f"{missing:,} of {total:,} labels are missing, and {self.metric.name} beside a dummy has no worst case"
            )
            said = f"{said}; judge again when they have come, or set min_completeness"
            return Verdict(Status.INSUFFICIENT, said, {"provisional": True})
        said = f"{self._said(apart)}; {missing:,} of {total:,} labels are missing: {_CONCLUSIONS[status]}"
        if status is not Status.INSUFFICIENT:
            return Verdict(status, said, {"missing": missing, "provisional": False})
        more = labels_needed(answers, lambda some: self._whatever_is_missing(some) is not Status.INSUFFICIENT)
        detail = {"missing": missing, "labels_needed": more, "provisional": True}
        return Verdict(status, said + more_needed(more, missing, total), detail)

    def _whatever_is_missing(self, answers: Answers) -> Status | None:
        """Return the verdict that holds whatever the missing labels are; ``None`` where nobody can tell."""
        dummy = dummy_answers(self.seen, answers, self.metric.name)
        apart = dummy_extremes(self.metric, self.seen, answers, dummy, confidence=self.confidence)
        return None if apart is None else both_ways(self._status(one) for one in apart)

    def _status(self, apart: Difference) -> Status:
        found = Estimate(apart.value, apart.interval, apart.n)
        return self.decided(found, self._wanted(0.0))

    def _said(self, apart: Difference) -> str:
        by = f" by {numerals.number(self.expectation.number)}" if self.expectation.number else ""
        proven = {
            Status.PASS: f"better than a dummy{by}",
            Status.WARN: f"not proven better than a dummy{by}",
            Status.FAIL: f"not better than a dummy{by}",
            Status.INSUFFICIENT: "beside a dummy without an interval",
        }[self._status(apart)]
        ends = " to ".join(numerals.number(end) for end in apart.interval or ())
        span = f": model less dummy is {numerals.number(apart.value)}" + (f", {ends}" if ends else "")
        return f"it is {proven}{span} ({apart.n:,} {self.metric.counted})"


def _moved(interval: Interval | None, by: float | None) -> Interval | None:
    return None if interval is None or by is None else Interval(interval.lower + by, interval.upper + by)
