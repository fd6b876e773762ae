"""How often intervals hold the truth where positives are rare: 10 among 500, and 50."""

from __future__ import annotations

import numpy as np
import pytest

from airflow_ml_monitor.performance.answers import Answers, Numbers, Problem
from airflow_ml_monitor.performance.registry import estimate, find_metric

REPLICATIONS = 400
LEAST = 0.92  # of 0.95, less two and a half standard errors of a share of 400
CHEAP = [
    "accuracy",
    "average_precision",
    "balanced_accuracy",
    "brier",
    "calibration_in_the_large",
    "f1",
    "log_loss",
    "mcc",
    "precision",
    "recall",
    "roc_auc",
    "specificity",
]


def drawn(generator: np.random.Generator, rows: int, positives: float) -> Answers:
    """Return answers whose scores are the true probabilities, which average ``positives`` / 500."""
    middle, threshold = {10: (-5.6, 0.1), 50: (-3.57, 0.2)}[int(positives)]
    score: Numbers = 1 / (1 + np.exp(-(middle + 2.0 * generator.standard_normal(rows))))
    y = (generator.random(rows) < score).astype(float)
    return Answers(problem=Problem.BINARY, y=y, score=score, predicted=(score >= threshold).astype(float))


@pytest.mark.parametrize("name", CHEAP)
@pytest.mark.parametrize("positives", [10, 50])
def test_intervals_hold_the_truth(name: str, positives: int) -> None:
    metric, generator = find_metric(name, Problem.BINARY), np.random.default_rng(20)
    truth = estimate(metric, drawn(np.random.default_rng(21), 1_000_000, positives)).value
    assert truth is not None
    held = []
    for _ in range(REPLICATIONS):
        interval = estimate(metric, drawn(generator, 500, positives)).interval
        assert interval is not None
        held.append(interval.lower <= truth <= interval.upper)
    assert np.mean(held) >= LEAST


RARE = (0.6, 0.38, 0.02)


def drawn_of_three(generator: np.random.Generator, rows: int) -> Answers:
    """Return answers to three classes, of which the last has 10 rows among 500 and is seldom answered."""
    y = generator.choice(3, rows, p=RARE).astype(float)
    weights = np.exp(generator.standard_normal((rows, 3)) + 1.5 * np.eye(3)[y.astype(int)] + np.log(RARE))
    score = weights / weights.sum(axis=1, keepdims=True)
    predicted = score.argmax(axis=1).astype(float)
    return Answers(problem=Problem.MULTICLASS, y=y, score=score, predicted=predicted, classes=("a", "b", "c"))


@pytest.mark.parametrize("name", ["balanced_accuracy", "f1_macro", "precision_macro", "recall_macro", "roc_auc_ovr"])
def test_intervals_of_means_over_classes_hold_the_truth_where_one_is_rare(name: str) -> None:
    metric, generator = find_metric(name, Problem.MULTICLASS), np.random.default_rng(22)
    truth = estimate(metric, drawn_of_three(np.random.default_rng(23), 1_000_000)).value
    assert truth is not None
    found = [estimate(metric, drawn_of_three(generator, 500)).interval for _ in range(200)]
    held = [interval.lower <= truth <= interval.upper for interval in found if interval is not None]
    assert len(held) >= 198
    assert 0.9 <= np.mean(held) < 0.995  # nor are they so wide that nothing is ever decided
