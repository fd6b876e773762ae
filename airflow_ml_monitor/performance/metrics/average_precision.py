"""Average precision, the area under the precision-recall curve."""

from __future__ import annotations

import math

import numpy as np

from airflow_ml_monitor.performance.answers import Answers, Numbers, Problem
from airflow_ml_monitor.performance.intervals.auc import FEW, logit_interval
from airflow_ml_monitor.performance.intervals.design import half_width
from airflow_ml_monitor.performance.intervals.means import student, student_p_value
from airflow_ml_monitor.performance.intervals.proportions import effective_wilson, normal_quantile
from airflow_ml_monitor.performance.metrics.binary import ratio
from airflow_ml_monitor.performance.metrics.classes import one_class
from airflow_ml_monitor.performance.metrics.losses import score_of
from airflow_ml_monitor.performance.registry import Difference, Estimate, Metric, register
from airflow_ml_monitor.results import Interval


def average_precision(answers: Answers, confidence: float) -> Estimate:
    """The area under the precision-recall curve as scikit-learn sums it, in steps."""
    reason = one_class(answers)
    if reason:
        return Estimate(None, None, len(answers), reason=reason)
    value, rows = by_row(answers)
    interval, method = _interval(value, rows, answers, confidence)
    return Estimate(value, interval, len(answers), method)


def compare_average_precision(champion: Answers, challenger: Answers, confidence: float) -> Difference:
    reason = one_class(champion)
    if reason:
        return Difference(None, None, None, len(champion), reason=reason)
    (old, old_rows), (new, new_rows) = by_row(champion), by_row(challenger)
    apart = new - old + new_rows - old_rows
    interval, p_value = student(apart, confidence), student_p_value(apart)
    return Difference(new - old, interval, p_value, len(champion), "paired t, delta method")


def by_row(answers: Answers) -> tuple[float, Numbers]:
    """Return the average precision, and its influence function at each row: what the row adds, to first order.

    The mean of the influence is 0, and its variance over the rows is that of the average precision times their number
    (delta method, von Mises 1947). Rows of equal score stand together, as in scikit-learn; they may have weights.
    In O(n log n).
    """
    score = score_of(answers)
    order = np.argsort(-score, kind="stable")
    y, ordered = answers.y[order], score[order]
    ends = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True))
    size = np.diff(ends, prepend=-1)
    weight = answers.weights[order] / answers.weights.sum()
    hits, answered = np.cumsum(weight * y)[ends], np.cumsum(weight)[ends]
    if not hits[-1] > 0:
        return math.nan, np.zeros(len(y))
    positive, precision = np.diff(hits, prepend=0.0), ratio(hits, answered)
    value = float((positive * precision).sum() / hits[-1])
    # A row counts in the precision at its own score and at every lower one: as a hit, and as an answer.
    as_hit, as_answer = (np.cumsum(ratio(share, answered)[::-1])[::-1] for share in (positive, positive * precision))
    gain, loss = np.repeat(precision + as_hit - value, size), np.repeat(as_answer, size)
    rows = np.empty(len(y))
    rows[order] = (y * gain - loss) / hits[-1]
    return value, rows


def _interval(value: float, rows: Numbers, answers: Answers, confidence: float) -> tuple[Interval, str]:
    """Return the interval on the logit; where a class is rare, Wilson's of a share of as many rows as tell as much.

    Those are no more than the positives (Boyd, Eng and Page 2013), and the error is known as badly as the few rows that
    make it know it. The delta method alone covers 0.89 to 0.90 with 10 positives among 500, this 0.94 to 0.97.
    """
    positives = float(answers.y.sum())
    error = float(rows.std(ddof=1)) / math.sqrt(len(rows))
    if min(positives, len(rows) - positives) >= FEW and error > 0 and value < 1:
        return logit_interval(value, error, confidence), "delta method on the logit"
    error = half_width(rows / len(rows), confidence) / normal_quantile(confidence)
    variance = error**2 if value < 1 else 0.0
    return effective_wilson(value, variance, positives, confidence), "Wilson, effective sample size"


register(
    Metric(
        "average_precision",
        Problem.BINARY,
        "higher",
        "score",
        average_precision,
        compare_average_precision,
        influence=by_row,
        scale="share",
    )
)
