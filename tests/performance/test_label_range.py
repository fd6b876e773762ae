"""Regression with a known span of targets: missing labels have a worst case, and verdicts that wait for none."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance import AtMost, compare_models, evaluate_model
from airflow_ml_monitor.performance.answers import Answers, Problem
from airflow_ml_monitor.performance.registry import bounds, estimate, find_metric
from airflow_ml_monitor.performance.verdict import Ruling
from airflow_ml_monitor.performance.worst_difference import difference_at_worst
from airflow_ml_monitor.results import CheckResult, Status
from tests.checks import check
from tests.performance.made_answers import regression
from tests.performance.scored import asked, made, scored, told

NO_RANGE: dict[str, Any] = {"label_range": None}
METRICS = ["mae", "mse", "rmse", "smape", "bias", "pinball@0.9"]
SPAN = (-2.0, 3.0)
VALUES = st.sampled_from([-3.0, -2.0, -0.5, 0.0, 1.0, 2.5, 3.0, 4.0])


@st.composite
def with_missing(draw: st.DrawFn) -> Answers:
    """Draw up to four known and three missing targets of a span; answers may lie outside."""
    known = draw(st.lists(st.floats(*SPAN), min_size=1, max_size=4))
    y = np.array([*known, *[np.nan] * draw(st.integers(0, 3))])
    said = draw(st.lists(VALUES, min_size=len(y), max_size=len(y)))
    return Answers(problem=Problem.REGRESSION, y=y, predicted=np.array(said), span=SPAN)


def completions(answers: Answers) -> Iterator[Answers]:
    """Yield the answers with targets of a grid over the span, and of the answers themselves."""
    missing = np.flatnonzero(np.isnan(answers.y))
    assert answers.predicted is not None
    grid = {*np.linspace(*SPAN, 11).tolist(), *np.clip(answers.predicted, *SPAN).tolist()}
    for targets in itertools.product(grid, repeat=len(missing)):
        y = answers.y.copy()
        y[missing] = targets
        yield answers.with_labels(y)


def value_of(name: str, answers: Answers) -> float:
    value = estimate(find_metric(name, Problem.REGRESSION), answers).value
    assert value is not None
    return value


@pytest.mark.parametrize("name", METRICS)
@settings(max_examples=10)
@given(answers=with_missing())
def test_bounds_are_the_extremes_of_all_targets(name: str, answers: Answers) -> None:
    found = bounds(find_metric(name, Problem.REGRESSION), answers)
    values = [value_of(name, one) for one in completions(answers)]
    assert found is not None
    assert found.lowest.value == pytest.approx(min(values), abs=1e-9)
    assert found.highest.value == pytest.approx(max(values), abs=1e-9)


@pytest.mark.parametrize("name", ["mae", "mse", "pinball@0.2"])
@settings(max_examples=10)
@given(champion=with_missing(), data=st.data())
def test_no_target_is_worse_for_the_challenger(name: str, champion: Answers, data: st.DataObject) -> None:
    said = data.draw(st.lists(VALUES, min_size=len(champion), max_size=len(champion)))
    challenger = replace(champion, predicted=np.array(said))
    worst = difference_at_worst(find_metric(name, Problem.REGRESSION), champion, challenger)
    grid = [*completions(champion), *completions(challenger)]
    values = [
        value_of(name, challenger.with_labels(one.y)) - value_of(name, champion.with_labels(one.y)) for one in grid
    ]
    assert worst is not None
    assert worst.value is not None
    assert worst.value >= max(values) - 1e-9


@pytest.mark.parametrize("name", ["rmse", "smape"])
def test_what_is_no_line_between_the_answers_has_no_worst_difference(name: str) -> None:
    answers = replace(regression(5), span=(0.0, 50.0))
    assert difference_at_worst(find_metric(name, Problem.REGRESSION), answers, answers) is None


@pytest.mark.parametrize("name", METRICS)
@settings(max_examples=15)
@given(
    seed=st.integers(0, 2**16),
    share=st.floats(0.005, 0.4),
    by=st.sampled_from([0.0, 1.0, -1.0]),
    off=st.sampled_from([0.7, 0.9, 1.0, 1.1, 1.5, 3.0]),
)
def test_no_early_verdict_is_contradicted(name: str, seed: int, share: float, by: float, off: float) -> None:
    complete = replace(regression(150, seed=seed), span=(0.0, 40.0))
    late = np.random.default_rng(seed).random(150) + by * complete.y / 40
    early = complete.with_labels(np.where(late <= np.quantile(late, 1 - share), complete.y, np.nan))
    metric = find_metric(name, Problem.REGRESSION)
    ruling = Ruling(metric=metric, expectation=AtMost(name, off * value_of(name, complete)), confidence=0.8)
    assert {ruling.judge(one).status for one in (early, complete)} != {Status.PASS, Status.FAIL}


def delays(rows: int = 600) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return predictions of delays from 0 to 60 minutes, good ones and worse ones, and the delays."""
    predictions, labels = scored(rows)
    random = np.random.default_rng(3)
    labels = labels.assign(label=np.clip(random.exponential(15, rows), 0, 60))
    near, far = (np.clip(labels["label"] + random.normal(0, noise, rows), 0, 60) for noise in (3, 9))
    return predictions.assign(prediction=near, worse=far), labels


def judged(kept: int, **kwargs: Any) -> CheckResult:
    predictions, labels = delays()
    how = asked(problem="regression", expect=AtMost("mae", 6.0)) | kwargs
    return check(evaluate_model(made(predictions), told(labels[:kept]), **how), "mae")


@pytest.mark.parametrize(
    ("kept", "label_range", "status"),
    [(590, None, Status.INSUFFICIENT), (590, (0, 60), Status.PASS), (300, (0, 60), Status.INSUFFICIENT)],
)
def test_a_span_decides_before_all_labels_are_there(kept: int, label_range: Any, status: Status) -> None:
    assert judged(kept, label_range=label_range).status is status


def test_without_a_span_the_message_says_what_to_give() -> None:
    assert "set min_completeness, or give label_range" in judged(590).message


def test_a_label_outside_is_invalid_and_counts_as_missing() -> None:
    predictions, labels = delays()
    labels.loc[0, "label"] = 1_000.0
    how = asked(problem="regression", expect=AtMost("mae", 6.0), label_range=(0, 60))
    report = evaluate_model(made(predictions), told(labels), **how)
    assert "1 with a target outside label_range" in check(report, "invalid_labels").message
    assert check(report, "mae").detail["missing"] == 1


def test_a_comparison_is_decided_early_too() -> None:
    predictions, labels = delays()
    champion = predictions.assign(prediction=predictions["worse"])
    how = asked(problem="regression", metric="mae", label_range=(0, 60))
    known, waits = (
        compare_models(made(champion), made(predictions), told(labels[:590]), **how | given) for given in ({}, NO_RANGE)
    )
    assert (known.status, waits.status) == (Status.PASS, Status.INSUFFICIENT)
    assert "whatever the 10 missing labels are" in check(known, "mae").message


@pytest.mark.parametrize("label_range", [(1, 0), (0, float("inf")), (0,), (0, 1, 2)])
def test_a_span_that_is_none_is_refused(label_range: Any) -> None:
    with pytest.raises(ConfigurationError, match="must be two numbers, the least and the greatest"):
        judged(590, label_range=label_range)
