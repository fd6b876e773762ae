"""The two sides of an estimate: labelled rows of the reference, and current rows whose labels may be missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from airflow_ml_monitor.data import Connections, Dataset
from airflow_ml_monitor.data.arrays import as_arrow, flags, flags_as_arrow
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance.answers import Answers, Problem
from airflow_ml_monitor.performance.estimation.calibration import SEED, Codes
from airflow_ml_monitor.performance.estimation.late_labels import LateLabels
from airflow_ml_monitor.performance.label_keys import decoded, without_nan
from airflow_ml_monitor.performance.scoring import Read, Scoring
from airflow_ml_monitor.results import CheckResult, Limits, Severity, Status
from airflow_ml_monitor.window import Window

_OF_ROWS = (Problem.BINARY, Problem.MULTICLASS, Problem.REGRESSION)


@dataclass(frozen=True, kw_only=True, eq=False)
class Side:
    """Rows of one side that can be used.

    :param answers: one per row of ``table``; NaN in ``y`` where the label is missing.
    :param read: of all rows, with what cannot be used.
    :param called: the side in words, for messages.
    """

    answers: Answers
    table: pa.Table
    read: Read
    called: str

    @property
    def labelled(self) -> Side:
        """The rows whose label is known."""
        return self._take(np.flatnonzero(~np.isnan(self.answers.y)))

    def sampled(self, most: int) -> Side:
        """Return so many rows at most, drawn by a fixed seed and in their order."""
        if len(self.answers) <= most:
            return self
        return self._take(np.sort(np.random.default_rng(SEED).choice(len(self.answers), most, replace=False)))

    def _take(self, rows: Codes) -> Side:
        table = self.table.take(as_arrow(rows))
        return Side(answers=self.answers.take(rows), table=table, read=self.read, called=self.called)

    def findings(self) -> list[CheckResult]:
        """Return what is said of rows that cannot be used, and of there being none."""
        severity = Severity.CRITICAL if self.called == "current" else Severity.WARNING
        said = [
            _left_out("invalid_predictions", self.read.invalid_answers, len(self.read.valid), self.called, severity),
            _left_out("invalid_labels", self.read.invalid_labels, len(self.read.valid), self.called, Severity.WARNING),
        ]
        return [one for one in (self._empty(), *said) if one is not None]

    def _empty(self) -> CheckResult | None:
        if len(self.answers):
            return None
        return CheckResult(
            check="predictions",
            metric="predictions",
            segment=self.called,
            status=Status.INSUFFICIENT,
            required=True,
            value=0.0,
            limits=Limits(lower=1),
            message=f"no prediction of the {self.called} rows can be used; look at what scores them",
        )


def read_side(
    data: Dataset,
    scoring: Scoring,
    *,
    called: str,
    features: Sequence[str] = (),
    labelled: bool,
    window: Window | None,
    as_of: datetime,
    connections: Connections | None,
    late: LateLabels | None = None,
) -> Side:
    """Read the rows of a dataset.

    :param labelled: whether they have a column of labels; a label that is missing there is unknown.
    :param late: where their labels are, if not among them.
    :raises ConfigurationError: a window, and no time column to cut it by.
    :raises DataError: the data is there and cannot be used as described.
    """
    if window is not None and data.time_column is None and called == "reference":
        raise ConfigurationError(f"reference_window={window} needs time_column= on the reference, {data.label}")
    wanted = list(dict.fromkeys([*scoring.columns, *features]))
    if labelled and late is not None:
        table = late.beside(data, wanted, window=window, as_of=as_of, connections=connections)
    else:
        rows = data.open(window, as_of=as_of, connections=connections)
        table = rows.to_arrow([*wanted, scoring.label] if labelled else wanted)
        table = table if labelled else table.append_column(scoring.label, pa.nulls(len(table)))
    known = flags(without_nan(decoded(table[scoring.label])).is_valid())
    read = scoring.read(table, known)
    valid = table.filter(flags_as_arrow(read.valid))
    return Side(answers=read.answers.take(read.valid), table=valid, read=read, called=called)


def require_of_rows(problem: str) -> None:
    """Refuse a ranking: its queries are judged by their labels, and no row says by itself how good an answer is.

    :raises ConfigurationError: it is one.
    """
    if problem == Problem.RANKING:
        known = ", ".join(repr(one.value) for one in _OF_ROWS)
        raise ConfigurationError(f"problem={problem!r} is judged by labels alone; this is for {known}")


def require_comparable(scoring: Scoring, features: Sequence[str]) -> None:
    """Refuse columns that cannot be features.

    :raises ConfigurationError: a name that is none, or the label among the features.
    """
    if isinstance(features, str) or not all(isinstance(name, str) and name for name in features):
        raise ConfigurationError(f"features={features!r} must be a list of columns")
    if scoring.label in features:
        raise ConfigurationError(f"features has {scoring.label!r}, the column of the label: nothing else would matter")


def too_few(answers: Answers, least: int) -> str:
    """Return why labelled rows cannot tell what scores are worth; empty where they can."""
    labels = len(answers)
    if labels < least:
        return f"the reference has {labels} labels that can be used, {least} are needed"
    if answers.problem is Problem.REGRESSION:
        return ""
    absent = [_named(answers, code) for code in range(max(2, len(answers.classes))) if not (answers.y == code).any()]
    return f"none of the reference's {labels:,} labels is {', '.join(absent[:5])}" if absent else ""


def _named(answers: Answers, code: int) -> str:
    return ("negative", "positive")[code] if answers.problem is Problem.BINARY else f"of class {answers.classes[code]}"


def _left_out(check: str, reasons: Any, total: int, side: str, severity: Severity) -> CheckResult | None:
    count = sum(reasons.values())
    if not count:
        return None
    listed = ", ".join(f"{number:,} with {reason}" for reason, number in reasons.items())
    return CheckResult(
        check=check,
        metric=check,
        segment=side,
        status=Status.FAIL,
        severity=severity,
        value=float(count),
        limits=Limits(upper=0),
        n_current=total,
        message=f"{count:,} of {total:,} {side} rows cannot be used and are left out: {listed}",
        detail={"reasons": dict(reasons)},
    )
