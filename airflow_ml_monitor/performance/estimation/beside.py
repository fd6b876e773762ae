"""What is said beside estimates: whether the reference can tell what scores are worth, and what is assumed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from airflow_ml_monitor import numerals
from airflow_ml_monitor.performance.answers import Answers, Numbers, Problem
from airflow_ml_monitor.performance.estimation.calibration import Calibration, checked, scores_of
from airflow_ml_monitor.results import CheckResult, Limits, Severity, Status

CALIBRATION_LIMIT = 0.05
"""Mean distance of calibrated probabilities from the labels of rows held out, from which on estimates are doubtful."""
MOST_BEYOND = 0.05
"""Share of current rows beyond all of the reference's, from which on estimates are doubtful."""
_ALPHA = 0.05

_ASSUMPTION = {
    Problem.REGRESSION: (
        "estimated, not seen: it assumes that for rows alike in {features} errors are as large as in the reference; "
        "a changed relation of features and target does not show"
    )
}
_OF_SCORES = (
    "estimated, not seen: it assumes that a score is worth what it was in the reference; a changed relation of "
    "features and label does not show, labels alone tell it"
)


def assumption(problem: Problem, features: Sequence[str]) -> CheckResult:
    """Return the check that says what an estimate cannot see."""
    said = _ASSUMPTION.get(problem, _OF_SCORES).format(features=", ".join(features))
    return CheckResult(
        check="assumption", metric="assumption", status=Status.PASS, severity=Severity.INFO, message=said
    )


def calibration(answers: Answers) -> CheckResult:
    """Return the check of the calibration by the reference's held-out rows: an effect that matters, and evidence."""
    found = checked(answers)
    off = found.after >= CALIBRATION_LIMIT and found.p_value <= _ALPHA
    return CheckResult(
        check="calibration",
        metric="calibration_error",
        status=Status.FAIL if off else Status.PASS,
        severity=Severity.WARNING,
        value=found.after,
        limits=Limits(upper=CALIBRATION_LIMIT),
        p_value=found.p_value,
        n_reference=found.n,
        message=_calibrated(found, off=off),
        detail={"before": found.before, "after": found.after},
    )


def _calibrated(found: Calibration, *, off: bool) -> str:
    before, after = (numerals.number(error, 3) for error in (found.before, found.after))
    said = f"on {found.n:,} rows held out in turn its error is {after}, that of the scores as they are {before}"
    if not off:
        return f"calibration holds: {said}"
    return f"calibration does not hold: {said}; the reference does not tell what scores are worth"


def support(reference: Answers, current: Answers) -> CheckResult:
    """Return the check of answers beyond all of the reference's: nobody knows what they are worth."""
    theirs, ours = _columns(reference), _columns(current)
    beyond = ((ours < theirs.min(axis=0)) | (ours > theirs.max(axis=0))).any(axis=1)
    share = float(np.mean(beyond))
    much = share >= MOST_BEYOND
    said = f"{int(beyond.sum()):,} of {len(current):,} answers are beyond all of the reference's"
    return CheckResult(
        check="support",
        metric="share_beyond",
        status=Status.FAIL if much else Status.PASS,
        severity=Severity.WARNING,
        value=share,
        limits=Limits(upper=MOST_BEYOND),
        n_reference=len(reference),
        n_current=len(current),
        message=f"{said}; estimates are doubtful, take a reference that holds such rows" if much else said,
    )


def _columns(answers: Answers) -> Numbers:
    if answers.problem is not Problem.REGRESSION:
        return scores_of(answers)
    assert answers.predicted is not None, "a regression has its answers"
    return answers.predicted[:, None]
