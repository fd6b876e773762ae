"""Metrics of the probabilities answered to binary problems, but for those of a ranking.

``log_loss`` clips probabilities as scikit-learn does, by the machine epsilon of 64-bit numbers.
"""

from __future__ import annotations

import numpy as np

from airflow_ml_monitor.performance.answers import Answers, Numbers, Problem
from airflow_ml_monitor.performance.intervals import proportions
from airflow_ml_monitor.performance.intervals.means import student
from airflow_ml_monitor.performance.metrics.binary import all_one
from airflow_ml_monitor.performance.metrics.classes import one_class
from airflow_ml_monitor.performance.metrics.losses import mean_influence, paired, register_loss, score_of
from airflow_ml_monitor.performance.registry import Difference, Estimate, Metric, register
from airflow_ml_monitor.results import Interval

_BINARY = Problem.BINARY
_EPSILON = float(np.finfo(np.float64).eps)


def log_losses(answers: Answers) -> Numbers:
    score = np.clip(score_of(answers), _EPSILON, 1 - _EPSILON)
    return -np.log(np.where(answers.y == 1, score, 1 - score))


def squared_errors(answers: Answers) -> Numbers:
    return (score_of(answers) - answers.y) ** 2


def nearest(answers: Answers) -> tuple[Numbers, Numbers]:
    """Complete the labels: each missing one as the score says, for the least loss, and against it, for the greatest."""
    missing, said = np.isnan(answers.y), (score_of(answers) >= 0.5).astype(float)
    return np.where(missing, said, answers.y), np.where(missing, 1 - said, answers.y)


def all_one_reversed(answers: Answers) -> tuple[Numbers, Numbers]:
    negative, positive = all_one(answers)
    return positive, negative


def calibration_in_the_large(answers: Answers, confidence: float) -> Estimate:
    """The mean score less the share of positive labels: above zero, positives are foretold too often.

    Its interval is Wilson's of the share, turned round and stretched by how much wider the differences of score and
    label are spread than the labels: where positives are rare, the plain t interval misses on one side only.
    """
    score, n = score_of(answers), len(answers)
    share, value = float(answers.y.mean()), float((score - answers.y).mean())
    around = proportions.wilson(float(answers.y.sum()), n, confidence)
    if one_class(answers):
        of_score = student(score, confidence)
        interval = of_score and proportions.difference_of_two((float(score.mean()), of_score), (share, around))
        return Estimate(value, interval, n, "Wilson, MOVER")
    stretch = float((score - answers.y).std() / answers.y.std())
    interval = Interval(value - stretch * (around.upper - share), value + stretch * (share - around.lower))
    return Estimate(value, interval, n, "Wilson, stretched")


def compare_mean_score(champion: Answers, challenger: Answers, confidence: float) -> Difference:
    """Compare the mean scores: the labels are the same."""
    return paired(score_of(challenger) - score_of(champion), confidence)


register_loss("log_loss", _BINARY, log_losses, needs="score", most=-float(np.log(_EPSILON)), completions=nearest)
register_loss("brier", _BINARY, squared_errors, needs="score", most=1.0, completions=nearest)
register(
    Metric(
        "calibration_in_the_large",
        _BINARY,
        "neither",
        "score",
        calibration_in_the_large,
        compare_mean_score,
        all_one_reversed,
        influence=mean_influence(lambda answers: score_of(answers) - answers.y),
    )
)
