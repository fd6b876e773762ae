"""What is said beside the metrics: what was left out, and how many of the labels are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from airflow_ml_monitor import numerals
from airflow_ml_monitor.performance.cohort import LabelCounts
from airflow_ml_monitor.results import CheckResult, Limits, Severity, Status


def findings(
    counts: LabelCounts, answers: Mapping[str, int], labels: Mapping[str, int], answered: int
) -> list[CheckResult]:
    """Return the checks that every evaluation makes.

    :param answers: why -> how many answers cannot be used; ``labels`` likewise.
    :param answered: predictions that are not void.
    """
    return [
        _predictions(counts),
        _left_out("invalid_predictions", answers, answered, "answers", Severity.CRITICAL),
        _left_out("invalid_labels", labels, counts.labelled, "labels", Severity.WARNING),
        _duplicates(counts),
        _unmatched(counts),
        _known("coverage", counts.coverage, counts),
        _known("completeness", counts.completeness, counts),
    ]


def _predictions(counts: LabelCounts) -> CheckResult:
    nothing = counts.predictions == counts.void
    said = f"{counts.predictions:,} predictions, {counts.void:,} of them void"
    if nothing:
        said = "no prediction is in the window; look at what scores it"
    if nothing and counts.void:
        said = f"all {counts.void:,} predictions are void: no label can come"
    return CheckResult(
        check="predictions",
        metric="predictions",
        status=Status.INSUFFICIENT if nothing else Status.PASS,
        severity=Severity.CRITICAL if nothing else Severity.INFO,
        required=nothing,
        value=float(counts.predictions),
        limits=Limits(lower=1),
        n_current=counts.predictions,
        message=said,
    )


def nothing_expected() -> CheckResult:
    """Return the check of an evaluation that was told no expectation: metrics alone are no verdict."""
    return CheckResult(
        check="expectations",
        metric="expectations",
        status=Status.INSUFFICIENT,
        value=0.0,
        limits=Limits(lower=1),
        message="nothing is expected of the model, so its metrics are told and not judged; give expect=",
    )


def _left_out(check: str, reasons: Mapping[str, int], total: int, what: str, severity: Severity) -> CheckResult:
    count = sum(reasons.values())
    listed = ", ".join(f"{number:,} with {reason}" for reason, number in reasons.items())
    return CheckResult(
        check=check,
        metric=check,
        status=Status.FAIL if count else Status.PASS,
        severity=severity if count else Severity.INFO,
        value=float(count),
        limits=Limits(upper=0),
        n_current=total,
        message=f"{count:,} of {total:,} {what} cannot be used and are left out: {listed}" if count else "",
        detail={"reasons": dict(reasons)},
    )


def _duplicates(counts: LabelCounts) -> CheckResult:
    count = counts.duplicate_predictions + counts.keyless_predictions
    kinds = (
        (counts.duplicate_predictions, "further predictions of a key that has one"),
        (counts.keyless_predictions, "predictions without a key"),
    )
    said = " and ".join(f"{number:,} {kind}" for number, kind in kinds if number)
    return CheckResult(
        check="duplicate_predictions",
        metric="duplicate_predictions",
        status=Status.FAIL if count else Status.PASS,
        severity=Severity.WARNING if count else Severity.INFO,
        value=float(count),
        limits=Limits(upper=0),
        n_current=counts.predictions,
        message=f"left out: {said}" if count else "",
    )


def _unmatched(counts: LabelCounts) -> CheckResult:
    count = counts.unmatched_labels
    return CheckResult(
        check="unmatched_labels",
        metric="unmatched_labels",
        status=Status.WARN if count else Status.PASS,
        severity=Severity.INFO,
        value=float(count),
        limits=Limits(upper=0),
        message=f"{count:,} labels that arrived since the window began belong to no prediction" if count else "",
    )


def _known(name: str, share: float | None, counts: LabelCounts) -> CheckResult:
    of = {
        "coverage": (
            counts.mature_labelled,
            counts.mature - counts.mature_void,
            "mature predictions that are not void",
        ),
        "completeness": (counts.labelled, counts.predictions - counts.void, "predictions that are not void"),
    }
    labelled, total, what = of[name]
    said = f"{numerals.number(100 * share)} %: " if share is not None else ""
    return CheckResult(
        check=name,
        metric=name,
        status=Status.PASS if share is not None else Status.INSUFFICIENT,
        severity=Severity.INFO,
        value=share,
        n_current=total,
        message=f"{said}{labelled:,} of {total:,} {what} have a label",
        detail=asdict(counts) | {"missing": counts.missing},
    )
