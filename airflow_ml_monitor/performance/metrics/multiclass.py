"""Metrics of multiclass problems, but for those of a ranking. Values are those of scikit-learn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from airflow_ml_monitor.performance.answers import Answers, Numbers, Problem
from airflow_ml_monitor.performance.intervals import proportions
from airflow_ml_monitor.performance.metrics.binary import compare_accuracy, mcc, ratio
from airflow_ml_monitor.performance.metrics.counts import register_counts
from airflow_ml_monitor.performance.metrics.losses import register_loss, score_of
from airflow_ml_monitor.results import Interval

_MULTICLASS = Problem.MULTICLASS
_EPSILON = float(np.finfo(np.float64).eps)


def log_losses(answers: Answers) -> Numbers:
    score = score_of(answers)
    own = np.take_along_axis(score, answers.y.astype(np.int64)[:, None], axis=1)[:, 0]
    return -np.log(np.clip(own, _EPSILON, 1.0))


def likeliest(answers: Answers) -> tuple[Numbers, Numbers]:
    """Complete the labels: each missing one as its likeliest class, for the least loss, and as its least likely one."""
    missing, score = np.isnan(answers.y), score_of(answers)
    best, worst = score.argmax(axis=1).astype(float), score.argmin(axis=1).astype(float)
    return np.where(missing, best, answers.y), np.where(missing, worst, answers.y)


def as_answered(answers: Answers) -> tuple[Numbers, Numbers]:
    """Complete the labels: all the missing ones as another class than was answered, and all as answered."""
    assert answers.predicted is not None
    missing, size = np.isnan(answers.y), max(2, len(answers.classes))
    wrong = (answers.predicted + 1) % size
    return np.where(missing, wrong, answers.y), np.where(missing, answers.predicted, answers.y)


def accuracy(table: Numbers) -> Numbers:
    return ratio(np.trace(table, axis1=-2, axis2=-1), table.sum(axis=(-2, -1)))


def _accuracy_interval(table: NDArray[np.int64], confidence: float) -> tuple[Interval, str]:
    return proportions.wilson(float(np.trace(table)), float(table.sum()), confidence), "Wilson"


def balanced_accuracy(table: Numbers) -> Numbers:
    """Return the mean recall of the classes that have a label."""
    return _mean_over_classes(*_right_and(table, table.sum(axis=-1)), table.sum(axis=-1) > 0)


def precision_macro(table: Numbers) -> Numbers:
    """Return the mean precision of the classes that have a label or an answer; 0 for one that was never answered."""
    return _mean_over_classes(*_right_and(table, table.sum(axis=-2)), _seen(table))


def recall_macro(table: Numbers) -> Numbers:
    """Return the mean recall of the classes that have a label or an answer; 0 for one without a label."""
    return _mean_over_classes(*_right_and(table, table.sum(axis=-1)), _seen(table))


def f1_macro(table: Numbers) -> Numbers:
    """Return the mean F1 of the classes that have a label or an answer."""
    right, _ = _right_and(table, table)
    return _mean_over_classes(2 * right, table.sum(axis=-1) + table.sum(axis=-2), _seen(table))


def _right_and(table: Numbers, below: Numbers) -> tuple[Numbers, Numbers]:
    return np.diagonal(table, axis1=-2, axis2=-1), below


def _seen(table: Numbers) -> NDArray[np.bool_]:
    seen: NDArray[np.bool_] = (table.sum(axis=-1) + table.sum(axis=-2)) > 0
    return seen


def _mean_over_classes(above: Numbers, below: Numbers, counted: NDArray[np.bool_]) -> Numbers:
    shares = np.divide(above, below, out=np.zeros(np.shape(above)), where=below > 0)
    return ratio((shares * counted).sum(axis=-1), counted.sum(axis=-1))


register_counts(
    "accuracy",
    _MULTICLASS,
    accuracy,
    interval=_accuracy_interval,
    comparison=compare_accuracy,
    completions=as_answered,
)
register_counts("balanced_accuracy", _MULTICLASS, balanced_accuracy)
register_counts("precision_macro", _MULTICLASS, precision_macro)
register_counts("recall_macro", _MULTICLASS, recall_macro)
register_counts("f1_macro", _MULTICLASS, f1_macro)
register_counts("mcc", _MULTICLASS, mcc, undefined="all labels, or all answers, are of one class")
register_loss("log_loss", _MULTICLASS, log_losses, needs="score", completions=likeliest)
