"""DeLong's figures against sums over all pairs; Newcombe's interval against its equation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_ml_monitor.performance.answers import Numbers
from airflow_ml_monitor.performance.intervals.auc import FEW, area_difference, area_interval, components, newcombe
from tests.performance.made_answers import SCORES, binary

Z = 1.959963984540054
ranked = st.lists(st.sampled_from(SCORES), min_size=2, max_size=12).map(np.array)


def kernel(above: Numbers, below: Numbers) -> Numbers:
    """Return of every pair whether the positive outranks the negative, ties half."""
    return (above[:, None] > below[None, :]) + 0.5 * (above[:, None] == below[None, :])


@settings(max_examples=200)
@given(above=ranked, below=ranked)
def test_components_are_those_of_all_pairs(above: Numbers, below: Numbers) -> None:
    y = np.concatenate([np.ones(len(above)), np.zeros(len(below))])
    of_positives, of_negatives = components(y, np.concatenate([above, below]))
    pairs = kernel(above, below)
    assert of_positives == pytest.approx(pairs.mean(axis=1))
    assert of_negatives == pytest.approx(pairs.mean(axis=0))


def test_the_error_of_a_difference_is_delongs_from_the_covariance_of_all_pairs() -> None:
    champion = binary(300, seed=1, skill=1.0)
    challenger = binary(seed=2, y=champion.y)
    assert champion.score is not None
    assert challenger.score is not None
    y, scores = champion.y, (champion.score.round(1), challenger.score.round(1))
    pairs = [kernel(score[y == 1], score[y == 0]) for score in scores]
    covariance = np.cov([each.mean(axis=1) for each in pairs]) / (y == 1).sum()
    covariance += np.cov([each.mean(axis=0) for each in pairs]) / (y == 0).sum()
    error = np.sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    value, interval, _ = area_difference(y, *scores, 0.95)
    assert value == pytest.approx(pairs[1].mean() - pairs[0].mean())
    assert (interval.upper - interval.lower) / 2 == pytest.approx(Z * error)


def test_the_p_value_is_below_alpha_just_where_zero_is_outside_the_interval() -> None:
    champion = binary(300, seed=1)
    assert champion.score is not None
    decisions = set()
    for seed in range(40):
        noise = np.random.default_rng(seed).standard_normal(300) * 0.06
        _, interval, p_value = area_difference(champion.y, champion.score, champion.score + noise, 0.95)
        decisions.add((p_value < 0.05, not interval.lower <= 0 <= interval.upper))
    assert decisions == {(True, True), (False, False)}


@pytest.mark.parametrize(
    ("area", "positives", "negatives"), [(0.9, 10, 490), (0.7, 5, 30), (0.99, 40, 40), (0.5, 2, 3)]
)
def test_newcombes_ends_are_z_of_their_own_errors_from_the_area(area: float, positives: int, negatives: int) -> None:
    mean = (positives + negatives) / 2
    for theta in newcombe(area, positives, negatives, 0.95):
        spread = theta * (1 - theta) * (2 * mean - 1 - (3 * mean - 3) / ((2 - theta) * (1 + theta)))
        assert abs(area - theta) == pytest.approx(Z * np.sqrt(spread / (positives * negatives)), rel=1e-6)


def test_a_perfect_ranking_of_few_is_not_certain() -> None:
    value, interval, method = area_interval(np.repeat([0.0, 1.0], 5), np.arange(10.0), 0.95)
    assert (value, interval.upper, method) == (1.0, 1.0, "Newcombe 5")
    assert 0.5 < interval.lower < 0.9


def test_a_perfect_ranking_of_many_is_not_certain_either() -> None:
    _, interval, _ = area_interval(np.repeat([0.0, 1.0], 500), np.arange(1000.0), 0.95)
    assert 0.99 < interval.lower < 1.0


def test_turning_the_scores_round_turns_area_and_interval_round() -> None:
    made = binary(500, seed=7)
    assert made.score is not None
    area, interval, _ = area_interval(made.y, made.score, 0.95)
    turned, other, _ = area_interval(made.y, -made.score, 0.95)
    assert [turned, *other] == pytest.approx([1 - area, 1 - interval.upper, 1 - interval.lower])


def test_delong_takes_over_where_neither_class_is_rare() -> None:
    made = binary(5_000, seed=7)
    assert made.score is not None
    rare = np.sort(np.concatenate([np.flatnonzero(made.y == 1)[: FEW - 1], np.flatnonzero(made.y == 0)]))
    assert area_interval(made.y, made.score, 0.95)[2] == "DeLong"
    assert area_interval(made.y[rare], made.score[rare], 0.95)[2] == "Newcombe 5"
