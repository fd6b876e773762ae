"""The reference's own performance: what ``NoWorseThanReference`` is relative to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from airflow_ml_monitor import numerals
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance.answers import Answers
from airflow_ml_monitor.performance.registry import Bounds, Estimate, Metric, bounds, estimate
from airflow_ml_monitor.results import CheckResult, Interval, Report
from airflow_ml_monitor.window import Window

if TYPE_CHECKING:
    import pyarrow as pa

Mask = NDArray[np.bool_]
KIND = "model_quality"
LEAST_LABELS = 30
"""Labels below which nothing is decided."""


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A metric of the reference.

    :param measured: the metric by the labels that are known.
    :param missing: how many labels are not, of the ``total`` that are asked for.
    :param extremes: the metric with the missing labels at their extremes; ``None`` where nobody can tell.
    :param called: the reference in words, for messages.
    """

    measured: Estimate
    missing: int
    total: int
    extremes: Bounds | None = None
    called: str = "reference"

    @classmethod
    def of_answers(cls, metric: Metric, answers: Answers, *, confidence: float) -> Reference:
        """Measure it on answers, NaN in ``y`` being a missing label."""
        missing = int(np.isnan(answers.y).sum())
        measured = estimate(metric, answers, confidence=confidence)
        either = bounds(metric, answers, confidence=confidence) if missing else Bounds(measured, measured)
        return cls(measured=measured, missing=missing, total=len(answers), extremes=either)

    @classmethod
    def of_report(cls, name: str, report: Report, segment: str | None = None) -> Reference:
        """Read it from a report that ``evaluate_model`` made, of all rows or of a segment."""
        whole = {result.check: result for result in report.results if result.segment is None}
        known = whole.get("completeness")
        missing = int(known.detail["missing"] + (whole["invalid_labels"].value or 0)) if known is not None else 0
        found = (result for result in report.results if (result.check, result.segment) == (name, segment))
        measured = _reported(name, next(found, None))
        total = (known.n_current or 0) if known is not None else measured.n
        return cls(
            measured=measured,
            missing=missing,
            total=total,
            extremes=None if missing else Bounds(measured, measured),
        )

    def unusable(self, metric: str, min_completeness: float | None) -> str:
        """Return why nothing can be compared with it; empty where something can."""
        known = f"{self.total - self.missing:,} of {self.total:,} labels of the {self.called} are known"
        if self.measured.value is None:
            return f"the {self.called} has no {metric}: {self.measured.reason}"
        if self.measured.n < LEAST_LABELS:
            return f"the {self.called} has {self.measured.n} labels, too few to compare with: {LEAST_LABELS} are needed"
        if self.measured.interval is None:
            return f"the {metric} of the {self.called} has no interval to compare with: {self.measured.reason}"
        if min_completeness is None:
            return f"{known}; give min_completeness= if that is enough" if self.extremes is None else ""
        enough = self.total - self.missing >= min_completeness * self.total
        return "" if enough else f"{known}, at least {numerals.percent(min_completeness)} are asked for"


@dataclass(frozen=True, kw_only=True)
class OwnPerformance:
    """Where the reference's own performance is found: in its rows, or in a report of them.

    :param table: the columns of the reference's rows, one row per answer.
    :param called: the reference in words, for messages.
    """

    answers: Answers | None = None
    table: pa.Table | None = None
    report: Report | None = None
    called: str = "reference"

    def whole(self, metric: Metric, *, confidence: float) -> Reference:
        """Return a metric of all of it."""
        return self._of(metric, self.answers, None, confidence)

    def part(self, metric: Metric, rows: Mask | None, segment: str, *, confidence: float) -> Reference:
        """Return a metric of a segment: of these rows, or as the report has it under the segment's name."""
        answers = None if self.answers is None or rows is None else self.answers.take(rows)
        return self._of(metric, answers, segment, confidence)

    def _of(self, metric: Metric, answers: Answers | None, segment: str | None, confidence: float) -> Reference:
        if self.report is not None:
            return Reference.of_report(metric.name, self.report, segment)
        assert answers is not None, "it is made of rows or of a report"
        return replace(Reference.of_answers(metric, answers, confidence=confidence), called=self.called)


def require_reference(reference: Any, *, timed: bool, confidence: float) -> None:
    """Refuse a reference that can tell nothing of the model's own performance.

    :param timed: whether the predictions have a time, by which a window of them can be cut.
    :raises ConfigurationError: it is one.
    """
    if not isinstance(reference, Report):
        if not timed:
            raise ConfigurationError(
                f"reference window {Window.of(reference)} needs time_column= on the predictions: without it they would "
                "all be of the window, and be compared with themselves"
            )
        return
    if reference.kind != KIND:
        raise ConfigurationError(
            f"reference= is a {reference.kind} report; give one that evaluate_model made, or a window"
        )
    theirs = reference.config.get("confidence", confidence)
    if theirs != confidence:
        raise ConfigurationError(
            f"the report given as reference= has intervals of confidence {theirs!r}, not {confidence!r}; "
            "evaluate both with the same confidence="
        )


def reference_label(reference: Any) -> str | None:
    """Return the reference as one text; ``None`` without one."""
    if reference is None:
        return None
    if isinstance(reference, Report):
        return f"report of {reference.window or 'all rows'} as of {reference.as_of.isoformat(timespec='seconds')}"
    return f"window {Window.of(reference)}"


def _reported(name: str, result: CheckResult | None) -> Estimate:
    if result is None or result.value is None:
        why = f": {result.message}" if result is not None and result.message else ""
        return Estimate(None, None, 0, reason=f"the report given as reference has no {name}{why}")
    interval = None if result.interval is None else Interval(*result.interval)
    method = str(result.detail.get("interval_method", ""))
    return Estimate(result.value, interval, result.n_current or 0, method, result.message)
