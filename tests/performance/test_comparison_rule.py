"""What a comparison must prove: margins, what lies at them, and how often chance passes for proof."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_ind

from airflow_ml_monitor.performance.answers import Answers, Numbers, Problem
from airflow_ml_monitor.performance.compared import compared
from airflow_ml_monitor.performance.comparison_rule import Rule
from airflow_ml_monitor.performance.registry import Difference, find_metric
from airflow_ml_monitor.results import Interval, Status


def rule(metric: str = "brier", **kwargs: Any) -> Rule:
    settings = {"goal": "superiority", "margin": 0.0, "min_completeness": 0.9} | kwargs
    return Rule(metric=find_metric(metric, Problem.BINARY), **settings)


def seen(lower: float, upper: float) -> Difference:
    return Difference((lower + upper) / 2, Interval(lower, upper), 0.5, 1000)


@pytest.mark.parametrize(
    ("asked", "interval", "status"),
    [
        ({}, (-0.02, -0.01), Status.PASS),
        ({}, (-0.02, 0.0), Status.INSUFFICIENT),
        ({}, (0.01, 0.02), Status.FAIL),
        ({"margin": 0.01}, (-0.03, -0.01), Status.INSUFFICIENT),
        ({"margin": 0.01}, (-0.009, -0.001), Status.FAIL),
        ({"goal": "non_inferiority", "margin": 0.01}, (-0.03, 0.01), Status.PASS),
        ({"goal": "non_inferiority", "margin": 0.01}, (-0.03, 0.011), Status.INSUFFICIENT),
        ({"goal": "non_inferiority", "margin": 0.01}, (0.011, 0.02), Status.FAIL),
        ({"goal": "non_inferiority"}, (0.0, 0.0), Status.PASS),
    ],
)
def test_a_loss_is_better_below(asked: dict[str, Any], interval: tuple[float, float], status: Status) -> None:
    assert rule(**asked).decide(seen(*interval)) is status


@given(
    ends=st.tuples(st.floats(-1, 1), st.floats(-1, 1)).map(sorted),
    margin=st.floats(0, 0.5),
    goal=st.sampled_from(["superiority", "non_inferiority"]),
)
def test_a_metric_that_is_better_above_is_judged_as_its_mirror_image(
    ends: list[float], margin: float, goal: str
) -> None:
    lower, upper = ends
    loss, skill = (rule(name, goal=goal, margin=margin) for name in ("brier", "roc_auc"))
    assert loss.decide(seen(lower, upper)) is skill.decide(seen(-upper, -lower))


@given(ends=st.tuples(st.floats(-1, 1), st.floats(-1, 1)).map(sorted), margin=st.floats(0, 0.5))
def test_what_is_proven_better_is_proven_no_worse(ends: list[float], margin: float) -> None:
    better, no_worse = (rule(goal=goal, margin=margin) for goal in ("superiority", "non_inferiority"))
    if better.decide(seen(*ends)) is Status.PASS:
        assert no_worse.decide(seen(*ends)) is Status.PASS


def answers(y: Numbers, score: Numbers) -> Answers:
    return Answers(problem=Problem.BINARY, y=y, score=score, predicted=np.round(score))


def two_models(generator: np.random.Generator, *, noise: float, rows: int = 400) -> tuple[Answers, Answers]:
    """Return a champion, and a challenger whose scores have further noise: its squared error is ``noise ** 2`` more."""
    y = (generator.random(rows) < 0.4).astype(float)
    score = 0.4 + 0.2 * (y - 0.4) + 0.1 * generator.standard_normal(rows)
    return answers(y, score), answers(y, score + noise * generator.standard_normal(rows))


def test_a_challenger_at_the_margin_passes_by_chance_in_one_of_forty() -> None:
    generator = np.random.default_rng(0)
    margin = 0.02
    no_worse = rule(goal="non_inferiority", margin=margin)
    pairs = [two_models(generator, noise=float(np.sqrt(margin))) for _ in range(800)]
    passed = sum(compared(*pair, no_worse, 0.95).status is Status.PASS for pair in pairs)
    assert passed <= 32  # 20 expected, more than 32 in less than 1 % of such tests


def test_pairs_prove_what_the_two_means_by_themselves_do_not() -> None:
    champion, challenger = two_models(np.random.default_rng(1), noise=0.15)
    found = compared(challenger, champion, rule(), 0.95)
    assert champion.score is not None
    assert challenger.score is not None
    unpaired = ttest_ind((champion.score - champion.y) ** 2, (challenger.score - challenger.y) ** 2).pvalue
    assert found.status is Status.PASS
    assert found.p_value is not None
    assert found.p_value < 0.05 < unpaired
