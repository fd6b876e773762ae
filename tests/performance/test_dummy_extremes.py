"""A model beside a dummy that has seen only the known labels, against every completion and its own dummy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_ml_monitor.performance.answers import Answers, Problem
from airflow_ml_monitor.performance.dummy import dummy_answers
from airflow_ml_monitor.performance.dummy_extremes import dummy_extremes
from airflow_ml_monitor.performance.registry import Difference, Metric, estimate, find_metric
from tests.performance.made_answers import completions, partly_labelled, regression


def ends_of(metric: Metric, answers: Answers) -> list[Difference] | None:
    dummy = dummy_answers(answers, answers, metric.name)
    return dummy_extremes(metric, answers, answers, dummy, confidence=0.95)


def every_one(metric: Metric, answers: Answers) -> list[float]:
    """Return the difference of each completion with the dummy that has seen it, where both are defined."""
    found = []
    for one in completions(answers):
        model, dummy = (estimate(metric, each).value for each in (one, dummy_answers(one, one, metric.name)))
        found += [] if model is None or dummy is None else [model - dummy]
    return found


@pytest.mark.parametrize(
    ("problem", "name"),
    [
        *((Problem.BINARY, name) for name in ("brier", "log_loss", "accuracy", "roc_auc", "f1", "balanced_accuracy")),
        (Problem.MULTICLASS, "accuracy"),
    ],
)
@settings(max_examples=40)
@given(data=st.data())
def test_no_completion_is_beyond_the_ends(problem: Problem, name: str, data: st.DataObject) -> None:
    answers = data.draw(partly_labelled(problem, most_missing=4).filter(lambda one: len(one.known) > 0))
    metric = find_metric(name, problem)
    ends, values = ends_of(metric, answers), every_one(metric, answers)
    assert ends is not None
    reached = [one.value for one in ends if one.value is not None]
    if values and len(reached) == len(ends):
        assert min(reached) - 1e-9 <= min(values)
        assert max(values) <= max(reached) + 1e-9


@settings(max_examples=40)
@given(answers=partly_labelled(most_missing=5).filter(lambda one: len(one.known) > 0), name=st.sampled_from(["brier"]))
def test_the_strongest_dummy_of_a_completion_is_found(answers: Answers, name: str) -> None:
    metric = find_metric(name, Problem.BINARY)
    ends = ends_of(metric, answers)
    assert ends is not None
    greatest = max(one.value for one in ends if one.value is not None)
    assert greatest == pytest.approx(max(every_one(metric, answers)), abs=1e-9)


def test_what_has_no_closed_form_has_no_ends() -> None:
    answers = regression(40)
    missing = answers.with_labels(np.where(np.arange(40) < 3, np.nan, answers.y))
    assert ends_of(find_metric("mae", Problem.REGRESSION), missing) is None


def test_weights_leave_proper_scores_open() -> None:
    y = np.array([0.0, 1.0, np.nan, 1.0])
    answers = Answers(problem=Problem.BINARY, y=y, score=np.full(4, 0.5), predicted=np.ones(4))
    assert ends_of(find_metric("brier", Problem.BINARY), replace(answers, weight=np.ones(4))) is None
