"""The difference of two models with the missing labels at their worst for the challenger, against every completion."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_ml_monitor.performance.answers import Answers, Problem
from airflow_ml_monitor.performance.registry import Metric, estimate, find_metric
from airflow_ml_monitor.performance.worst_difference import difference_at_worst
from tests.performance.made_answers import binary, completions, partly_labelled, regression


@st.composite
def pairs(draw: st.DrawFn, problem: Problem, most_missing: int = 4) -> tuple[Answers, Answers]:
    champion = draw(partly_labelled(problem, most_missing=most_missing))
    order = np.array(draw(st.permutations(range(len(champion)))))
    return champion, champion.take(order).with_labels(champion.y)


ROW_BY_ROW = [
    (Problem.BINARY, "log_loss"),
    (Problem.BINARY, "brier"),
    (Problem.BINARY, "accuracy"),
    (Problem.MULTICLASS, "log_loss"),
    (Problem.MULTICLASS, "accuracy"),
]
OF_THE_TABLE = ["precision", "recall", "specificity", "f1", "f2", "f0.5", "balanced_accuracy", "mcc"]


def assert_worst(name: str, champion: Answers, challenger: Answers) -> None:
    """The difference is the worst of the completions in which it is defined; none is told only if one is not."""
    metric = find_metric(name, champion.problem)
    worst = difference_at_worst(metric, champion, challenger)
    values = [value_of(metric, one, challenger.with_labels(one.y)) for one in completions(champion)]
    defined = [value for value in values if value is not None]
    assert worst is not None
    if worst.value is None:
        assert len(defined) < len(values)
    else:
        assert worst.value == pytest.approx((min if metric.higher_is_better else max)(defined), abs=1e-12)


def value_of(metric: Metric, champion: Answers, challenger: Answers) -> float | None:
    """Return the difference of the two values, without its interval: that would take long."""
    old, new = (estimate(metric, one).value for one in (champion, challenger))
    return None if old is None or new is None else new - old


@pytest.mark.parametrize(("problem", "name"), ROW_BY_ROW)
@settings(max_examples=40)
@given(data=st.data())
def test_no_completion_is_worse_for_the_challenger(data: st.DataObject, problem: Problem, name: str) -> None:
    assert_worst(name, *data.draw(pairs(problem)))


@settings(max_examples=100)
@given(both=pairs(Problem.BINARY, most_missing=6))
def test_no_completion_has_a_worse_difference_of_areas(both: tuple[Answers, Answers]) -> None:
    assert_worst("roc_auc", *both)


@pytest.mark.parametrize("name", OF_THE_TABLE)
@settings(max_examples=15)
@given(both=pairs(Problem.BINARY, most_missing=4))
def test_no_completion_has_a_worse_difference_by_the_table(name: str, both: tuple[Answers, Answers]) -> None:
    assert_worst(name, *both)


@pytest.mark.parametrize("name", ["average_precision", "ks", "ece"])
def test_metrics_without_a_closed_form_have_none(name: str) -> None:
    answers = Answers(
        problem=Problem.BINARY, y=np.array([0.0, 1.0, np.nan]), score=np.full(3, 0.5), predicted=np.ones(3)
    )
    assert difference_at_worst(find_metric(name, Problem.BINARY), answers, answers) is None


def test_weights_leave_only_what_is_a_mean_over_rows() -> None:
    champion = binary(40)
    weighed = replace(champion, weight=np.ones(40), y=np.where(np.arange(40) < 5, np.nan, champion.y))
    assert difference_at_worst(find_metric("roc_auc", Problem.BINARY), weighed, weighed) is None
    assert difference_at_worst(find_metric("brier", Problem.BINARY), weighed, weighed) is not None


def test_targets_may_be_anything_and_have_none() -> None:
    answers = regression(10)
    assert difference_at_worst(find_metric("mae", Problem.REGRESSION), answers, answers) is None
