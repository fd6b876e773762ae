"""Judging segments: each level of a column by the same rulings as the whole, the number of levels counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pyarrow as pa

from airflow_ml_monitor.performance.answers import Answers
from airflow_ml_monitor.performance.levels import Levels
from airflow_ml_monitor.performance.reference import Mask, OwnPerformance
from airflow_ml_monitor.performance.segment_levels import Bounds, names_of_levels, segment_levels
from airflow_ml_monitor.performance.segments import MOST_LEVELS, Segment
from airflow_ml_monitor.performance.verdict import Ruling
from airflow_ml_monitor.results import CheckResult, Report, Severity, Status


def judge_segments(
    segment: Segment,
    table: pa.Table,
    answers: Answers,
    rulings: Sequence[Ruling],
) -> list[CheckResult]:
    """Return a check per level and ruling, and one that says which levels were not judged, where there are any.

    With k levels each interval has confidence ``1 - (1 - confidence) / k`` (Bonferroni): among many levels one would
    be past its limit by chance. What is relative to the reference is relative to the same level of it: a level that was
    always harder is not degraded.

    :param table: holds the segment's columns, a row per answer; its bins have bounds.
    """
    named = segment_levels(segment, table)
    owns = {id(ruling.own): _levels_of(ruling.own, segment) for ruling in rulings}
    counts = named.counts()
    levels = judged_levels(segment, counts)
    results = []
    for level in levels:
        part = answers.take(named.is_in(level))
        for ruling in rulings:
            theirs = owns[id(ruling.own)]
            rows = None if theirs is None else theirs.is_in(level)
            own = _of_level(ruling, len(levels), rows, level)
            results.append(_check(segment, level, part, own))
    left = {level: rows for level, rows in counts.items() if level not in levels}
    return [*results, *([_not_judged(segment, left)] if left else [])]


def _levels_of(own: OwnPerformance | None, segment: Segment) -> Levels | None:
    return None if own is None or own.table is None else segment_levels(segment, own.table)


def judged_levels(segment: Segment, counts: Mapping[str, int]) -> list[str]:
    """Return the names of the levels to judge: those given, or those of the most rows.

    :param counts: name of the level -> rows, the most first.
    """
    given = names_of_levels(segment)
    return list(counts)[:MOST_LEVELS] if given is None else given


def _of_level(ruling: Ruling, levels: int, rows: Mask | None, name: str) -> Ruling:
    """Return a ruling for one of so many levels, relative to the same level of the reference."""
    confidence = 1 - (1 - ruling.confidence) / levels
    theirs = None if ruling.own is None else ruling.own.part(ruling.metric, rows, name, confidence=confidence)
    return replace(ruling, confidence=confidence, reference=theirs)


def _check(segment: Segment, level: str, part: Answers, ruling: Ruling) -> CheckResult:
    severity = ruling.expectation.severity
    if not segment.required and severity is Severity.CRITICAL:
        severity = Severity.WARNING
    result = ruling.judge(part, segment=level, severity=severity)
    bins = {name: list(bounds) for name, bounds in segment.bins_of.items() if not isinstance(bounds, int)}
    detail = {**result.detail, "segment": {"of": segment.name, "bins": bins}} if bins else result.detail
    return replace(result, required=segment.required, detail=detail)


def bounds_in(report: Report) -> dict[str, Bounds]:
    """Return the bounds of the bins that a report judged by: name of the segment -> column -> bounds."""
    told = (result.detail.get("segment") for result in report.results if result.segment is not None)
    return {one["of"]: one["bins"] for one in told if one}


def _not_judged(segment: Segment, left: Mapping[str, int]) -> CheckResult:
    rows = sum(left.values())
    return CheckResult(
        check="segments_not_judged",
        metric="predictions",
        status=Status.PASS,
        severity=Severity.INFO,
        column=segment.name,
        value=float(rows),
        n_current=rows,
        message=f"{len(left):,} further levels of {segment.name} with {rows:,} predictions: not judged",
    )
