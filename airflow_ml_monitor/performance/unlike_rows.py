"""Metrics of rows that belong together (``cluster=``) or weigh more than others (``weight=``)."""

from __future__ import annotations

import math

from airflow_ml_monitor.performance.answers import Answers
from airflow_ml_monitor.performance.intervals.design import robust, stretched
from airflow_ml_monitor.performance.registry import Comparison, Difference, Estimate, Metric


def of_unlike_rows(metric: Metric, answers: Answers, plain: Estimate, confidence: float) -> Estimate:
    """Return a metric of rows that belong together or have weights, from that of as many rows without."""
    reason = _unweighable(metric, answers)
    if plain.value is None or reason:
        return Estimate(None, None, plain.n, reason=plain.reason or reason)
    if metric.influence is None:
        return plain._replace(interval=None, reason=f"{metric.name} has no interval for rows with cluster=")
    value, rows = metric.influence(answers)
    if math.isnan(value):
        return Estimate(None, None, plain.n, reason="it is not defined for the rows that have a weight")
    value = value if answers.weight is not None else plain.value
    _, plain_rows = metric.influence(answers.as_alike())
    interval, how = stretched(plain.value, plain.interval, plain_rows, value, rows, answers, confidence, metric.scale)
    if interval is None:
        return Estimate(value, None, plain.n, reason=plain.reason or how)
    return Estimate(value, interval, plain.n, f"{plain.method}; {how}")


def _unweighable(metric: Metric, answers: Answers) -> str:
    if answers.weight is None:
        return ""
    if metric.influence is None:
        return f"{metric.name} is not known for rows with weight="
    return "" if answers.weight.sum() > 0 else "the weights of all rows are zero"


def compare_unlike_rows(metric: Metric) -> Comparison:
    """Return the paired comparison for rows that belong together or have weights: by their influence."""

    def compare(champion: Answers, challenger: Answers, confidence: float) -> Difference:
        n = len(champion)
        if not n:
            return metric.comparison(champion, challenger, confidence)  # it says why there is nothing
        if metric.influence is None:
            reason = f"{metric.name} has no paired interval for cluster= or weight="
            return Difference(None, None, None, n, reason=reason)
        if reason := _unweighable(metric, champion):
            return Difference(None, None, None, n, reason=reason)
        (old, old_rows), (new, new_rows) = metric.influence(champion), metric.influence(challenger)
        if math.isnan(new - old):
            return Difference(None, None, None, n, reason=f"{metric.name} is not defined for these rows")
        interval, p_value, how = robust(new - old, new_rows - old_rows, champion, confidence)
        return Difference(new - old, interval, p_value, n, how if interval else "", "" if interval else how)

    return compare
