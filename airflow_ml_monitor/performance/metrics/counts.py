"""Metrics of the table truth x answer: what they have in common."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from airflow_ml_monitor.performance.answers import Answers, Numbers, Problem
from airflow_ml_monitor.performance.intervals import bootstrap
from airflow_ml_monitor.performance.intervals.design import Scale
from airflow_ml_monitor.performance.intervals.proportions import effective_wilson
from airflow_ml_monitor.performance.registry import (
    Better,
    Comparison,
    Completions,
    Difference,
    Estimate,
    Metric,
    RowLoss,
    register,
)
from airflow_ml_monitor.results import Interval

Statistic = Callable[[Numbers], Numbers]
"""From tables, shape (..., classes, classes) with the truth first, to values, shape (...); NaN where not defined."""
_MOST_CLASSES_JOINTLY = 10
_STEP = 1e-4
_MOST_CELLS = 1 << 22
"""Cells of tables that are held at once: 32 MB."""


def confusion(answers: Answers) -> NDArray[np.int64]:
    """Return how often each class (row) was answered as each (column)."""
    size = max(2, len(answers.classes))
    codes = answers.y.astype(np.int64) * size + predicted_of(answers).astype(np.int64)
    return np.bincount(codes, minlength=size * size).reshape(size, size)


def counts_metric(
    name: str,
    problem: Problem,
    statistic: Statistic,
    *,
    undefined: str = "",
    interval: Callable[[NDArray[np.int64], float], tuple[Interval | None, str]] | None = None,
    comparison: Comparison | None = None,
    completions: Completions | None = None,
    better: Better = "higher",
    row_loss: RowLoss | None = None,
    scale: Scale = "share",
) -> Metric:
    """Return a metric of the table.

    :param undefined: why there may be no value.
    :param interval: from the table and the confidence to an interval and its name; a bootstrap otherwise.
    :param comparison: of two models; a bootstrap of both their answers together otherwise.
    """

    def estimator(answers: Answers, confidence: float) -> Estimate:
        table = confusion(answers)
        value = float(statistic(table.astype(float)))
        if not np.isfinite(value):
            return Estimate(None, None, len(answers), reason=undefined)
        around, method = (interval or partial(_resampled, statistic=statistic))(table, confidence)
        return Estimate(value, around, len(answers), method)

    compare = comparison or partial(_compared, statistic=statistic, undefined=undefined)
    return Metric(
        name,
        problem,
        better,
        "predicted",
        estimator,
        compare,
        completions,
        row_loss=row_loss,
        influence=partial(influence_of, statistic=statistic),
        scale=scale,
        statistic=statistic,
    )


def register_counts(name: str, problem: Problem, statistic: Statistic, **options: Any) -> None:
    """Register the metric that ``counts_metric`` returns."""
    register(counts_metric(name, problem, statistic, **options))


def influence_of(answers: Answers, *, statistic: Statistic) -> tuple[float, Numbers]:
    """Return a statistic of the weighted table, and what each row adds to it: its slope at the row's cell."""
    size, weights = max(2, len(answers.classes)), answers.weights
    codes = (answers.y * size + predicted_of(answers)).astype(np.int64)
    table = np.bincount(codes, weights, size * size) / weights.sum()
    value, slopes = slopes_at(table.reshape(size, size), statistic)
    return value, slopes[codes]


def slopes_at(shares: Numbers, statistic: Statistic) -> tuple[float, Numbers]:
    """Return a statistic of a table of shares, and what a row of each cell adds to it: by small steps either way."""
    size, table = len(shares), shares.ravel()
    slopes = np.zeros(size * size)
    filled = np.flatnonzero(table)
    for cells in np.array_split(filled, max(1, len(filled) * size * size // _MOST_CELLS)):
        step = np.zeros((len(cells), size * size))
        step[np.arange(len(cells)), cells] = _STEP * table[cells]
        up, down = (statistic((table + way * step).reshape(-1, size, size)) for way in (1, -1))
        slopes[cells] = (up - down) / (2 * _STEP * table[cells])
    return float(statistic(shares)), slopes - float((slopes * table).sum())


def slopes_wilson(
    table: NDArray[np.int64], statistic: Statistic, trials: float, confidence: float
) -> tuple[Interval, str]:
    """Return Wilson's interval of a statistic between 0 and 1, of as many trials as its own error stands for.

    :param trials: the most that there can be: the rows that it is about.
    """
    shares = table / table.sum()
    value, slopes = slopes_at(shares, statistic)
    variance = float((shares.ravel() * slopes**2).sum()) / float(table.sum())
    return effective_wilson(value, variance, trials, confidence), "Wilson, effective sample size"


def as_answered(answers: Answers) -> tuple[Numbers, Numbers]:
    """Complete the labels of binary answers: all the missing ones against what was answered, and all as answered."""
    missing, predicted = np.isnan(answers.y), predicted_of(answers)
    return np.where(missing, 1 - predicted, answers.y), np.where(missing, predicted, answers.y)


def predicted_of(answers: Answers) -> Numbers:
    assert answers.predicted is not None, "find_metric's caller has seen to what it needs"
    return answers.predicted


def _resampled(table: NDArray[np.int64], confidence: float, *, statistic: Statistic) -> tuple[Interval | None, str]:
    values = bootstrap.of_counts(table, statistic)
    return bootstrap.percentile(values, confidence), bootstrap.named(values)


def _compared(
    champion: Answers, challenger: Answers, confidence: float, *, statistic: Statistic, undefined: str
) -> Difference:
    old, new = (float(statistic(confusion(answers).astype(float))) for answers in (champion, challenger))
    if not np.isfinite(new - old):
        return Difference(None, None, None, len(champion), reason=undefined)
    resamples = _of_joint_table if max(2, len(champion.classes)) <= _MOST_CLASSES_JOINTLY else _of_weighted_rows
    values = resamples(champion, challenger, statistic)
    interval = bootstrap.percentile(values, confidence)
    return Difference(new - old, interval, bootstrap.two_sided(values), len(champion), bootstrap.named(values))


def _of_joint_table(champion: Answers, challenger: Answers, statistic: Statistic) -> Numbers:
    size = max(2, len(champion.classes))
    codes = (champion.y * size + predicted_of(champion)) * size + predicted_of(challenger)
    joint = np.bincount(codes.astype(np.int64), minlength=size**3).reshape(size, size, size)
    return bootstrap.of_counts(joint, lambda tables: statistic(tables.sum(axis=-2)) - statistic(tables.sum(axis=-1)))


def _of_weighted_rows(champion: Answers, challenger: Answers, statistic: Statistic) -> Numbers:
    size = len(champion.classes)
    old, new = ((one.y * size + predicted_of(one)).astype(np.int64) for one in (champion, challenger))

    def resampled(weights: Numbers) -> float:
        tables: Any = (np.bincount(codes, weights, size * size).reshape(size, size) for codes in (new, old))
        after, before = (float(statistic(table)) for table in tables)
        return after - before

    return bootstrap.of_rows(len(old), resampled)
