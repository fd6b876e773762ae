"""What a metric's estimate says of a limit: by its interval, and where labels are missing by their extremes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from airflow_ml_monitor import numerals
from airflow_ml_monitor.performance.answers import Answers, Problem
from airflow_ml_monitor.performance.decidable import labels_needed
from airflow_ml_monitor.performance.estimation.propensity import weighted_up
from airflow_ml_monitor.performance.expectations import AtLeast, AtMost, Expectation
from airflow_ml_monitor.performance.intervals.proportions import difference_of_two
from airflow_ml_monitor.performance.reference import LEAST_LABELS, OwnPerformance, Reference
from airflow_ml_monitor.performance.registry import Estimate, Metric, bounds, estimate
from airflow_ml_monitor.results import CheckResult, Interval, Limits, Severity, Status

_CONCLUSIONS = {
    Status.PASS: "within the limit even at worst",
    Status.WARN: "never wholly past the limit, and not always wholly within it",
    Status.FAIL: "past the limit even at best",
    Status.INSUFFICIENT: "that leaves it open; judge again when more have come",
}


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """How a metric is judged.

    :param reference: the metric of the reference, where the limit is relative to it; ``own`` is where it was found.
    :param min_completeness: the share of labels from which those that are there decide; ``None`` for worst-case limits.
    """

    metric: Metric
    expectation: Expectation
    confidence: float
    min_completeness: float | None = None
    reference: Reference | None = None
    own: OwnPerformance | None = None

    @property
    def limits(self) -> Limits:
        """The limit in the metric's units; none where the reference has no value."""
        return self._limits(self._measured_reference)

    @property
    def _measured_reference(self) -> Estimate | None:
        return None if self.reference is None else self.reference.measured

    def _limits(self, reference: Estimate | None) -> Limits:
        if isinstance(self.expectation, AtLeast):
            return Limits(lower=self.expectation.limit)
        if isinstance(self.expectation, AtMost):
            return Limits(upper=self.expectation.limit)
        if reference is None or reference.value is None:
            return Limits()
        margin = self.expectation.number
        if self.metric.higher_is_better:
            return Limits(lower=reference.value - margin)
        return Limits(upper=reference.value + margin)

    def judge(self, answers: Answers, *, segment: str | None = None, severity: Severity | None = None) -> CheckResult:
        """Return the check of some answers, NaN in ``y`` being a missing label."""
        measured = estimate(self.metric, answers, confidence=self.confidence)
        found = _widened(measured, self._measured_reference)
        verdict = self._verdict(answers, found)
        return CheckResult(
            check=self.metric.name,
            metric=self.metric.name,
            status=verdict.status,
            severity=severity or self.expectation.severity,
            required=self.expectation.required,
            segment=segment,
            value=found.value,
            limits=self.limits,
            interval=found.interval,
            n_reference=None if self.reference is None else self.reference.measured.n,
            n_current=found.n,
            message=verdict.message,
            detail={**self._detail(found), **verdict.detail, **weighted_up(self.metric, answers)},
        )

    def _verdict(self, answers: Answers, found: Estimate) -> Verdict:
        missing, total = int(np.isnan(answers.y).sum()), len(answers)
        unusable = "" if self.reference is None else self.reference.unusable(self.metric.name, self.min_completeness)
        if unusable:
            return Verdict(Status.INSUFFICIENT, unusable)
        if found.value is None:
            return Verdict(Status.INSUFFICIENT, found.reason + still(missing, total))
        if found.n < LEAST_LABELS:
            return Verdict(
                Status.INSUFFICIENT,
                f"{found.n} {self.metric.counted} are too few to judge by, {LEAST_LABELS} are needed"
                + still(missing, total),
            )
        if self.min_completeness is not None and missing:
            return self._by_share(found, missing, total)
        if missing or (self.min_completeness is None and self.reference is not None and self.reference.missing):
            return self._by_extremes(answers, found, missing, total)
        return Verdict(self.decided(found), self._worded(found))

    def _by_share(self, found: Estimate, missing: int, total: int) -> Verdict:
        share, least = (total - missing) / total, self.min_completeness or 0.0
        if share >= least:
            return Verdict(self.decided(found), self._worded(found) + still(missing, total))
        return too_few_known(missing, total, least)

    def _by_extremes(self, answers: Answers, found: Estimate, missing: int, total: int) -> Verdict:
        extremes = self._extremes(answers)
        if extremes is None:
            said = f"{missing:,} of {total:,} labels are missing, and {self.metric.name} has no worst case"
            return Verdict(
                Status.INSUFFICIENT,
                f"{said}; judge again when they have come, or set min_completeness{self._bounded_by}",
                {"provisional": True},
            )
        status, low, high = extremes
        detail = {"lowest": _plain(low), "highest": _plain(high), "missing": missing, "provisional": False}
        said = f"{self._worded(found)}; {self._reach(low, high, missing, total)}: {_CONCLUSIONS[status]}"
        if status is Status.INSUFFICIENT:
            more = labels_needed(answers, self._is_decided)
            said += more_needed(more, missing, total)
            detail |= {"labels_needed": more, "provisional": True}
        return Verdict(status, said, detail)

    @property
    def _bounded_by(self) -> str:
        """Say what would give the metric a worst case, where anything would."""
        targets = self.metric.problem is Problem.REGRESSION and self.metric.completions is not None
        return ", or give label_range, the least and the greatest target there can be" if targets else ""

    def _extremes(self, answers: Answers) -> tuple[Status, Estimate, Estimate] | None:
        """Return what holds whatever the missing labels are, and the metric with them at either extreme."""
        extremes = bounds(self.metric, answers, confidence=self.confidence)
        if extremes is None:
            return None
        least, most = (None, None) if self.reference is None else (self.reference.extremes or (None, None))
        pairs = (extremes.lowest, most), (extremes.highest, least)  # the reference, too, may lack labels
        low, high = (_widened(one, other) for one, other in pairs)
        status = both_ways(
            self.decided(one, self._limits(other)) for one, (_, other) in zip((low, high), pairs, strict=True)
        )
        return status, low, high

    def _is_decided(self, answers: Answers) -> bool:
        extremes = self._extremes(answers)
        return extremes is not None and extremes[0] is not Status.INSUFFICIENT

    def _reach(self, low: Estimate, high: Estimate, missing: int, total: int) -> str:
        """Say what the missing labels could make of the metric."""
        ends = [end for one in (low, high) for end in one.interval or ()]
        intervals = f", its interval {_number(min(ends))} to {_number(max(ends))}" if ends else ""
        said = f"the {missing:,} missing of {total:,} labels can make it {_number(low.value)} to {_number(high.value)}"
        if self.reference is None or not self.reference.missing:
            return said + intervals
        lacking = (
            f"{self.reference.missing:,} of {self.reference.total:,} labels of the {self.reference.called} are missing"
        )
        return f"{said}{intervals}, and {lacking}" if missing else lacking

    def decided(self, found: Estimate, limits: Limits | None = None) -> Status:
        """Return ``fail`` where the interval is wholly past the limit, ``warn`` where it is on both sides of it.

        The limit itself is inside.
        """
        if found.value is None or found.interval is None:
            return Status.INSUFFICIENT
        lower, upper = limits or self.limits
        if (lower is not None and _below(found.interval.upper, lower)) or (
            upper is not None and _below(upper, found.interval.lower)
        ):
            return Status.FAIL
        if (lower is not None and _below(found.interval.lower, lower)) or (
            upper is not None and _below(upper, found.interval.upper)
        ):
            return Status.WARN
        return Status.PASS

    def _worded(self, found: Estimate) -> str:
        if found.interval is None:
            return f"it has no interval: {found.reason or f'{found.n:,} {self.metric.counted}'}"
        where = {
            Status.FAIL: "wholly past the limit",
            Status.WARN: "on both sides of the limit",
            Status.PASS: "wholly within the limit",
        }[self.decided(found)]
        ends = " to ".join(_number(end) for end in found.interval)
        against = (
            "" if self.reference is None else f" ({self.reference.called} {_number(self.reference.measured.value)})"
        )
        of = f"{found.n:,} {self.metric.counted}"
        return f"its {numerals.percent(self.confidence)} interval {ends} from {of} is {where}{against}"

    def _detail(self, found: Estimate) -> dict[str, Any]:
        detail: dict[str, Any] = {"expectation": self.expectation.to_dict(), "interval_method": found.method}
        if self.confidence != 0.95:
            detail["confidence"] = round(self.confidence, 6)
        if self.reference is not None:
            detail["reference"] = _plain(self.reference.measured)
        return detail


@dataclass(frozen=True)
class Verdict:
    status: Status
    message: str
    detail: dict[str, Any] = field(default_factory=dict)


def _widened(found: Estimate, reference: Estimate | None) -> Estimate:
    """Widen the interval by the reference's own: what is judged is the difference of the two."""
    if reference is None or reference.value is None or found.value is None:
        return found
    if reference.interval is None or found.interval is None:
        return found
    apart = difference_of_two((found.value, found.interval), (reference.value, reference.interval))
    return found._replace(interval=Interval(*(reference.value + end for end in apart)))


def both_ways(statuses: Iterable[Status]) -> Status:
    """Return the verdict that holds whatever the missing labels are; ``insufficient`` where none does."""
    found = set(statuses)
    if len(found) == 1:
        return found.pop()
    return Status.WARN if found == {Status.PASS, Status.WARN} else Status.INSUFFICIENT


def more_needed(more: int | None, missing: int, total: int) -> str:
    if more is None:
        return ""
    share = numerals.percent((total - missing + more) / total)
    return f"; if those to come are like those known, about {more:,} more ({share} known) would decide"


def _below(one: float, other: float) -> bool:
    return one < other and not numerals.same(one, other)


def too_few_known(missing: int, total: int, least: float) -> Verdict:
    """Return the verdict where fewer labels are known than the share that is asked for."""
    said = f"{total - missing:,} of {total:,} labels are known, at least {numerals.percent(least)} are asked for"
    return Verdict(Status.INSUFFICIENT, f"{said}; judge again when more have come", {"provisional": True})


def still(missing: int, total: int) -> str:
    return f"; {missing:,} of {total:,} labels are missing" if missing else ""


def _plain(found: Estimate) -> dict[str, Any]:
    interval = None if found.interval is None else list(found.interval)
    return {"value": found.value, "interval": interval, "n": found.n} | (
        {"reason": found.reason} if found.reason else {}
    )


def _number(value: float | None) -> str:
    return numerals.number(value)
