"""The difference of two models with the missing labels at their worst for the challenger, against every completion."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_ml_monitor.performance.answers import Answers, Problem
from airflow_ml_monitor.performance.registry import difference, difference_at_worst, find_metric
from tests.performance.made_answers import completions, partly_labelled, regression


@st.composite
def pairs(draw: st.DrawFn, problem: Problem) -> tuple[Answers, Answers]:
    champion = draw(partly_labelled(problem, most_missing=4))
    order = np.array(draw(st.permutations(range(len(champion)))))
    return champion, champion.take(order).with_labels(champion.y)


@pytest.mark.parametrize(
    ("problem", "name"),
    [
        (Problem.BINARY, "log_loss"),
        (Problem.BINARY, "brier"),
        (Problem.BINARY, "accuracy"),
        (Problem.MULTICLASS, "log_loss"),
        (Problem.MULTICLASS, "accuracy"),
    ],
)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_completion_is_worse_for_the_challenger(data: st.DataObject, problem: Problem, name: str) -> None:
    champion, challenger = data.draw(pairs(problem))
    metric = find_metric(name, problem)
    worst = difference_at_worst(metric, champion, challenger)
    values = [difference(metric, one, challenger.with_labels(one.y)).value for one in completions(champion)]
    assert worst is not None
    extreme = min(values) if metric.higher_is_better else max(values)
    assert worst.value == pytest.approx(extreme, abs=1e-12)


@pytest.mark.parametrize("name", ["roc_auc", "f1"])
def test_metrics_that_are_no_mean_over_rows_have_none(name: str) -> None:
    answers = Answers(
        problem=Problem.BINARY, y=np.array([0.0, 1.0, np.nan]), score=np.full(3, 0.5), predicted=np.ones(3)
    )
    assert difference_at_worst(find_metric(name, Problem.BINARY), answers, answers) is None


def test_targets_may_be_anything_and_have_none() -> None:
    answers = regression(10)
    assert difference_at_worst(find_metric("mae", Problem.REGRESSION), answers, answers) is None
