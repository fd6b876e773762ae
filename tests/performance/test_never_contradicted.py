"""Verdicts on windows of which labels are missing are never contradicted by the complete labels."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_ml_monitor.performance import (
    AtLeast,
    AtMost,
    BetterThanDummy,
    NoWorseThanReference,
    Segment,
    compare_models,
    evaluate_model,
)
from airflow_ml_monitor.performance.answers import Answers, Problem
from airflow_ml_monitor.performance.compared import compared
from airflow_ml_monitor.performance.comparison_rule import Rule
from airflow_ml_monitor.performance.dummy import DummyRuling
from airflow_ml_monitor.performance.expectations import Expectation
from airflow_ml_monitor.performance.registry import estimate, find_metric, metric_names
from airflow_ml_monitor.performance.verdict import Ruling
from airflow_ml_monitor.results import CheckResult, Status
from tests.performance.made_answers import binary, multiclass
from tests.performance.scored import START, asked, made, scored, told

Random = np.random.Generator
Days = Callable[[pd.DataFrame, Random], np.ndarray]
MAKE = {Problem.BINARY: binary, Problem.MULTICLASS: multiclass}
OPPOSITE = {Status.PASS: Status.FAIL, Status.FAIL: Status.PASS}
LOOKS = (1, 5, 25)


def right(rows: pd.DataFrame) -> pd.Series[bool]:
    return (rows["score"] > 0.5) == rows["label"]


def slow_where(chosen: Callable[[pd.DataFrame], Any]) -> Days:
    """Return an arrival that takes up to 60 days where something holds, and up to 5 elsewhere."""
    return lambda rows, random: np.where(chosen(rows), 60, 5) * random.random(len(rows))


ARRIVALS: dict[str, Days] = {
    "at random": lambda rows, random: random.exponential(20, len(rows)),
    "positives first": lambda rows, random: np.where(rows["label"] == 1, 2, 40) * random.random(len(rows)),
    "negatives first": slow_where(lambda rows: rows["label"] == 1),
    "mistakes last": slow_where(lambda rows: ~right(rows)),
    "mistakes first": slow_where(right),
    "high scores last": slow_where(lambda rows: rows["score"] > 0.6),
    "one carrier last": slow_where(lambda rows: rows["carrier"] == "B6"),
}
EXPECT: list[Expectation] = [
    *(AtLeast(name, limit) for name in ("accuracy", "precision", "recall", "f1", "roc_auc") for limit in (0.7, 0.97)),
    *(AtMost(name, limit) for name, limit in (("log_loss", 0.1), ("log_loss", 0.5), ("brier", 0.03), ("brier", 0.15))),
    *(BetterThanDummy(name, 0.05) for name in ("brier", "roc_auc", "accuracy")),
]


def late(predictions: pd.DataFrame, labels: pd.DataFrame, arrival: str, seed: int) -> pd.DataFrame:
    days = ARRIVALS[arrival](predictions.merge(labels, on="id"), np.random.default_rng(seed))
    return labels.assign(arrived_at=START + timedelta(days=60) + pd.to_timedelta(days, unit="D"))


@pytest.mark.parametrize("arrival", ARRIVALS)
def test_whatever_comes_late(arrival: str) -> None:
    predictions, labels = scored(400, seed=3)
    rows = late(predictions, labels, arrival, 4)

    def looked(day: int) -> list[CheckResult]:
        how = asked(expect=EXPECT, as_of=START + timedelta(days=60 + day), segments="carrier")
        return [one for one in evaluate_model(made(predictions), told(rows), **how).results if is_asked(one)]

    complete, looks = looked(400), [looked(day) for day in LOOKS]
    assert contradicted(looks, complete) == []
    assert {Status.PASS, Status.FAIL} <= statuses(complete), "the limits are on both sides of what the model does"
    early = [one for look in looks for one in look if one.detail.get("missing")]
    assert {Status.PASS, Status.FAIL} & statuses(early), "some were decided early"
    assert Status.INSUFFICIENT in statuses(looks[0])


def is_asked(result: CheckResult) -> bool:
    return "expectation" in result.detail


def statuses(results: Iterable[CheckResult]) -> set[Status]:
    return {one.status for one in results}


def contradicted(looks: Iterable[list[CheckResult]], complete: list[CheckResult]) -> list[tuple[CheckResult, ...]]:
    return [
        (early, final)
        for look in looks
        for early, final in zip(look, complete, strict=True)
        if OPPOSITE.get(early.status) is final.status
    ]


@pytest.mark.parametrize("arrival", ["at random", "positives first", "mistakes last"])
def test_relative_to_a_reference_whose_labels_are_late_too(arrival: str) -> None:
    predictions, labels = scored(800, seed=3)
    rows = late(predictions, labels, arrival, 4)
    half = START + timedelta(hours=400)
    expect = [NoWorseThanReference("brier", margin) for margin in (0.0, 0.05, 0.2)]

    def looked(day: int) -> list[CheckResult]:
        how = asked(expect=expect, as_of=START + timedelta(days=60 + day))
        windows: dict[str, Any] = {"reference": (START, half), "window": (half, half + timedelta(hours=400))}
        return [one for one in evaluate_model(made(predictions), told(rows), **how, **windows).results if is_asked(one)]

    assert contradicted([looked(day) for day in LOOKS], looked(400)) == []


@pytest.mark.parametrize(
    ("arrival", "metric"),
    [*((arrival, "roc_auc") for arrival in ARRIVALS), *(("at random", name) for name in ("log_loss", "f1", "ks"))],
)
def test_a_comparison_whatever_comes_late(arrival: str, metric: str) -> None:
    predictions, labels = scored(300, seed=3)
    rows = late(predictions, labels, arrival, 4)
    other = scored(300, seed=3, skill=1.9)[0]["score"]  # the same noise, a little more signal
    both = (made(predictions), made(predictions.assign(score=other)))
    veto = {"segments": Segment("carrier", levels=["UA"], required=True), "segment_margin": 0.0}

    def looked(day: int) -> list[CheckResult]:
        found: list[CheckResult] = []
        for pair in (both, both[::-1]):
            how = asked(metric=metric, as_of=START + timedelta(days=60 + day)) | veto
            found += [one for one in compare_models(*pair, told(rows), **how).results if one.check == metric]
        return found

    complete = looked(400)
    assert contradicted([looked(day) for day in LOOKS], complete) == []
    assert {Status.PASS, Status.FAIL} <= statuses(complete)


BOUNDED = [
    (problem, name)
    for problem in MAKE
    for name in [
        *metric_names(problem),
        *(["f2", "f0.5", "lift@0.2", "value@0,-1,-20,5"] if problem is Problem.BINARY else []),
    ]
    if find_metric(name, problem).completions is not None
]


def masked(answers: Answers, seed: int, share: float, by: float) -> Answers:
    """Return answers some of whose labels are missing, the more likely the greater score and label are, or the less."""
    assert answers.score is not None
    score = answers.score if answers.score.ndim == 1 else answers.score[:, 0]
    random = np.random.default_rng(seed)
    late = random.random(len(answers)) + by * (answers.y + score)
    return answers.with_labels(np.where(late <= np.quantile(late, 1 - share), answers.y, np.nan))


@pytest.mark.parametrize(("problem", "name"), BOUNDED)
@settings(max_examples=8)
@given(
    seed=st.integers(0, 2**16),
    share=st.floats(0.005, 0.4),
    by=st.sampled_from([0.0, 1.0, -1.0]),
    off=st.sampled_from([0.5, 0.7, 0.85, 0.95, 1.0, 1.05, 1.2, 1.5]),
    kind=st.sampled_from([AtLeast, AtMost]),
)
def test_every_metric_that_has_worst_case_limits(
    problem: Problem, name: str, seed: int, share: float, by: float, off: float, kind: Any
) -> None:
    complete = MAKE[problem](150, seed=seed)
    metric = find_metric(name, problem)
    value = estimate(metric, complete).value
    assert value is not None
    ruling = Ruling(metric=metric, expectation=kind(name, off * value), confidence=0.8)
    early, final = (ruling.judge(one).status for one in (masked(complete, seed, share, by), complete))
    assert {early, final} != {Status.PASS, Status.FAIL}


@pytest.mark.parametrize("name", ["brier", "log_loss", "accuracy", "roc_auc", "f1", "balanced_accuracy"])
@settings(max_examples=12)
@given(
    seed=st.integers(0, 2**16),
    share=st.floats(0.005, 0.4),
    by=st.sampled_from([0.0, 1.0, -1.0]),
    skill=st.floats(0.0, 1.0),
    margin=st.sampled_from([0.0, 0.02, 0.1]),
)
def test_beside_a_dummy_that_learns_from_the_labels_that_come(
    name: str, seed: int, share: float, by: float, skill: float, margin: float
) -> None:
    complete = binary(150, seed=seed, skill=skill)
    early, final = (
        DummyRuling(
            metric=find_metric(name, Problem.BINARY),
            expectation=BetterThanDummy(name, margin),
            confidence=0.8,
            seen=one,
        ).judge(one)
        for one in (masked(complete, seed, share, by), complete)
    )
    assert {early.status, final.status} != {Status.PASS, Status.FAIL}


COMPARED = [
    *((Problem.BINARY, name) for name in ("log_loss", "brier", "accuracy", "roc_auc", "f1", "recall", "precision")),
    *((Problem.BINARY, name) for name in ("balanced_accuracy", "specificity", "f2")),
    *((Problem.MULTICLASS, name) for name in ("log_loss", "accuracy", "f1_macro")),
]


@pytest.mark.parametrize(("problem", "name"), COMPARED)
@settings(max_examples=8)
@given(
    seed=st.integers(0, 2**16),
    share=st.floats(0.005, 0.4),
    by=st.sampled_from([0.0, 1.0, -1.0]),
    skills=st.sampled_from([(1.0, 2.0), (2.0, 1.0), (1.0, 1.3), (1.3, 1.0)]),
    goal=st.sampled_from(["superiority", "non_inferiority"]),
    margin=st.sampled_from([0.0, 0.02, 0.1]),
)
def test_every_comparison(
    problem: Problem,
    name: str,
    seed: int,
    share: float,
    by: float,
    skills: tuple[float, float],
    goal: Any,
    margin: float,
) -> None:
    champion = MAKE[problem](150, seed=seed, skill=skills[0])
    challenger = MAKE[problem](150, seed=seed + 1, skill=skills[1], y=champion.y)
    early = masked(champion, seed, share, by)
    rule = Rule(metric=find_metric(name, problem), goal=goal, margin=margin)
    before = compared(early, challenger.with_labels(early.y), rule, 0.8).status
    assert {before, compared(champion, challenger, rule, 0.8).status} != {Status.PASS, Status.FAIL}
