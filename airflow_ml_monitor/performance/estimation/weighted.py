"""Metrics of answers whose rows belong to each class, or count at all, by a weight: expected or reweighted labels."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from airflow_ml_monitor.performance.answers import Answers, Numbers, Problem
from airflow_ml_monitor.performance.metrics import binary, multiclass, probabilities
from airflow_ml_monitor.performance.metrics.counts import predicted_of
from airflow_ml_monitor.performance.metrics.losses import score_of
from airflow_ml_monitor.performance.registry import find_metric, metric_names

Codes = NDArray[np.int64]
Table = Callable[[Numbers], Numbers]

_TABLES: dict[Problem, dict[str, Table]] = {
    Problem.BINARY: {
        "accuracy": binary.ACCURACY,
        "balanced_accuracy": binary.balanced_accuracy,
        "f1": binary.f1,
        "mcc": binary.mcc,
        "positive_share": binary.POSITIVE_SHARE,
        "precision": binary.PRECISION,
        "recall": binary.RECALL,
        "specificity": binary.SPECIFICITY,
    },
    Problem.MULTICLASS: {
        "accuracy": multiclass.accuracy,
        "balanced_accuracy": multiclass.balanced_accuracy,
        "f1_macro": multiclass.f1_macro,
        "mcc": binary.mcc,
        "precision_macro": multiclass.precision_macro,
        "recall_macro": multiclass.recall_macro,
    },
    Problem.REGRESSION: {},
}
_LOSSES: dict[Problem, dict[str, Callable[[Answers], Numbers]]] = {
    Problem.BINARY: {
        "brier": probabilities.squared_errors,
        "calibration_in_the_large": lambda answers: score_of(answers) - answers.y,
        "log_loss": probabilities.log_losses,
    },
    Problem.MULTICLASS: {"log_loss": multiclass.log_losses},
    Problem.REGRESSION: {
        "bias": lambda answers: predicted_of(answers) - answers.y,
        "mae": lambda answers: np.abs(predicted_of(answers) - answers.y),
        "mse": lambda answers: (predicted_of(answers) - answers.y) ** 2,
        "rmse": lambda answers: (predicted_of(answers) - answers.y) ** 2,
    },
}
_RANKINGS = {Problem.BINARY: ("average_precision", "roc_auc"), Problem.MULTICLASS: ("roc_auc_ovr",)}


class _Ranking(NamedTuple):
    """The rows in the order of a score, and which have equal ones."""

    order: Codes
    group: Codes

    def sums(self, weights: Numbers) -> Numbers:
        return np.bincount(self.group, weights[self.order]).astype(float)


class Weighted:
    """Metrics of some answers, for whatever weights their rows have: what does not depend on them is made once.

    Weights have the shape (rows, classes), of a regression (rows, 1): how much of each row is of each class.
    """

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self.width = 1 if answers.problem is Problem.REGRESSION else max(2, len(answers.classes))
        self._losses: dict[str, Numbers] = {}

    def value(self, name: str, weights: Numbers) -> float:
        """Return a metric; NaN where it is not defined."""
        problem = self.answers.problem
        if name in _TABLES[problem]:
            return float(_TABLES[problem][name](self._table(weights)))
        if name in _LOSSES[problem]:
            mean = _quotient(float((weights * self._loss(name)).sum()), float(weights.sum()))
            return math.sqrt(mean) if name == "rmse" else mean
        if name == "average_precision":
            return _average_precision(*(self._rankings[0].sums(weights[:, code]) for code in (1, 0)))
        total = weights.sum(axis=1)
        areas = [
            _area(ranking.sums(weights[:, code]), ranking.sums(total - weights[:, code]))
            for code, ranking in zip(self._ranked, self._rankings, strict=True)
        ]
        return float(np.mean(areas))

    def labels(self) -> Numbers:
        """Return the weights of rows whose labels are known, each row counting once."""
        if self.answers.problem is Problem.REGRESSION:
            return np.ones((len(self.answers), 1))
        return np.equal(self.answers.y[:, None], np.arange(self.width)).astype(float)

    def _table(self, weights: Numbers) -> Numbers:
        said = predicted_of(self.answers).astype(np.int64)
        return np.stack([np.bincount(said, weights[:, code], self.width) for code in range(self.width)])

    def _loss(self, name: str) -> Numbers:
        if name not in self._losses:
            loss = _LOSSES[self.answers.problem][name]
            self._losses[name] = np.column_stack([loss(one) for one in self._completed])
        return self._losses[name]

    @property
    def _completed(self) -> list[Answers]:
        if self.answers.problem is Problem.REGRESSION:
            return [self.answers]
        rows = len(self.answers)
        return [self.answers.with_labels(np.full(rows, float(code))) for code in range(self.width)]

    @property
    def _ranked(self) -> range:
        return range(1, 2) if self.answers.problem is Problem.BINARY else range(self.width)

    @cached_property
    def _rankings(self) -> list[_Ranking]:
        score = score_of(self.answers)
        return [_ranking(score if score.ndim == 1 else score[:, code]) for code in self._ranked]


def weighable(problem: Problem, *, scored: bool) -> list[str]:
    """Return the metrics that can be weighted, in alphabetical order; of a ranking none: its rows are no cases.

    :param scored: whether there are probabilities.
    """
    names = [*_TABLES.get(problem, ()), *_LOSSES.get(problem, ()), *_RANKINGS.get(problem, ())]
    there = set(metric_names(problem))
    return sorted(
        name for name in names if name in there and (scored or find_metric(name, problem).needs == "predicted")
    )


def _ranking(score: Numbers) -> _Ranking:
    order = np.argsort(score, kind="stable")
    group = np.cumsum(np.diff(score[order], prepend=score[order[:1]]) > 0)
    return _Ranking(order, group.astype(np.int64))


def _area(positive: Numbers, negative: Numbers) -> float:
    """Return the area under the ROC curve from sums in ascending order of the score, ties half."""
    below = np.cumsum(negative) - negative / 2
    return _quotient(float((positive * below).sum()), float(positive.sum() * negative.sum()))


def _average_precision(positive: Numbers, negative: Numbers) -> float:
    hits, said = np.cumsum(positive[::-1]), np.cumsum((positive + negative)[::-1])
    precision = np.divide(hits, said, out=np.zeros_like(hits), where=said > 0)
    return _quotient(float((positive[::-1] * precision).sum()), float(positive.sum()))


def _quotient(above: float, below: float) -> float:
    return above / below if below > 0 else math.nan
