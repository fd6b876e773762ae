"""Rows that belong together and rows that weigh more: values, and how wide the intervals become."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from airflow_ml_monitor.performance.answers import Answers, Numbers, Problem
from airflow_ml_monitor.performance.registry import bounds, difference, estimate, find_metric, metric_names
from tests.performance.made_answers import MAKE, binary

METRICS = [(problem, name) for problem in Problem for name in metric_names(problem)]
OF_ROWS = [pair for pair in METRICS if pair[0] is not Problem.RANKING]  # a copy of a row changes the rank of others
SMOOTH = [pair for pair in OF_ROWS if pair[1] != "median_absolute_error"]  # whose slope is a density
BY_WEIGHT = [pair for pair in OF_ROWS if pair[1] != "ece"]  # whose bins hold as many rows each, whatever they weigh
WITHOUT_BIAS = [pair for pair in SMOOTH if pair[1] not in ("ece", "ks")]  # which more rows make less
ROWS = np.repeat(np.arange(400), np.arange(400) % 3 + 1)


def width(answers: Answers, name: str) -> float:
    interval = estimate(find_metric(name, answers.problem), answers).interval
    assert interval is not None
    return interval.upper - interval.lower


@pytest.mark.parametrize(("problem", "name"), METRICS)
def test_clusters_of_one_row_change_nothing(problem: Problem, name: str) -> None:
    answers, metric = MAKE[problem](), find_metric(name, problem)
    alone = estimate(metric, replace(answers, cluster=np.arange(len(answers))))
    plain = estimate(metric, answers)
    assert alone.interval == pytest.approx(plain.interval, abs=1e-6)
    assert alone.value == pytest.approx(plain.value)


@pytest.mark.parametrize(("problem", "name"), BY_WEIGHT)
def test_a_weight_is_a_number_of_rows(problem: Problem, name: str) -> None:
    answers, metric = MAKE[problem](), find_metric(name, problem)
    weighted = estimate(metric, replace(answers, weight=(np.arange(400) % 3 + 1).astype(float)))
    assert weighted.value == pytest.approx(estimate(metric, answers.take(ROWS)).value)


@pytest.mark.parametrize(("problem", "name"), METRICS)
def test_equal_weights_change_nothing(problem: Problem, name: str) -> None:
    answers, metric = MAKE[problem](), find_metric(name, problem)
    found, plain = estimate(metric, replace(answers, weight=np.full(400, 3.0))), estimate(metric, answers)
    assert found.value == pytest.approx(plain.value)
    assert found.interval == pytest.approx(plain.interval, abs=1e-6)


@pytest.mark.parametrize(("problem", "name"), WITHOUT_BIAS)
def test_rows_that_are_there_four_times_tell_no_more_than_once(problem: Problem, name: str) -> None:
    answers = MAKE[problem](1_000)
    again = replace(answers.take(np.tile(np.arange(1_000), 4)), cluster=np.tile(np.arange(1_000), 4))
    assert width(again, name) == pytest.approx(width(answers, name), rel=0.06)


@pytest.mark.parametrize(("problem", "name"), SMOOTH)
def test_the_influence_is_the_slope_of_the_value_by_the_weight(problem: Problem, name: str) -> None:
    answers, metric = MAKE[problem](200), find_metric(name, problem)
    assert metric.influence is not None
    weight = np.random.default_rng(1).random(200) + 0.5
    _, rows = metric.influence(replace(answers, weight=weight))
    slopes = []
    for row in (3, 50, 120):
        ends = (metric.influence(replace(answers, weight=weight + step * (np.arange(200) == row)))[0] for step in STEPS)
        slopes.append((next(ends) - next(ends)) / (STEPS[0] - STEPS[1]))
    assert rows[[3, 50, 120]] / weight.sum() == pytest.approx(slopes, rel=1e-3, abs=1e-7)
    assert float(rows @ weight) == pytest.approx(0, abs=1e-6 * weight.sum())


STEPS = (1e-4, -1e-4)


def in_entities(generator: np.random.Generator, entities: int, middle: float) -> Answers:
    """Return answers to entities of five rows, whose truth and scores go together."""
    own = np.repeat(1.5 * generator.standard_normal((entities, 2)), 5, axis=0)
    rows = len(own)
    score = 1 / (1 + np.exp(-(middle + own[:, 0] + 0.8 * generator.standard_normal(rows))))
    truth = 1 / (1 + np.exp(-(middle + own[:, 0] + 0.7 * own[:, 1])))
    y: Numbers = (generator.random(rows) < truth).astype(float)
    cluster = np.repeat(np.arange(entities), 5)
    return Answers(problem=Problem.BINARY, y=y, score=score, predicted=(score >= 0.5).astype(float), cluster=cluster)


@pytest.mark.parametrize("name", ["accuracy", "average_precision", "brier", "f1", "log_loss", "recall", "roc_auc"])
def test_intervals_of_entities_of_five_rows_hold_the_truth(name: str) -> None:
    metric, generator = find_metric(name, Problem.BINARY), np.random.default_rng(3)
    truth = metric.influence(in_entities(np.random.default_rng(4), 100_000, -1.2))[0] if metric.influence else None
    assert truth is not None
    held = {True: 0, False: 0}
    for _ in range(300):
        answers = in_entities(generator, 100, -1.2)
        for clustered in held:
            interval = estimate(metric, answers if clustered else answers.as_alike()).interval
            assert interval is not None
            held[clustered] += interval.lower <= truth <= interval.upper
    assert held[True] >= 0.92 * 300  # of 0.95, less two and a half standard errors
    assert held[True] > held[False] + 5


def test_what_has_no_influence_function_says_so() -> None:
    metric, answers = replace(find_metric("ece", Problem.BINARY), influence=None), binary()
    clustered = estimate(metric, replace(answers, cluster=np.arange(400) // 5))
    assert (clustered.interval, clustered.reason) == (None, "ece has no interval for rows with cluster=")
    assert clustered.value == estimate(metric, answers).value
    weighted = estimate(metric, replace(answers, weight=np.arange(400) + 1.0))
    assert (weighted.value, weighted.reason) == (None, "ece is not known for rows with weight=")


def test_few_clusters_have_no_interval() -> None:
    found = estimate(find_metric("accuracy", Problem.BINARY), replace(binary(), cluster=np.arange(400) % 9))
    assert (found.interval, found.reason) == (None, "9 clusters are too few for an interval, 10 are needed")
    assert found.value is not None


def test_weights_that_are_all_zero_have_no_value() -> None:
    found = estimate(find_metric("roc_auc", Problem.BINARY), replace(binary(), weight=np.zeros(400)))
    assert (found.value, found.reason) == (None, "the weights of all rows are zero")


def test_a_class_without_weight_has_no_area() -> None:
    answers = binary()
    found = estimate(find_metric("roc_auc", Problem.BINARY), replace(answers, weight=answers.y))
    assert found.value is None
    assert "not defined for the rows that have a weight" in found.reason


def test_a_share_of_all_has_an_interval_by_as_many_rows_as_there_are_clusters() -> None:
    answers = binary(400)
    right = replace(answers, predicted=answers.y)
    metric = find_metric("accuracy", Problem.BINARY)
    plain, clustered = estimate(metric, right), estimate(metric, replace(right, cluster=np.arange(400) // 5))
    assert plain.interval is not None
    assert clustered.interval is not None
    assert 1 - clustered.interval.lower == pytest.approx(5 * (1 - plain.interval.lower))


def test_the_difference_of_two_models_is_as_uncertain_as_the_clusters_make_it() -> None:
    first = binary(400)
    second = binary(400, seed=1, y=first.y)
    again = np.tile(np.arange(400), 4)
    metric = find_metric("roc_auc", Problem.BINARY)
    once = difference(metric, first, second)
    found = difference(*(metric, replace(first.take(again), cluster=again), replace(second.take(again), cluster=again)))
    assert found.value == pytest.approx(once.value)
    assert found.interval == pytest.approx(once.interval, rel=0.02)
    assert found.p_value == pytest.approx(once.p_value, rel=0.05)


def test_the_worst_ranking_of_weighted_rows_is_not_known() -> None:
    answers = binary().with_labels(np.where(np.arange(400) < 10, np.nan, binary().y))
    weighted = replace(answers, weight=np.arange(400) + 1.0)
    assert bounds(find_metric("roc_auc", Problem.BINARY), weighted) is None
    assert bounds(find_metric("accuracy", Problem.BINARY), weighted) is not None
