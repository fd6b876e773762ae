"""Which labels are missing: by what the model answered, and by segment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from airflow_ml_monitor import numerals
from airflow_ml_monitor.performance.answer_parts import answer_parts, answered
from airflow_ml_monitor.performance.answers import Answers, Numbers
from airflow_ml_monitor.performance.levels import Levels
from airflow_ml_monitor.performance.segment_levels import segment_levels
from airflow_ml_monitor.performance.segments import MOST_LEVELS, Segment
from airflow_ml_monitor.results import CheckResult, Severity, Status


def missing_labels(answers: Answers, table: pa.Table, segments: Sequence[Segment]) -> list[CheckResult]:
    """Return the check ``missing_labels``, where some labels are known and some are missing.

    It says of which answers the labels are missing; how much that matters is what the extremes of a metric tell, and
    no test of whether both differ (at 95 % known every test rejects, however small the bias).

    :param table: holds the columns of the segments, a row per answer.
    """
    known = ~np.isnan(answers.y)
    if known.all() or not known.any():
        return []
    parts = _by_answer(answered(answers), known)
    levels = {segment.name: _by_level(_levels(segment, table), known) for segment in segments}
    least, most = (choose(parts, key=lambda part: part["known"] / part["answers"]) for choose in (min, max))
    return [
        CheckResult(
            check="missing_labels",
            metric="missing_labels",
            status=Status.PASS,
            severity=Severity.INFO,
            value=float((~known).sum()),
            n_current=len(known),
            message=f"known are {_said(least)}, and {_said(most)}" if len(parts) > 1 else "",
            detail={"by_answer": parts, "by_segment": levels},
        )
    ]


def _by_answer(values: Numbers, known: np.ndarray[Any, np.dtype[np.bool_]]) -> list[dict[str, Any]]:
    part = answer_parts(values)
    return [
        {
            "from": float(values[part == place].min()),
            "to": float(values[part == place].max()),
            "answers": int((part == place).sum()),
            "known": int(known[part == place].sum()),
        }
        for place in np.unique(part)
    ]


def _levels(segment: Segment, table: pa.Table) -> Levels:
    """Return the level of each row, without the column's name where there is one column."""
    return segment_levels(segment, table).named(lambda name: name.removeprefix(f"{segment.name}="))


def _by_level(levels: Levels, known: np.ndarray[Any, np.dtype[np.bool_]]) -> dict[str, dict[str, int]]:
    labelled = levels.take(known).counts()
    most = list(levels.counts().items())[:MOST_LEVELS]
    return {level: {"answers": rows, "known": labelled.get(level, 0)} for level, rows in most}


def _said(part: dict[str, Any]) -> str:
    share = numerals.percent(part["known"] / part["answers"])
    ends = " to ".join(numerals.number(part[end], 3) for end in ("from", "to"))
    return f"{share} of the labels of answers of {ends}"
