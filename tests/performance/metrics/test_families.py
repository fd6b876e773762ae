"""Metrics whose names say numbers, against scikit-learn and by hand; how often their intervals hold the truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance.answers import Answers, Problem
from airflow_ml_monitor.performance.registry import bounds, difference, estimate, find_metric, metric_families
from tests.performance.intervals.test_coverage import drawn
from tests.performance.made_answers import binary, completions, partly_labelled, regression


def of(name: str, answers: Answers) -> float | None:
    return estimate(find_metric(name, answers.problem), answers).value


@pytest.mark.parametrize("beta", [0.5, 2, 3.5])
def test_f_beta_is_that_of_scikit_learn(beta: float) -> None:
    answers = binary()
    assert of(f"f{beta}", answers) == pytest.approx(sk.fbeta_score(answers.y, answers.predicted, beta=beta))


@pytest.mark.parametrize("quantile", [0.1, 0.5, 0.9])
def test_the_quantile_loss_is_that_of_scikit_learn(quantile: float) -> None:
    answers = regression()
    theirs = sk.mean_pinball_loss(answers.y, answers.predicted, alpha=quantile)
    assert of(f"pinball@{quantile}", answers) == pytest.approx(theirs)


def test_lift_is_the_share_of_positives_at_the_top_over_that_of_all() -> None:
    answers = binary()
    assert answers.score is not None
    top = np.argsort(-answers.score)[:40]
    assert of("lift@0.1", answers) == pytest.approx(answers.y[top].mean() / answers.y.mean())


def test_rows_of_equal_score_at_the_edge_of_the_lift_count_in_part() -> None:
    score, y = np.array([0.9, 0.5, 0.5, 0.1]), np.array([1.0, 1.0, 0.0, 0.0])
    answers = Answers(problem=Problem.BINARY, y=y, score=score, predicted=y)
    assert of("lift@0.5", answers) == pytest.approx((1 + 0.5) / 2 / 0.5)


def test_the_value_is_the_mean_gain_of_a_row() -> None:
    said, y = np.array([0.0, 1.0, 0.0, 1.0, 1.0]), np.array([0.0, 0.0, 1.0, 1.0, 1.0])
    answers = Answers(problem=Problem.BINARY, y=y, predicted=said)
    assert of("value@0.5,-1,-20,5", answers) == pytest.approx((0.5 - 1 - 20 + 5 + 5) / 5)


@settings(max_examples=50)
@given(partly_labelled(), st.lists(st.integers(-3, 3), min_size=4, max_size=4))
def test_the_extremes_of_the_value_are_those_of_all_completions(answers: Answers, gains: list[int]) -> None:
    name = "value@" + ",".join(map(str, gains))
    found = bounds(find_metric(name, Problem.BINARY), answers)
    assert found is not None
    every = [of(name, one) for one in completions(answers)]
    assert (found.lowest.value, found.highest.value) == pytest.approx((min(every), max(every)))  # type: ignore[type-var]


def test_a_metric_is_made_once() -> None:
    assert find_metric("f2", Problem.BINARY) is find_metric("f2", Problem.BINARY)


@pytest.mark.parametrize(
    ("name", "problem", "said"),
    [
        ("lift@1.5", Problem.BINARY, "between 0 and 1, as in lift@0.1"),
        ("pinball@0", Problem.REGRESSION, "between 0 and 1, as in pinball@0.9"),
        ("f0", Problem.BINARY, "beta must be above zero"),
        ("value@1,2", Problem.BINARY, "must say four gains"),
        ("lift@a", Problem.BINARY, "no metric 'lift@a'"),
        ("pinball@0.5,0.6", Problem.REGRESSION, "takes 1 number, not 2"),
    ],
)
def test_numbers_that_say_nothing_are_refused(name: str, problem: Problem, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        find_metric(name, problem)


def test_families_are_listed() -> None:
    assert [metric_families(problem) for problem in Problem][:2] == [["f", "lift@", "value@"], []]


@pytest.mark.parametrize("name", ["f2", "lift@0.1", "ks", "value@0,-1,-20,5"])
@pytest.mark.parametrize("positives", [10, 50])
def test_intervals_hold_the_truth(name: str, positives: int) -> None:
    metric, generator = find_metric(name, Problem.BINARY), np.random.default_rng(20)
    truth = estimate(metric, drawn(np.random.default_rng(21), 200_000, positives)).value
    assert truth is not None
    held = []
    for _ in range(200):
        interval = estimate(metric, drawn(generator, 500, positives)).interval
        assert interval is not None
        held.append(interval.lower <= truth <= interval.upper)
    assert np.mean(held) >= 0.91  # of 0.95, less two and a half standard errors of a share of 200


def test_scores_that_are_right_are_seldom_found_to_be_off() -> None:
    metric, generator = find_metric("ece", Problem.BINARY), np.random.default_rng(5)
    found = [estimate(metric, drawn(generator, 500, 50)).interval for _ in range(200)]
    assert sum(one.lower == 0 for one in found if one is not None) >= 0.91 * 200


def test_an_interval_of_scores_that_are_off_is_no_wider_than_it_must_be() -> None:
    """Scores twice too high foretell more spread than there is."""
    metric, generator = find_metric("ece", Problem.BINARY), np.random.default_rng(6)

    def off(answers: Answers) -> Answers:
        assert answers.score is not None
        return replace(answers, score=answers.score**0.5)

    truth = estimate(metric, off(drawn(np.random.default_rng(7), 200_000, 50))).value
    assert truth is not None
    found = [estimate(metric, off(drawn(generator, 500, 50))).interval for _ in range(200)]
    held = np.mean([one.lower <= truth <= one.upper for one in found if one is not None])
    assert 0.9 <= held <= 0.99


def test_scores_that_are_off_are_found_to_be() -> None:
    answers = binary(5_000)
    assert answers.score is not None
    off = Answers(problem=Problem.BINARY, y=answers.y, score=answers.score**0.5, predicted=answers.predicted)
    found = estimate(find_metric("ece", Problem.BINARY), off)
    assert found.interval is not None
    assert found.interval.lower > 0.1


@pytest.mark.parametrize("name", ["ks", "lift@0.1", "f2", "value@0,-1,-20,5"])
def test_a_better_model_is_proven_better(name: str) -> None:
    champion = binary(4_000, skill=0.7)
    challenger = binary(4_000, seed=1, skill=2.0, y=champion.y)
    found = difference(find_metric(name, Problem.BINARY), champion, challenger)
    assert found.interval is not None
    assert found.interval.lower > 0
