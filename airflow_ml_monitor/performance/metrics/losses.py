"""Metrics that are the mean of a loss per row: what they have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from airflow_ml_monitor.performance.answers import Answers, Numbers, Problem
from airflow_ml_monitor.performance.intervals.means import positive_mean, root, student, student_p_value
from airflow_ml_monitor.performance.metrics.classes import one_class
from airflow_ml_monitor.performance.registry import (
    Better,
    Completions,
    Difference,
    Estimate,
    Influence,
    Metric,
    Needs,
    register,
)

Loss = Callable[[Answers], Numbers]

NO_SPREAD = "one row, or rows without any error, do not tell how far the mean may be off"


def loss_metric(
    name: str,
    problem: Problem,
    loss: Loss,
    *,
    needs: Needs,
    most: float | None = None,
    completions: Completions | None = None,
) -> Metric:
    """Return the mean of a loss that is never negative; lower is better.

    Labels of one class have a mean loss, and no interval: the losses of the other class may be of another size.

    :param most: the greatest loss there is, if any.
    """

    def estimator(answers: Answers, confidence: float) -> Estimate:
        values, reason = loss(answers), one_class(answers)
        interval = None if reason else positive_mean(values, confidence, most=most)
        if interval is None:
            return Estimate(float(values.mean()), None, len(values), reason=reason or NO_SPREAD)
        return Estimate(float(values.mean()), interval, len(values), "t on the log of the mean")

    def comparison(champion: Answers, challenger: Answers, confidence: float) -> Difference:
        return paired(loss(challenger) - loss(champion), confidence)

    return Metric(
        name,
        problem,
        "lower",
        needs,
        estimator,
        comparison,
        completions,
        row_loss=loss,
        influence=mean_influence(loss),
        scale="positive",
    )


def register_loss(name: str, problem: Problem, loss: Loss, **options: Any) -> None:
    """Register the metric that ``loss_metric`` returns."""
    register(loss_metric(name, problem, loss, **options))


def register_root(
    name: str, problem: Problem, loss: Loss, *, needs: Needs, completions: Completions | None = None
) -> None:
    """Register the root of the mean of a loss; lower is better."""

    def estimator(answers: Answers, confidence: float) -> Estimate:
        values = loss(answers)
        interval = root(positive_mean(values, confidence))
        if interval is None:
            return Estimate(float(np.sqrt(values.mean())), None, len(values), reason=NO_SPREAD)
        return Estimate(float(np.sqrt(values.mean())), interval, len(values), "root of t on the log of the mean")

    def comparison(champion: Answers, challenger: Answers, confidence: float) -> Difference:
        # The difference of the roots, to first order a mean over rows (delta method).
        before, after = loss(champion), loss(challenger)
        old, new = float(np.sqrt(before.mean())), float(np.sqrt(after.mean()))
        if old == 0 or new == 0:
            return Difference(new - old, None, None, len(before), reason="one of the two makes no error at all")
        rows = new - old + (after - new**2) / (2 * new) - (before - old**2) / (2 * old)
        return paired(rows, confidence)._replace(method="paired t, delta method")

    def influence(answers: Answers) -> tuple[float, Numbers]:
        square, rows = mean_influence(loss)(answers)
        value = float(np.sqrt(square))
        return value, rows / (2 * value) if value else rows

    register(
        Metric(name, problem, "lower", needs, estimator, comparison, completions, influence=influence, scale="positive")
    )


def mean_metric(
    name: str,
    problem: Problem,
    value: Loss,
    *,
    needs: Needs,
    better: Better = "neither",
    completions: Completions | None = None,
) -> Metric:
    """Return the mean of a value of any sign."""

    def estimator(answers: Answers, confidence: float) -> Estimate:
        values = value(answers)
        return Estimate(float(values.mean()), student(values, confidence), len(values), "t")

    def comparison(champion: Answers, challenger: Answers, confidence: float) -> Difference:
        return paired(value(challenger) - value(champion), confidence)

    influence = mean_influence(value)
    return Metric(name, problem, better, needs, estimator, comparison, completions, influence=influence)


def register_mean(name: str, problem: Problem, value: Loss, **options: Any) -> None:
    """Register the metric that ``mean_metric`` returns."""
    register(mean_metric(name, problem, value, **options))


def mean_influence(value: Loss) -> Influence:
    """Return the influence function of a mean: each row's value less the mean."""

    def influence(answers: Answers) -> tuple[float, Numbers]:
        values = value(answers)
        mean = float(np.average(values, weights=answers.weight))
        return mean, values - mean

    return influence


def score_of(answers: Answers) -> Numbers:
    assert answers.score is not None, "find_metric's caller has seen to what it needs"
    return answers.score


def paired(differences: Numbers, confidence: float) -> Difference:
    interval, p_value = student(differences, confidence), student_p_value(differences)
    return Difference(float(differences.mean()), interval, p_value, len(differences), "paired t")
