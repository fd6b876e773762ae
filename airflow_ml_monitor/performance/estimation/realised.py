"""``compare_with_estimate``: what was estimated before the labels came, beside what they then gave."""

from __future__ import annotations

from dataclasses import replace

from airflow_ml_monitor import numerals
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.results import CheckResult, Interval, Report, Severity, Status

ESTIMATED = "estimated_performance"
REALISED = "model_quality"


def compare_with_estimate(realised: Report, estimated: Report) -> Report:
    """Return the report of a model's quality with its earlier estimate beside each metric.

    A check ``estimated_<metric>`` of severity ``info`` has the estimate and its interval, and in its detail the
    realised value, by how much that is above the estimate, and whether the interval held it. It warns where it did not:
    then the relation of features and label has changed, or labels are still missing.

    :param realised: a report of ``evaluate_model``; ``estimated``: one of ``estimate_performance``, of the same window.
    :raises ConfigurationError: reports of another kind, or of two windows.
    """
    if (realised.kind, estimated.kind) != (REALISED, ESTIMATED):
        raise ConfigurationError(
            f"a {realised.kind} report cannot be set beside a {estimated.kind} one; "
            "give those of evaluate_model and estimate_performance"
        )
    if realised.window != estimated.window:
        raise ConfigurationError(
            f"the estimate is of {estimated.window or 'all rows'}, the labels of {realised.window or 'all rows'}; "
            "give reports of one window"
        )
    theirs = {one.check: one for one in estimated.results if one.detail.get("estimated") and one.value is not None}
    whole = {one.check: one for one in realised.results if one.segment is None and one.value is not None}
    beside = [_beside(one, theirs[name], estimated) for name, one in whole.items() if name in theirs]
    return replace(realised, results=(*realised.results, *beside))


def _beside(realised: CheckResult, estimated: CheckResult, report: Report) -> CheckResult:
    assert realised.value is not None
    assert estimated.value is not None
    apart = realised.value - estimated.value
    inside = _held(realised.value, estimated.interval)
    return CheckResult(
        check=f"estimated_{realised.check}",
        metric=realised.metric,
        status=Status.WARN if inside is False else Status.PASS,
        severity=Severity.INFO,
        value=estimated.value,
        interval=estimated.interval,
        n_reference=estimated.n_reference,
        n_current=estimated.n_current,
        message=_worded(realised, estimated, inside=inside is not False),
        detail={
            "realised": realised.value,
            "difference": apart,
            "held": inside,
            "labels": realised.n_current,
            "provisional": bool(realised.detail.get("provisional", False)),
            "estimated_as_of": report.as_of.isoformat(),
        },
    )


def _held(value: float, interval: Interval | None) -> bool | None:
    return None if interval is None else interval.lower <= value <= interval.upper


def _worded(realised: CheckResult, estimated: CheckResult, *, inside: bool) -> str:
    said, was = (numerals.number(value) for value in (realised.value, estimated.value))
    labels = f"{realised.n_current or 0:,} labels"
    if inside or estimated.interval is None:
        return f"estimated {was}, realised {said} by {labels}"
    ends = " to ".join(numerals.number(end) for end in estimated.interval)
    return f"estimated {was} ({ends}), realised {said} by {labels}: the relation changed, or labels are missing"
