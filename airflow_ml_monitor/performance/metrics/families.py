"""Metrics whose names say numbers: ``f2``, ``lift@0.1``, ``pinball@0.9``, ``value@0,-1,-20,5``."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance.answers import Answers, Numbers, Problem
from airflow_ml_monitor.performance.intervals.proportions import effective_wilson, mean_of, wilson
from airflow_ml_monitor.performance.metrics.binary import ratio
from airflow_ml_monitor.performance.metrics.classes import one_class
from airflow_ml_monitor.performance.metrics.counts import (
    as_answered,
    confusion,
    counts_metric,
    predicted_of,
    slopes_wilson,
)
from airflow_ml_monitor.performance.metrics.influence import by_influence
from airflow_ml_monitor.performance.metrics.losses import loss_metric, mean_metric, score_of
from airflow_ml_monitor.performance.metrics.regression import errors, within_span
from airflow_ml_monitor.performance.registry import Estimate, Metric, register_family
from airflow_ml_monitor.results import Interval

_GAINS = 4


def f_beta(beta: float) -> Metric:
    """F-beta of binary answers: recall counts ``beta`` times as much as precision (van Rijsbergen 1979)."""
    if not beta > 0:
        raise ConfigurationError(f"f{beta:g}: beta must be above zero, as in f2 and f0.5")
    square = beta * beta

    def statistic(table: Numbers) -> Numbers:
        hits, missed, false = table[..., 1, 1], table[..., 1, 0], table[..., 0, 1]
        return ratio((1 + square) * hits, (1 + square) * hits + square * missed + false)

    def interval(table: NDArray[np.int64], confidence: float) -> tuple[Interval, str]:
        return slopes_wilson(table, statistic, float(table[1].sum() + table[0, 1]), confidence)

    return counts_metric(
        f"f{beta:g}",
        Problem.BINARY,
        statistic,
        interval=interval,
        completions=as_answered,
        undefined="neither a label nor an answer is positive",
    )


def lift(share: float) -> Metric:
    """How many times more of the positives are among the share of the rows with the highest scores than among all.

    Rows of equal score at its edge count in part. Its error is that of the share of positives that is caught, less what
    follows from the number of rows being fixed.
    """
    if not 0 < share < 1:
        raise ConfigurationError(f"lift@{share:g}: the share of the rows must be between 0 and 1, as in lift@0.1")

    def influence(answers: Answers) -> tuple[float, Numbers]:
        weights = answers.weights
        positives = float(weights @ answers.y) / float(weights.sum())
        if positives == 0:
            return math.nan, answers.y
        chosen, near = _of_the_highest(score_of(answers), weights, share)
        caught = float(np.average(chosen * answers.y, weights=weights)) / positives
        denser = float(np.average(answers.y, weights=near)) / positives
        rows = answers.y * (chosen - caught) / positives - denser * (chosen - share)
        return caught / share, (rows - np.average(rows, weights=weights)) / share

    def estimator(answers: Answers, confidence: float) -> Estimate:
        reason = one_class(answers)
        if reason:
            return Estimate(None, None, len(answers), reason=reason)
        value, rows = influence(answers)
        most = 1 / max(share, float(answers.y.mean()))  # all chosen are positive, or all positives are chosen
        trials = min(float(answers.y.sum()), share * len(rows))
        around = effective_wilson(value / most, float(rows.var()) / len(rows) / most**2, trials, confidence)
        interval = Interval(most * around.lower, most * around.upper)
        return Estimate(value, interval, len(answers), "Wilson, effective sample size")

    def completions(answers: Answers) -> tuple[Numbers, Numbers]:
        chosen, _ = _of_the_highest(score_of(answers), np.ones(len(answers)), share)
        return _extreme_lifts(answers, chosen)

    return Metric(
        f"lift@{share:g}", Problem.BINARY, "higher", "score", estimator, by_influence(influence), completions,
        influence=influence, scale="positive", row_by_row=False,
    )  # fmt: skip


def _extreme_lifts(answers: Answers, chosen: Numbers) -> tuple[Numbers, Numbers]:
    """Complete the labels so that the lift is least and greatest.

    With k of the missing labels positive it is least where those are of the rows that are chosen least, and greatest
    where they are of those chosen most; of all k by which both classes are there the most extreme is taken.
    """
    missing, known = np.flatnonzero(np.isnan(answers.y)), np.nan_to_num(answers.y)
    order = missing[np.argsort(chosen[missing], kind="stable")]
    k = np.arange(len(missing) + 1)
    positive = known.sum() + k
    both = (positive > 0) & (positive < len(answers))
    completed = []
    for first, sign in ((order, 1.0), (order[::-1], -1.0)):
        caught = chosen @ known + np.concatenate([[0.0], np.cumsum(chosen[first])])
        extreme = int(np.where(both, sign * ratio(caught, positive), np.inf).argmin())
        y = known.copy()
        y[first[:extreme]] = 1.0
        completed.append(y)
    return completed[0], completed[1]


def _one(make: Callable[[float], Metric], prefix: str) -> Callable[..., Metric]:
    """Return ``make`` of exactly one number."""

    def made(*numbers: float) -> Metric:
        if len(numbers) > 1:
            raise ConfigurationError(f"{prefix} takes 1 number, not {len(numbers)}")
        return make(numbers[0])

    return made


def _of_the_highest(score: Numbers, weights: Numbers, share: float) -> tuple[Numbers, Numbers]:
    """Return how much of each row is in the share with the highest scores, and the weights of those near its edge."""
    levels, level = np.unique(-score, return_inverse=True)
    size = np.bincount(level, weights, len(levels)) / weights.sum()
    before = np.cumsum(size) - size

    def within(part: float) -> Numbers:
        taken: Numbers = np.clip(ratio(part - before, size), 0.0, 1.0)[level]
        return np.nan_to_num(taken)

    near = (within(min(1.0, 1.5 * share)) - within(0.5 * share)) * weights
    return within(share), near


def value(*gains: float) -> Metric:
    """The mean gain of a row by what it was and what was answered (a business value matrix).

    :param gains: of a true negative, a false positive, a false negative and a true positive, in one unit.
    """
    if len(gains) != _GAINS:
        said = ",".join(f"{gain:g}" for gain in gains)
        raise ConfigurationError(
            f"value@{said} must say four gains: of a true negative, a false positive, a false negative and a true "
            "positive, as in value@0,-1,-20,5"
        )
    matrix = np.array(gains).reshape(2, 2)

    def gained(answers: Answers) -> Numbers:
        found: Numbers = matrix[answers.y.astype(np.int64), predicted_of(answers).astype(np.int64)]
        return found

    def completions(answers: Answers) -> tuple[Numbers, Numbers]:
        missing, columns = np.isnan(answers.y), matrix[:, predicted_of(answers).astype(np.int64)]
        least, most = columns.argmin(axis=0).astype(float), columns.argmax(axis=0).astype(float)
        return np.where(missing, least, answers.y), np.where(missing, most, answers.y)

    def estimator(answers: Answers, confidence: float) -> Estimate:
        table, n = confusion(answers).ravel(), len(answers)
        mean, usual = float(gained(answers).mean()), gains[int(table.argmax())]
        parts = []  # what each cell gains beside the usual one: its share may be small, and its gain great
        for count, gain in zip(table.tolist(), gains, strict=True):
            ends = sorted((gain - usual) * end for end in wilson(count, n, confidence))
            parts.append(((gain - usual) * count / n, Interval(*ends)))
        around = mean_of(parts)
        interval = Interval(usual + _GAINS * around.lower, usual + _GAINS * around.upper)
        return Estimate(mean, interval, n, "Wilson, MOVER")

    made = mean_metric("value", Problem.BINARY, gained, needs="predicted", better="higher", completions=completions)
    return replace(made, estimator=estimator)


def pinball(quantile: float) -> Metric:
    """The mean quantile loss of answers that are to be above the target in that share of the rows."""
    if not 0 < quantile < 1:
        raise ConfigurationError(f"pinball@{quantile:g}: the quantile must be between 0 and 1, as in pinball@0.9")

    def loss(answers: Answers) -> Numbers:
        over = errors(answers)
        return np.maximum((1 - quantile) * over, -quantile * over)

    completions = within_span(loss)
    return loss_metric(f"pinball@{quantile:g}", Problem.REGRESSION, loss, needs="predicted", completions=completions)


register_family(Problem.BINARY, "value@", value)
for _problem, _prefix, _make in (
    (Problem.BINARY, "f", f_beta),
    (Problem.BINARY, "lift@", lift),
    (Problem.REGRESSION, "pinball@", pinball),
):
    register_family(_problem, _prefix, _one(_make, _prefix))
