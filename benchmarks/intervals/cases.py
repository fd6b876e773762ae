"""Answers drawn at random whose true metrics are known: rare positives, heavy tails, rankings, entities of five."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from airflow_ml_monitor.performance.answers import Answers, Numbers, Problem

Draw = Callable[[np.random.Generator, int], Answers]
PER_ENTITY = 5
PER_QUERY = 10
OWN = 1.0
"""Standard deviation of what the rows of an entity have in common, on the scale of the logit or of the errors."""


@dataclass(frozen=True)
class Case:
    """Answers of one kind.

    :param draw: from a generator and a number of rows to answers.
    :param metrics: what is measured of them.
    """

    name: str
    problem: Problem
    draw: Draw
    metrics: tuple[str, ...]


def _effects(generator: np.random.Generator, rows: int, size: int, kinds: int) -> Numbers:
    """Return what the rows of each entity have in common, shape (rows, kinds)."""
    entities = -(-rows // size)
    return np.repeat(OWN * generator.standard_normal((entities, kinds)), size, axis=0)[:rows]


def _cluster(rows: int, size: int) -> np.ndarray | None:
    return None if size == 1 else np.arange(rows) // size


def binary(middle: float, threshold: float, size: int) -> Draw:
    """Return draws of answers to two classes; scores and labels of an entity go together."""

    def draw(generator: np.random.Generator, rows: int) -> Answers:
        own = _effects(generator, rows, size, 2)
        logit = middle + own[:, 0] + 0.8 * generator.standard_normal(rows)
        score = 1 / (1 + np.exp(-logit))
        y = (generator.random(rows) < 1 / (1 + np.exp(-(logit + 0.7 * own[:, 1])))).astype(float)
        predicted = (score >= threshold).astype(float)
        return Answers(problem=Problem.BINARY, y=y, score=score, predicted=predicted, cluster=_cluster(rows, size))

    return draw


def heavy_tails(size: int) -> Draw:
    """Return draws of targets whose errors are of Student's t with five degrees of freedom, skewed by entities."""

    def draw(generator: np.random.Generator, rows: int) -> Answers:
        own = _effects(generator, rows, size, 2)
        target = 20 + 3 * own[:, 0] + 3 * generator.standard_normal(rows)
        predicted = target + own[:, 1] + generator.standard_t(5, rows) + 0.2
        return Answers(problem=Problem.REGRESSION, y=target, predicted=predicted, cluster=_cluster(rows, size))

    return draw


def of_three(size: int) -> Draw:
    """Return draws of answers to three classes, of which the last has 2 % of the rows."""
    shares = np.array([0.6, 0.38, 0.02])

    def draw(generator: np.random.Generator, rows: int) -> Answers:
        own = _effects(generator, rows, size, 3)
        chances = np.cumsum(np.exp(np.log(shares) + 0.7 * own), axis=1)
        drawn = generator.random(rows) * chances[:, -1]
        y = (drawn[:, None] > chances).sum(axis=1).astype(float)
        weights = np.exp(generator.standard_normal((rows, 3)) + 1.5 * np.eye(3)[y.astype(int)] + np.log(shares))
        score = weights / weights.sum(axis=1, keepdims=True)
        return Answers(
            problem=Problem.MULTICLASS,
            y=y,
            score=score,
            predicted=score.argmax(axis=1).astype(float),
            classes=("a", "b", "c"),
            cluster=_cluster(rows, size),
        )

    return draw


def of_queries(size: int) -> Draw:
    """Return draws of rankings of ten rows each; queries of an entity are as easy as each other."""

    def draw(generator: np.random.Generator, rows: int) -> Answers:
        queries = -(-rows // PER_QUERY)
        easy = np.repeat(np.exp(_effects(generator, queries, size, 1)[:, 0] / 2), PER_QUERY)[:rows]
        relevance = generator.choice(4, rows, p=[0.7, 0.15, 0.1, 0.05]).astype(float)
        query = np.arange(rows) // PER_QUERY
        score = easy * relevance + generator.standard_normal(rows)
        cluster = None if size == 1 else query // size
        return Answers(problem=Problem.RANKING, y=relevance, score=score, query=query, cluster=cluster)

    return draw


BINARY = (
    *("accuracy", "average_precision", "balanced_accuracy", "brier", "calibration_in_the_large", "ece", "f1", "f2"),
    *("ks", "lift@0.1", "log_loss", "mcc", "positive_share", "precision", "predicted_share", "recall", "roc_auc"),
    *("specificity", "value@0,-1,-20,5"),
)
REGRESSION = (
    *("bias", "mae", "mape", "median_absolute_error", "mse", "pinball@0.9", "r2", "rmse", "smape"),
)  # fmt: skip
MULTICLASS = (
    *("accuracy", "balanced_accuracy", "f1_macro", "f1_weighted", "log_loss", "mcc", "precision_macro"),
    *("precision_weighted", "recall_macro", "roc_auc_ovr"),
)
RANKING = ("hit_rate@3", "map", "mrr", "ndcg", "ndcg@3", "precision@3", "recall@3")
_ALONE, _TOGETHER = 1, PER_ENTITY
CASES: Mapping[str, Case] = {
    case.name: case
    for case in (
        Case("30 % positives", Problem.BINARY, binary(-1.05, 0.4, _ALONE), BINARY),
        Case("2 % positives", Problem.BINARY, binary(-4.6, 0.06, _ALONE), BINARY),
        Case("30 % positives, entities", Problem.BINARY, binary(-1.05, 0.4, _TOGETHER), BINARY),
        Case("2 % positives, entities", Problem.BINARY, binary(-4.6, 0.06, _TOGETHER), BINARY),
        Case("heavy tails", Problem.REGRESSION, heavy_tails(_ALONE), REGRESSION),
        Case("heavy tails, entities", Problem.REGRESSION, heavy_tails(_TOGETHER), REGRESSION),
        Case("three classes", Problem.MULTICLASS, of_three(_ALONE), MULTICLASS),
        Case("three classes, entities", Problem.MULTICLASS, of_three(_TOGETHER), MULTICLASS),
        Case("rankings", Problem.RANKING, of_queries(_ALONE), RANKING),
        Case("rankings, entities", Problem.RANKING, of_queries(_TOGETHER), RANKING),
    )
}
