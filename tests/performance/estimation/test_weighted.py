"""Metrics of weighted rows are those of scikit-learn with sample weights, and of rows that are there several times."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from airflow_ml_monitor.performance.answers import Answers, Problem
from airflow_ml_monitor.performance.estimation.weighted import Weighted, weighable
from airflow_ml_monitor.performance.registry import estimate, find_metric
from tests.performance.made_answers import MAKE, binary, multiclass, regression

PROBLEMS = [Problem.BINARY, Problem.MULTICLASS, Problem.REGRESSION]


def rounded(answers: Answers) -> Answers:
    """Return answers with many equal scores."""
    assert answers.score is not None
    return Answers(problem=answers.problem, y=answers.y, score=answers.score.round(1), predicted=answers.predicted)


@pytest.mark.parametrize("problem", PROBLEMS)
def test_rows_that_count_once_give_the_metric_itself(problem: Problem) -> None:
    answers = MAKE[problem](300, seed=3)
    weighted = Weighted(answers)
    for name in weighable(problem, scored=answers.score is not None):
        plain = estimate(find_metric(name, problem), answers).value
        assert weighted.value(name, weighted.labels()) == pytest.approx(plain), name


@pytest.mark.parametrize("problem", PROBLEMS)
@settings(max_examples=15)
@given(seed=st.integers(0, 2**16))
def test_a_weight_is_how_often_a_row_is_there(problem: Problem, seed: int) -> None:
    answers = MAKE[problem](60, seed=seed)
    answers = rounded(answers) if problem is Problem.BINARY else answers
    times = np.random.default_rng(seed).integers(0, 4, len(answers))
    often, weighted = answers.take(np.repeat(np.arange(len(answers)), times)), Weighted(answers)
    repeated = Weighted(often)
    for name in weighable(problem, scored=answers.score is not None):
        value = weighted.value(name, weighted.labels() * times[:, None])
        expected = repeated.value(name, repeated.labels())
        assert value == pytest.approx(expected, nan_ok=True), name


def test_areas_and_losses_are_those_of_scikit_learn_with_sample_weights() -> None:
    answers = rounded(binary(500, seed=5))
    weights = np.random.default_rng(5).gamma(1.0, 1.0, 500)
    weighted = Weighted(answers)
    rows: Any = {"sample_weight": weights}
    theirs = {
        "roc_auc": metrics.roc_auc_score(answers.y, answers.score, **rows),
        "average_precision": metrics.average_precision_score(answers.y, answers.score, **rows),
        "log_loss": metrics.log_loss(answers.y, answers.score, **rows),
        "f1": metrics.f1_score(answers.y, answers.predicted, **rows),
        "mcc": metrics.matthews_corrcoef(answers.y, answers.predicted, **rows),
    }
    ours = {name: weighted.value(name, weighted.labels() * weights[:, None]) for name in theirs}
    assert ours == pytest.approx(theirs)


def test_several_classes_and_targets_are_weighted_too() -> None:
    weights = np.random.default_rng(6).gamma(1.0, 1.0, 400)
    several, targets = multiclass(400, seed=6), regression(400, seed=6)
    values = [
        Weighted(one).value(name, Weighted(one).labels() * weights[:, None])
        for one, name in ((several, "f1_macro"), (several, "roc_auc_ovr"), (targets, "rmse"))
    ]
    assert values[0] == pytest.approx(
        metrics.f1_score(several.y, several.predicted, average="macro", sample_weight=weights)
    )
    areas = [
        metrics.roc_auc_score(several.y == code, several.score[:, code], sample_weight=weights) for code in range(3)
    ]
    assert values[1] == pytest.approx(np.mean(areas))
    assert values[2] == pytest.approx(
        metrics.root_mean_squared_error(targets.y, targets.predicted, sample_weight=weights)
    )


def test_what_divides_nothing_by_nothing_has_no_value() -> None:
    answers = binary(50).with_labels(np.zeros(50))
    weighted = Weighted(answers)
    assert [name for name in ("recall", "roc_auc") if np.isnan(weighted.value(name, weighted.labels()))] == [
        "recall",
        "roc_auc",
    ]


def test_without_scores_only_what_needs_none_can_be_weighted() -> None:
    names = weighable(Problem.BINARY, scored=False)
    assert "f1" in names
    assert not {"roc_auc", "log_loss", "brier"} & set(names)
