"""Judging a metric over all windows so far, by a confidence sequence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from airflow_ml_monitor import numerals
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.history import reports_before
from airflow_ml_monitor.performance.answers import Answers
from airflow_ml_monitor.performance.reference import LEAST_LABELS
from airflow_ml_monitor.performance.registry import Estimate, Metric
from airflow_ml_monitor.performance.sequence import WindowLoss, confidence_sequence
from airflow_ml_monitor.performance.verdict import Ruling, Verdict
from airflow_ml_monitor.results import CheckResult, Interval, Report, Severity, Status
from airflow_ml_monitor.window import Window

BOUNDED = ("accuracy", "brier")
"""Metrics that are a mean of losses between 0 and 1, or one less it."""


def require_bounded(metric: Metric, *, alone: bool) -> None:
    """Refuse a metric that no sequence is known of, and rows that do not stand alone with a weight of one.

    :raises ConfigurationError: it is one.
    """
    if metric.name not in BOUNDED or metric.row_loss is None:
        raise ConfigurationError(
            f"{metric.name} of a {metric.problem} problem cannot be judged over windows: only means of losses between "
            f"0 and 1 can; take one of {', '.join(BOUNDED)}, or leave out over_windows="
        )
    if not alone:
        raise ConfigurationError(
            f"{metric.name} cannot be judged over windows with cluster= or weight=: its interval takes rows as alone, "
            "and would be too short; leave out over_windows="
        )


def earlier(history: Iterable[Report], metric: str, window: Window | None) -> tuple[WindowLoss, ...]:
    """Return what earlier reports keep of a metric's windows, in the order of time."""
    found = []
    for report in reports_before(history, window):
        kept = next((one.detail.get("window_loss") for one in report.results if one.check == _named(metric)), None)
        if kept:
            found.append(WindowLoss(**kept))
    return tuple(reversed(found))


def _named(metric: str) -> str:
    return f"{metric}_over_windows"


@dataclass(frozen=True, kw_only=True)
class SequenceRuling(Ruling):
    """How the mean of a metric over windows is judged.

    :param before: the windows before, in the order of time.
    """

    before: tuple[WindowLoss, ...] = ()

    def judge(self, answers: Answers, *, segment: str | None = None, severity: Severity | None = None) -> CheckResult:
        """Return the check of the windows before and some answers, NaN in ``y`` being a missing label."""
        assert self.metric.row_loss is not None, "require_bounded has seen to it"
        losses = self.metric.row_loss(answers)
        losses = np.where(np.isnan(answers.y), np.nan, losses)
        now = WindowLoss.of(losses)
        windows = [*(self.before if segment is None else ()), now]
        found = self._estimate(windows)
        verdict = self._over(found, windows)
        return CheckResult(
            check=_named(self.metric.name),
            metric=self.metric.name,
            status=verdict.status,
            severity=severity or self.expectation.severity,
            required=self.expectation.required,
            segment=segment,
            value=found.value,
            limits=self.limits,
            interval=found.interval,
            n_current=found.n,
            message=verdict.message,
            detail={
                "expectation": self.expectation.to_dict(),
                "interval_method": found.method,
                "windows": len(windows),
                "window_loss": now.to_dict(),
            },
        )

    def _estimate(self, windows: list[WindowLoss]) -> Estimate:
        rows = sum(window.n for window in windows)
        interval = confidence_sequence(windows, confidence=self.confidence)
        if not rows or interval is None:
            return Estimate(None, None, 0, reason="no label is known")
        mean = sum(window.n * window.mean for window in windows) / rows
        if self.metric.higher_is_better:
            mean, interval = 1.0 - mean, Interval(1.0 - interval.upper, 1.0 - interval.lower)
        return Estimate(mean, interval, rows, "empirical-Bernstein confidence sequence")

    def _over(self, found: Estimate, windows: list[WindowLoss]) -> Verdict:
        if found.value is None or found.interval is None:
            return Verdict(Status.INSUFFICIENT, found.reason)
        if found.n < LEAST_LABELS:
            return Verdict(Status.INSUFFICIENT, f"{found.n} labels are too few to judge by, {LEAST_LABELS} are needed")
        status = self.decided(found)
        where = {
            Status.FAIL: "wholly past the limit",
            Status.WARN: "on both sides of the limit",
            Status.PASS: "wholly within the limit",
        }[status]
        ends = " to ".join(numerals.number(end) for end in found.interval)
        missing = sum(window.missing for window in windows)
        lacking = f", the {missing:,} missing ones at their extremes" if missing else ""
        said = f"over {len(windows):,} windows its interval {ends} from {found.n:,} labels{lacking} is {where}"
        return Verdict(status, f"{said}; it holds at {numerals.percent(self.confidence)} for all looks together")
