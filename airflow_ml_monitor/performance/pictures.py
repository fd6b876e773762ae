"""What a chart of a window is drawn from: the table truth x answer, and the calibration curve."""

from __future__ import annotations

from typing import Any

from airflow_ml_monitor.performance.answers import Answers, Problem
from airflow_ml_monitor.results import CheckResult, Severity, Status

_MOST_CLASSES = 50


def pictures(answers: Answers) -> list[CheckResult]:
    """Return the checks ``confusion_matrix`` and ``calibration_curve`` of the answers whose label is known.

    They decide nothing; rows count as one each, whatever their weight. The table, of at most 50 classes, has a row per
    true class and a column per class answered. The curve has ten bins of about as many rows each.
    """
    known = answers.known
    if not len(known) or known.problem not in (Problem.BINARY, Problem.MULTICLASS):
        return []
    found = [_table(known)] if len(known.classes) <= _MOST_CLASSES else []
    return [*found, _curve(known)] if known.problem is Problem.BINARY and known.score is not None else found


def _table(answers: Answers) -> CheckResult:
    from airflow_ml_monitor.performance.metrics.counts import confusion

    classes = [str(each) for each in answers.classes] or ["negative", "positive"]
    return _told("confusion_matrix", len(answers), {"classes": classes, "table": confusion(answers).tolist()})


def _curve(answers: Answers) -> CheckResult:
    from airflow_ml_monitor.performance.metrics.calibration import Curve

    curve = Curve.of(answers)
    bins = {"rows": curve.rows, "mean_score": curve.score, "share_positive": curve.share}
    return _told("calibration_curve", len(answers), {name: values.tolist() for name, values in bins.items()})


def _told(check: str, rows: int, detail: dict[str, Any]) -> CheckResult:
    return CheckResult(
        check=check, metric=check, status=Status.PASS, severity=Severity.INFO, n_current=rows, detail=detail
    )
