"""Paired differences of two models: laws every metric keeps, and SciPy's tests where there is one."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from airflow_ml_monitor.performance.answers import Answers, Problem
from airflow_ml_monitor.performance.registry import difference, estimate, find_metric, metric_names
from tests.performance.made_answers import MAKE, binary, regression

EVERY = [(problem, name) for problem in Problem for name in metric_names(problem)]
OF_LABELS_ONLY = "positive_share"


def two_models(problem: Problem, rows: int = 400) -> tuple[Answers, Answers]:
    champion = MAKE[problem](rows, seed=5)
    return champion, MAKE[problem](seed=6, y=champion.y)


@pytest.mark.parametrize(("problem", "name"), EVERY)
def test_a_difference_is_the_challengers_value_less_the_champions(problem: Problem, name: str) -> None:
    metric, (champion, challenger) = find_metric(name, problem), two_models(problem)
    old, new = (estimate(metric, each).value for each in (champion, challenger))
    assert old is not None
    assert new is not None
    assert difference(metric, champion, challenger).value == pytest.approx(new - old, abs=1e-12)


@pytest.mark.parametrize(("problem", "name"), EVERY)
def test_a_model_does_not_differ_from_itself(problem: Problem, name: str) -> None:
    champion, _ = two_models(problem)
    found = difference(find_metric(name, problem), champion, champion)
    assert (found.value, found.p_value) == (0.0, 1.0)
    assert found.interval is not None
    assert found.interval.lower <= 0 <= found.interval.upper


@pytest.mark.parametrize(("problem", "name"), [each for each in EVERY if each[1] != OF_LABELS_ONLY])
def test_the_interval_holds_the_difference(problem: Problem, name: str) -> None:
    found = difference(find_metric(name, problem), *two_models(problem))
    assert found.interval is not None
    assert found.value is not None
    assert found.interval.lower < found.value < found.interval.upper
    assert found.method


@pytest.mark.parametrize(("problem", "name"), EVERY)
def test_changing_the_sides_changes_the_sign(problem: Problem, name: str) -> None:
    metric, (champion, challenger) = find_metric(name, problem), two_models(problem)
    one, other = difference(metric, champion, challenger), difference(metric, challenger, champion)
    assert one.value == pytest.approx(-(other.value or 0.0), abs=1e-12)
    assert one.interval is not None
    assert other.interval is not None
    width = one.interval.upper - one.interval.lower
    assert tuple(one.interval) == pytest.approx((-other.interval.upper, -other.interval.lower), abs=0.1 * width)


@pytest.mark.parametrize(
    ("problem", "name"), [each for each in EVERY if each[1] not in (OF_LABELS_ONLY, "bias", "ece")]
)
def test_a_clearly_worse_challenger_is_seen(problem: Problem, name: str) -> None:
    champion = MAKE[problem](2_000, seed=5)
    if problem is Problem.REGRESSION:
        assert champion.predicted is not None
        challenger = regression(seed=6, y=champion.y, noise=3.0)
    else:
        challenger = MAKE[problem](seed=6, y=champion.y, skill=0.3)
    found, metric = difference(find_metric(name, problem), champion, challenger), find_metric(name, problem)
    if metric.higher_is_better is not None:
        assert found.p_value is not None
        assert found.value is not None
        assert found.p_value < 0.01
        assert (found.value < 0) == metric.higher_is_better


@pytest.mark.parametrize("name", ["log_loss", "brier"])
def test_pairing_finds_what_two_samples_do_not(name: str) -> None:
    """A challenger a little better on every row is proven by pairs where independent intervals overlap widely."""
    champion = binary(600, seed=8)
    assert champion.score is not None
    challenger = Answers(problem=Problem.BINARY, y=champion.y, score=0.97 * champion.score + 0.03 * champion.y)
    metric = find_metric(name, Problem.BINARY)
    old, new = (estimate(metric, each).interval for each in (champion, challenger))
    assert old is not None
    assert new is not None
    assert old.lower < new.upper
    found = difference(metric, champion, challenger)
    assert found.p_value is not None
    assert found.p_value < 1e-6


def test_losses_are_compared_by_the_paired_t_test() -> None:
    champion, challenger = two_models(Problem.REGRESSION)
    assert champion.predicted is not None
    assert challenger.predicted is not None
    theirs = stats.ttest_rel(abs(challenger.predicted - champion.y), abs(champion.predicted - champion.y))
    found = difference(find_metric("mae", Problem.REGRESSION), champion, challenger)
    assert found.p_value == pytest.approx(theirs.pvalue)
    assert found.interval == pytest.approx(tuple(theirs.confidence_interval()))


def test_the_difference_of_roots_is_as_sure_as_that_of_squares() -> None:
    champion = regression(2_000, seed=1)
    challenger = regression(seed=2, y=champion.y, noise=1.05)
    of_roots, of_squares = (
        difference(find_metric(name, Problem.REGRESSION), champion, challenger) for name in ("rmse", "mse")
    )
    assert of_roots.p_value == pytest.approx(of_squares.p_value, abs=0.02)


def test_labels_of_one_class_say_nothing_of_two_rankings() -> None:
    y = np.zeros(50)
    found = difference(find_metric("roc_auc", Problem.BINARY), binary(y=y), binary(seed=1, y=y))
    assert (found.value, found.p_value, found.reason) == (None, None, "all 50 labels are negative")


def test_missing_labels_do_not_count() -> None:
    champion, challenger = two_models(Problem.BINARY)
    y = champion.y.copy()
    y[100:] = np.nan
    metric = find_metric("log_loss", Problem.BINARY)
    kept = np.arange(100)
    found = difference(metric, champion.with_labels(y), challenger.with_labels(y))
    assert found == difference(metric, champion.take(kept), challenger.take(kept))


@pytest.mark.parametrize("unlike", [{}, {"cluster": np.arange(3)}, {"weight": np.arange(3.0)}], ids=str)
@pytest.mark.parametrize("truth", [0.0, 1.0])
@pytest.mark.parametrize(("problem", "name"), EVERY)
def test_three_labels_of_one_class_have_a_difference_or_a_reason(
    problem: Problem, name: str, truth: float, unlike: dict[str, Any]
) -> None:
    champion, challenger = (MAKE[problem](seed=seed, y=np.full(3, truth)) for seed in (5, 6))
    found = difference(find_metric(name, problem), *(replace(each, **unlike) for each in (champion, challenger)))
    assert found.reason if found.value is None else math.isfinite(found.value)
