"""What a metric's estimate says of a limit: by its interval, and where labels are missing by their extremes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from airflow_ml_monitor import numerals
from airflow_ml_monitor.performance.answers import Answers
from airflow_ml_monitor.performance.expectations import AtLeast, AtMost, Expectation
from airflow_ml_monitor.performance.intervals.proportions import difference_of_two
from airflow_ml_monitor.performance.registry import Bounds, Estimate, Metric, bounds, estimate
from airflow_ml_monitor.results import CheckResult, Interval, Limits, Severity, Status

LEAST_LABELS = 30
"""Labels below which nothing is decided."""


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """How a metric is judged.

    :param reference: the metric of the reference, where the limit is relative to it.
    :param min_completeness: the share of labels from which those that are there decide; ``None`` for worst-case limits.
    """

    metric: Metric
    expectation: Expectation
    confidence: float
    min_completeness: float | None = None
    reference: Estimate | None = None

    @property
    def limits(self) -> Limits:
        """The limit in the metric's units; none where the reference has no value."""
        if isinstance(self.expectation, AtLeast):
            return Limits(lower=self.expectation.limit)
        if isinstance(self.expectation, AtMost):
            return Limits(upper=self.expectation.limit)
        if self.reference is None or self.reference.value is None:
            return Limits()
        margin = self.expectation.number
        if self.metric.higher_is_better:
            return Limits(lower=self.reference.value - margin)
        return Limits(upper=self.reference.value + margin)

    def judge(self, answers: Answers, *, segment: str | None = None, severity: Severity | None = None) -> CheckResult:
        """Return the check of some answers, NaN in ``y`` being a missing label."""
        found = self._measured(answers)
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
            n_reference=None if self.reference is None else self.reference.n,
            n_current=found.n,
            message=verdict.message,
            detail={**self._detail(found), **verdict.detail},
        )

    def _measured(self, answers: Answers) -> Estimate:
        return self._against_reference(estimate(self.metric, answers, confidence=self.confidence))

    def _against_reference(self, found: Estimate) -> Estimate:
        """Widen the interval by the reference's own: what is judged is the difference of the two."""
        reference = self.reference
        if reference is None or None in (reference.value, reference.interval, found.value, found.interval):
            return found
        apart = difference_of_two((found.value, found.interval), (reference.value, reference.interval))  # type: ignore[arg-type]
        return found._replace(interval=Interval(*(reference.value + end for end in apart)))  # type: ignore[operator]

    def _verdict(self, answers: Answers, found: Estimate) -> _Verdict:
        missing, total = int(np.isnan(answers.y).sum()), len(answers)
        if not any(limit is not None for limit in self.limits):
            why = "it was not evaluated" if self.reference is None else self.reference.reason
            return _Verdict(Status.INSUFFICIENT, f"the reference has no {self.metric.name}: {why}")
        if found.value is None:
            return _Verdict(Status.INSUFFICIENT, found.reason + _still(missing, total))
        if found.n < LEAST_LABELS:
            return _Verdict(
                Status.INSUFFICIENT,
                f"{found.n} labels are too few to judge by, {LEAST_LABELS} are needed{_still(missing, total)}",
            )
        if missing == 0:
            return _Verdict(self._decided(found), self._worded(found))
        if self.min_completeness is not None:
            return self._by_share(found, missing, total)
        return self._by_extremes(answers, found, missing, total)

    def _by_share(self, found: Estimate, missing: int, total: int) -> _Verdict:
        share, least = (total - missing) / total, self.min_completeness or 0.0
        if share >= least:
            return _Verdict(self._decided(found), self._worded(found) + _still(missing, total))
        said = f"{_percent(share)} of {total:,} labels are known, at least {_percent(least)} are asked for"
        return _Verdict(Status.INSUFFICIENT, f"{said}; judge again when more have come", {"provisional": True})

    def _by_extremes(self, answers: Answers, found: Estimate, missing: int, total: int) -> _Verdict:
        extremes = bounds(self.metric, answers, confidence=self.confidence)
        if extremes is None:
            said = f"{missing:,} of {total:,} labels are missing, and {self.metric.name} has no worst case"
            return _Verdict(
                Status.INSUFFICIENT,
                f"{said}; judge again when they have come, or set min_completeness",
                {"provisional": True},
            )
        both = Bounds(*(self._against_reference(extreme) for extreme in extremes))
        status = _of_both(self._decided(one) for one in both)
        detail = {"lowest": _plain(both.lowest), "highest": _plain(both.highest), "missing": missing}
        span = f"between {_number(both.lowest.value)} and {_number(both.highest.value)}"
        said = f"{self._worded(found)}; whatever the {missing:,} missing of {total:,} labels are, it is {span}"
        if status is Status.INSUFFICIENT:
            said += ", on both sides of the limit: judge again when more labels have come"
        return _Verdict(status, said, detail | {"provisional": status is Status.INSUFFICIENT})

    def _decided(self, found: Estimate) -> Status:
        """Return ``fail`` where the interval is wholly past the limit, ``warn`` where it is on both sides of it.

        The limit itself is inside.
        """
        if found.value is None or found.interval is None:
            return Status.INSUFFICIENT
        lower, upper = self.limits
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
            return f"{found.n:,} labels give no interval"
        where = {
            Status.FAIL: "wholly past the limit",
            Status.WARN: "on both sides of the limit",
            Status.PASS: "wholly within the limit",
        }[self._decided(found)]
        ends = " to ".join(_number(end) for end in found.interval)
        against = "" if self.reference is None else f" (reference {_number(self.reference.value)})"
        return f"its {_percent(self.confidence)} interval {ends} from {found.n:,} labels is {where}{against}"

    def _detail(self, found: Estimate) -> dict[str, Any]:
        detail: dict[str, Any] = {"expectation": self.expectation.to_dict(), "interval_method": found.method}
        if self.confidence != 0.95:
            detail["confidence"] = round(self.confidence, 6)
        if self.reference is not None:
            detail["reference"] = _plain(self.reference)
        return detail


@dataclass(frozen=True)
class _Verdict:
    status: Status
    message: str
    detail: dict[str, Any] = field(default_factory=dict)


def _of_both(statuses: Iterable[Status]) -> Status:
    """Return the verdict that holds whatever the missing labels are; ``insufficient`` where none does."""
    found = set(statuses)
    if len(found) == 1:
        return found.pop()
    return Status.WARN if found == {Status.PASS, Status.WARN} else Status.INSUFFICIENT


def _below(one: float, other: float) -> bool:
    return one < other and not numerals.same(one, other)


def _still(missing: int, total: int) -> str:
    return f"; {missing:,} of {total:,} labels are missing" if missing else ""


def _plain(found: Estimate) -> dict[str, Any]:
    interval = None if found.interval is None else list(found.interval)
    return {"value": found.value, "interval": interval, "n": found.n} | (
        {"reason": found.reason} if found.reason else {}
    )


def _number(value: float | None) -> str:
    return numerals.number(value)


def _percent(share: float) -> str:
    return f"{numerals.number(100 * share, 3)} %"
