"""What an estimate without labels says of a limit: by its interval, as ``verdict`` has it for labels."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_ml_monitor import numerals
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance.answers import Answers
from airflow_ml_monitor.performance.expectations import AtLeast, AtMost, Expectation, NoWorseThanReference
from airflow_ml_monitor.performance.intervals.proportions import difference_of_two
from airflow_ml_monitor.performance.reference import Reference
from airflow_ml_monitor.performance.registry import Estimate, Metric
from airflow_ml_monitor.performance.verdict import Ruling
from airflow_ml_monitor.results import CheckResult, Interval, Severity, Status

_WHERE = {
    Status.FAIL: "wholly past the limit",
    Status.WARN: "on both sides of the limit",
    Status.PASS: "wholly within the limit",
}


@dataclass(frozen=True, kw_only=True)
class Estimated:
    """An estimate of a metric, and the reference's rows it was made of.

    :param reference: the labelled answers of the reference.
    """

    metric: Metric
    found: Estimate
    reference: Answers
    confidence: float

    def judge(self, expectation: Expectation) -> CheckResult:
        """Return the check of an expectation: by the interval, as with labels."""
        own = self._own(expectation)
        ruling = Ruling(metric=self.metric, expectation=expectation, confidence=self.confidence, reference=own)
        unusable = "" if own is None else own.unusable(self.metric.name, None)
        found = self.found if own is None or unusable else _widened(self.found, own.measured)
        status = Status.INSUFFICIENT if unusable else ruling.decided(found)
        return CheckResult(
            check=self.metric.name,
            metric=self.metric.name,
            status=status,
            severity=expectation.severity,
            required=expectation.required,
            value=found.value,
            limits=ruling.limits,
            interval=found.interval,
            n_reference=len(self.reference),
            n_current=found.n,
            message=unusable or self._worded(found, status, own),
            detail={"expectation": expectation.to_dict(), "interval_method": found.method, "estimated": True},
        )

    def told(self) -> CheckResult:
        """Return the check of a metric nobody asked for."""
        return CheckResult(
            check=self.metric.name,
            metric=self.metric.name,
            status=Status.INSUFFICIENT if self.found.value is None else Status.PASS,
            severity=Severity.INFO,
            value=self.found.value,
            interval=self.found.interval,
            n_reference=len(self.reference),
            n_current=self.found.n,
            message=self.found.reason,
            detail={"interval_method": self.found.method, "estimated": True},
        )

    def _own(self, expectation: Expectation) -> Reference | None:
        if not isinstance(expectation, NoWorseThanReference):
            return None
        return Reference.of_answers(self.metric, self.reference, confidence=self.confidence)

    def _worded(self, found: Estimate, status: Status, own: Reference | None) -> str:
        if found.value is None or found.interval is None:
            return found.reason or "the estimate has no interval"
        ends = " to ".join(numerals.number(end) for end in found.interval)
        against = "" if own is None else f" (reference {numerals.number(own.measured.value)})"
        share = numerals.percent(self.confidence)
        rows = f"{found.n:,} rows without labels, by {len(self.reference):,} labels of the reference"
        return f"estimated: its {share} interval {ends} for {rows}, is {_WHERE[status]}{against}"


def undecided(expectation: Expectation, reason: str) -> CheckResult:
    """Return the check of an expectation of which nothing can be estimated."""
    return CheckResult(
        check=expectation.metric,
        metric=expectation.metric,
        status=Status.INSUFFICIENT,
        severity=expectation.severity,
        required=expectation.required,
        message=reason,
        detail={"expectation": expectation.to_dict(), "estimated": True},
    )


def require_judgeable(expect: tuple[Expectation, ...], known: dict[str, Metric]) -> None:
    """Refuse expectations that no estimate can be judged by.

    :raises ConfigurationError: a metric that cannot be estimated, or a limit that takes labels of the window.
    """
    for one in expect:
        if not isinstance(one, (AtLeast, AtMost, NoWorseThanReference)):
            raise ConfigurationError(f"expect has {one!s}; an estimate takes AtLeast, AtMost and NoWorseThanReference")
        if one.metric not in known:
            raise ConfigurationError(
                f"{one.metric} cannot be estimated without labels; what can be is {', '.join(sorted(known))}"
            )
        if isinstance(one, NoWorseThanReference) and known[one.metric].better == "neither":
            raise ConfigurationError(f"{one}: {one.metric} has no better side; give AtLeast and AtMost")


def _widened(found: Estimate, own: Estimate) -> Estimate:
    """Widen the interval by the reference's own: what is judged is the difference of the two."""
    if found.value is None or found.interval is None or own.value is None or own.interval is None:
        return found
    apart = difference_of_two((found.value, found.interval), (own.value, own.interval))
    return found._replace(interval=Interval(*(own.value + end for end in apart)))
