"""Comparing metrics by what each row adds to them."""

from __future__ import annotations

from airflow_ml_monitor.performance.answers import Answers
from airflow_ml_monitor.performance.intervals.design import robust
from airflow_ml_monitor.performance.registry import Comparison, Difference, Influence


def by_influence(influence: Influence) -> Comparison:
    """Return the paired comparison of a metric that rows add to as ``Metric.influence`` says: a t interval of those."""

    def compare(champion: Answers, challenger: Answers, confidence: float) -> Difference:
        (old, old_rows), (new, new_rows) = influence(champion), influence(challenger)
        interval, p_value, _ = robust(new - old, new_rows - old_rows, champion, confidence)
        return Difference(new - old, interval, p_value, len(champion), "paired t, delta method")

    return compare
