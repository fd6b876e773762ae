"""The bounds of a metric against all completions of the missing labels, tried one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_ml_monitor.performance.answers import Answers, Problem
from airflow_ml_monitor.performance.registry import bounds, estimate, find_metric, metric_names
from tests.performance.made_answers import MAKE, binary, completions, multiclass, partly_labelled

BOUNDED = [
    *(name for name in metric_names("binary") if find_metric(name, Problem.BINARY).completions),
    *("lift@0.3", "f2", "value@0,-1,-20,5"),
]


def tried_one_by_one(name: str, answers: Answers) -> list[float | None]:
    metric = find_metric(name, answers.problem)
    return [metric.estimator(complete, 0.95).value for complete in completions(answers)]


def assert_extremes(name: str, answers: Answers) -> None:
    """Each bound is the extreme of the completions in which the metric is defined; none is given only if one is not."""
    values = tried_one_by_one(name, answers)
    defined = [value for value in values if value is not None]
    found = bounds(find_metric(name, answers.problem), answers)
    assert found is not None
    for bound, extreme in ((found.lowest, min), (found.highest, max)):
        if bound.value is None:
            assert len(defined) < len(values)
            assert bound.reason
        else:
            assert bound.value == pytest.approx(extreme(defined), abs=1e-12)


@pytest.mark.parametrize("name", BOUNDED)
@settings(max_examples=60)
@given(data=st.data())
def test_binary_bounds_are_the_extremes_of_all_completions(name: str, data: st.DataObject) -> None:
    assert_extremes(name, data.draw(partly_labelled(most_missing=6)))


@pytest.mark.parametrize("name", ["accuracy", "log_loss"])
@settings(max_examples=60)
@given(data=st.data())
def test_multiclass_bounds_are_the_extremes_of_all_completions(name: str, data: st.DataObject) -> None:
    assert_extremes(name, data.draw(partly_labelled(Problem.MULTICLASS, most_missing=4)))


@settings(max_examples=100)
@given(partly_labelled(most_missing=8))
def test_bounds_of_the_area_hold_with_ties_and_eight_missing(answers: Answers) -> None:
    assert_extremes("roc_auc", answers)


@pytest.mark.parametrize("name", BOUNDED)
def test_bounds_of_a_fully_labelled_window_are_the_estimate_itself(name: str) -> None:
    metric, answers = find_metric(name, Problem.BINARY), binary()
    found = bounds(metric, answers)
    assert found is not None
    assert found.lowest == found.highest == estimate(metric, answers)


@pytest.mark.parametrize("name", BOUNDED)
def test_more_labels_never_widen_the_bounds(name: str) -> None:
    metric, whole = find_metric(name, Problem.BINARY), binary(300)
    arriving = np.random.default_rng(3).permutation(300)
    before = (-np.inf, np.inf)
    for known in (60, 120, 240, 300):
        y = whole.y.copy()
        y[arriving[known:]] = np.nan
        found = bounds(metric, whole.with_labels(y))
        assert found is not None
        assert found.lowest.value is not None
        assert found.highest.value is not None
        assert before[0] - 1e-12 <= found.lowest.value <= found.highest.value <= before[1] + 1e-12
        before = (found.lowest.value, found.highest.value)


def test_bounds_carry_the_interval_of_all_rows() -> None:
    answers = binary(200)
    y = answers.y.copy()
    y[:50] = np.nan
    found = bounds(find_metric("accuracy", Problem.BINARY), answers.with_labels(y))
    assert found is not None
    assert found.lowest.n == found.highest.n == 200
    assert found.lowest.interval is not None
    assert found.lowest.interval.lower < found.lowest.value < found.lowest.interval.upper


@pytest.mark.parametrize("name", metric_names("regression"))
def test_a_regression_target_may_be_anything(name: str) -> None:
    assert bounds(find_metric(name, Problem.REGRESSION), MAKE[Problem.REGRESSION]()) is None


def test_a_macro_average_has_no_closed_form() -> None:
    assert bounds(find_metric("f1_macro", Problem.MULTICLASS), multiclass()) is None
