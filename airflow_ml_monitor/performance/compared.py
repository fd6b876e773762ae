"""Two models on the same rows: the difference by a metric as a check, of all rows and of segments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance.answers import Answers
from airflow_ml_monitor.performance.comparison_rule import Rule, worded
from airflow_ml_monitor.performance.registry import difference, difference_at_worst
from airflow_ml_monitor.performance.segment_levels import bounded, segment_names
from airflow_ml_monitor.performance.segments import Segment
from airflow_ml_monitor.performance.segments_judged import judged_levels
from airflow_ml_monitor.results import CheckResult, Severity


def compared(
    old: Answers, new: Answers, rule: Rule, confidence: float, *, segment: str | None = None, required: bool = True
) -> CheckResult:
    """Return the check of a challenger's answers beside the champion's to the same rows.

    :param required: whether it decides the report; else it is told.
    """
    found = difference(rule.metric, old, new, confidence=confidence)
    missing = int(np.isnan(old.y).sum())
    worst = difference_at_worst(rule.metric, old, new, confidence=confidence) if missing and found.n else None
    status = rule.decide_with(found, worst)
    return CheckResult(
        check=rule.metric.name,
        metric=f"{rule.metric.name}_difference",
        status=status,
        severity=Severity.CRITICAL if required else Severity.INFO,
        required=required,
        segment=segment,
        value=found.value,
        limits=rule.limits,
        interval=found.interval,
        p_value=found.p_value,
        n_reference=found.n,
        n_current=found.n,
        message=worded(found, status, rule, confidence, worst=worst, missing=missing),
        detail={
            "goal": rule.goal,
            "margin": rule.margin,
            "interval_method": found.method,
            "missing": missing,
            "worst": None if worst is None or worst.interval is None else [worst.value, list(worst.interval)],
        },
    )


@dataclass(frozen=True)
class SegmentVeto:
    """In which segments a challenger may be worse by how much.

    :param margin: in the metric's own units; needed where there are segments.
    :raises ConfigurationError: segments without a margin, or a margin without segments.
    """

    segments: tuple[Segment, ...] = ()
    margin: float | None = None

    def __post_init__(self) -> None:
        if self.segments and self.margin is None:
            raise ConfigurationError(
                "segments= needs segment_margin=, how much worse a challenger may be in one of them"
            )
        if self.margin is not None and not self.segments:
            raise ConfigurationError(f"segment_margin={self.margin!r} needs segments=, the columns it is about")

    def judge(
        self, frame: pd.DataFrame, old: Answers, new: Answers, rule: Rule, confidence: float
    ) -> list[CheckResult]:
        """Return a check per level of each segment: whether the challenger is no worse there by more than the margin.

        With k levels each interval has confidence ``1 - (1 - confidence) / k``.

        :param frame: holds the columns of the segments, a row per answer.
        """
        if self.margin is None:
            return []
        no_worse = replace(rule, goal="non_inferiority", margin=self.margin)
        found = []
        for segment in bounded(self.segments, frame):
            named = segment_names(segment, frame)
            levels: Sequence[str] = judged_levels(segment, named.value_counts())
            each = 1 - (1 - confidence) / max(1, len(levels))
            for level in levels:
                rows = (named == level).to_numpy(bool)
                parts = old.take(rows), new.take(rows)
                found.append(compared(*parts, no_worse, each, segment=level, required=segment.required))
        return found
