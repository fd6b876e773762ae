"""Two models on the same rows: the difference by a metric as a check, of all rows and of segments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from airflow_ml_monitor.performance.answers import Answers
from airflow_ml_monitor.performance.comparison_rule import Comparison, Extremes, Rule
from airflow_ml_monitor.performance.comparison_terms import require_segment_margin
from airflow_ml_monitor.performance.decidable import rows_needed
from airflow_ml_monitor.performance.registry import Difference, difference
from airflow_ml_monitor.performance.segment_levels import bounded, segment_levels
from airflow_ml_monitor.performance.segments import Segment
from airflow_ml_monitor.performance.segments_judged import judged_levels
from airflow_ml_monitor.performance.verdict import more_needed
from airflow_ml_monitor.performance.worst_difference import difference_at_worst, turned
from airflow_ml_monitor.results import CheckResult, Severity, Status


def compared(
    old: Answers, new: Answers, rule: Rule, confidence: float, *, segment: str | None = None, required: bool = True
) -> CheckResult:
    """Return the check of a challenger's answers beside the champion's to the same rows.

    :param required: whether it decides the report; else it is told.
    """
    seen = _seen(old, new, rule, confidence)
    more = None
    if seen.status is Status.INSUFFICIENT and seen.extremes is not None:
        more = rows_needed(old.y, lambda rows: _decides(old.take(rows), new.take(rows), rule, confidence))
    found, extremes = seen.found, seen.extremes
    return CheckResult(
        check=rule.metric.name,
        metric=f"{rule.metric.name}_difference",
        status=seen.status,
        severity=Severity.CRITICAL if required else Severity.INFO,
        required=required,
        segment=segment,
        value=found.value,
        limits=rule.limits,
        interval=found.interval,
        p_value=found.p_value,
        n_reference=found.n,
        n_current=found.n,
        message=seen.worded(confidence, more_needed(more, seen.missing, seen.total)),
        detail={
            "goal": rule.goal,
            "margin": rule.margin,
            "interval_method": found.method,
            "missing": seen.missing,
            "provisional": seen.missing > 0 and seen.status is Status.INSUFFICIENT,
            "worst": None if extremes is None else _plain(extremes.worst),
            "best": None if extremes is None else _plain(extremes.best),
            "labels_needed": more,
        },
    )


def _seen(old: Answers, new: Answers, rule: Rule, confidence: float) -> Comparison:
    found = difference(rule.metric, old, new, confidence=confidence)
    missing = int(np.isnan(old.y).sum())
    extremes = _extremes(old, new, rule, confidence) if missing and found.n and rule.min_completeness is None else None
    return Comparison(rule=rule, found=found, total=len(old), missing=missing, extremes=extremes)


def _decides(old: Answers, new: Answers, rule: Rule, confidence: float) -> bool:
    return _seen(old, new, rule, confidence).status is not Status.INSUFFICIENT


def _extremes(old: Answers, new: Answers, rule: Rule, confidence: float) -> Extremes | None:
    worst = difference_at_worst(rule.metric, old, new, confidence=confidence)
    best = difference_at_worst(rule.metric, new, old, confidence=confidence)
    return None if worst is None or best is None else Extremes(worst, turned(best))


def _plain(apart: Difference) -> dict[str, Any]:
    return {"value": apart.value, "interval": None if apart.interval is None else list(apart.interval)}


@dataclass(frozen=True)
class SegmentVeto:
    """In which segments a challenger may be worse by how much.

    :param margin: in the metric's own units; needed where there are segments.
    :raises ConfigurationError: segments without a margin, or a margin without segments.
    """

    segments: tuple[Segment, ...] = ()
    margin: float | None = None

    def __post_init__(self) -> None:
        require_segment_margin(self.segments, self.margin)

    def judge(self, table: pa.Table, old: Answers, new: Answers, rule: Rule, confidence: float) -> list[CheckResult]:
        """Return a check per level of each segment: whether the challenger is no worse there by more than the margin.

        With k levels each interval has confidence ``1 - (1 - confidence) / k``.

        :param table: holds the columns of the segments, a row per answer.
        """
        if self.margin is None:
            return []
        no_worse = replace(rule, goal="non_inferiority", margin=self.margin)
        found = []
        for segment in bounded(self.segments, table):
            named = segment_levels(segment, table)
            levels: Sequence[str] = judged_levels(segment, named.counts())
            each = 1 - (1 - confidence) / max(1, len(levels))
            for level in levels:
                rows = named.is_in(level)
                parts = old.take(rows), new.take(rows)
                found.append(compared(*parts, no_worse, each, segment=level, required=segment.required))
        return found
