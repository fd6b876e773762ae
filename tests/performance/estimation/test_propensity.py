"""Weighted estimates: what they are worth, and that no verdict goes by them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_ml_monitor import AtLeast, Status, evaluate_model
from airflow_ml_monitor.performance import verdict
from airflow_ml_monitor.performance.answers import Answers, Problem
from airflow_ml_monitor.performance.estimation.propensity import weighted_up
from airflow_ml_monitor.performance.registry import estimate, find_metric
from tests.performance.estimation.made_rows import binary as rows
from tests.performance.made_answers import MAKE, partly_labelled

PROBLEMS = [Problem.BINARY, Problem.MULTICLASS, Problem.REGRESSION]


def known_where(answers: Answers, known: Any) -> Answers:
    return replace(answers, y=np.where(known, answers.y, np.nan))


def weighted(name: str, answers: Answers) -> float:
    return float(weighted_up(find_metric(name, answers.problem), answers)["weighted"]["value"])


def naive(name: str, answers: Answers) -> float:
    found = estimate(find_metric(name, answers.problem), answers).value
    assert found is not None
    return found


@pytest.mark.parametrize("name", ["positive_share", "accuracy", "log_loss"])
def test_labels_that_come_by_the_score_are_weighted_back(name: str) -> None:
    answers = MAKE[Problem.BINARY](4_000)
    assert answers.score is not None
    by_score = np.random.default_rng(9).random(4_000) < 0.1 + 0.8 * answers.score
    early = known_where(answers, by_score)
    truth = naive(name, answers)
    assert abs(weighted(name, early) - truth) < 0.3 * abs(naive(name, early) - truth)


def test_labels_that_come_by_what_they_say_are_not() -> None:
    answers = MAKE[Problem.BINARY](4_000)
    early = known_where(answers, np.random.default_rng(9).random(4_000) < 0.2 + 0.6 * answers.y)
    assert weighted("positive_share", early) > naive("positive_share", answers) + 0.1


@given(st.sampled_from(PROBLEMS), st.integers(0, 50), st.integers(20, 80))
def test_where_as_many_are_known_of_all_answers_it_is_the_naive_one(problem: Problem, seed: int, half: int) -> None:
    answers = MAKE[problem](half, seed=seed)
    twice = answers.take(np.repeat(np.arange(half), 2))
    name = "mae" if problem is Problem.REGRESSION else "accuracy"
    early = known_where(twice, np.arange(2 * half) % 2 == 0)
    assert weighted(name, early) == pytest.approx(naive(name, early))


@given(partly_labelled())
def test_few_labels_never_break_it(answers: Answers) -> None:
    found = weighted_up(find_metric("roc_auc", Problem.BINARY), answers)
    assert all(-1e-9 <= one["value"] <= 1 + 1e-9 for one in found.values())


def test_there_is_none_where_all_labels_are_known() -> None:
    assert weighted_up(find_metric("roc_auc", Problem.BINARY), MAKE[Problem.BINARY](100)) == {}


@pytest.mark.parametrize("said", [{}, {"weighted": {"value": 0.0}}, {"weighted": {"value": 1.0}}])
@pytest.mark.parametrize(
    ("known", "status"), [(0.95, Status.PASS), (0.5, Status.INSUFFICIENT), (0.97, Status.FAIL)], ids=str
)
def test_no_verdict_moves_whatever_they_say(
    said: Mapping[str, Any], known: float, status: Status, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = rows(2_000).assign(id=range(2_000))
    expect = AtLeast("roc_auc", 0.95 if status is Status.FAIL else 0.65)
    labels = frame.loc[np.random.default_rng(9).random(2_000) < known, ["id", "label"]]
    monkeypatch.setattr(verdict, "weighted_up", lambda metric, answers: said)
    report = evaluate_model(frame[["id", "score"]], labels, on="id", problem="binary", expect=expect)
    (judged,) = [one for one in report.results if one.check == "roc_auc"]
    assert judged.detail.get("weighted") == said.get("weighted")
    assert (judged.status, report.status) == (status, status)


def test_it_stands_beside_the_worst_case_and_the_naive_one() -> None:
    frame = rows(1_000).assign(id=range(1_000))
    report = evaluate_model(
        frame[["id", "score"]],
        frame.loc[:599, ["id", "label"]],
        on="id",
        problem="binary",
        expect=AtLeast("roc_auc", 0.7),
    )
    (judged,) = [one for one in report.results if one.check == "roc_auc"]
    low, shown, high = (judged.detail[name]["value"] for name in ("lowest", "weighted", "highest"))
    assert low < shown < high
    assert judged.detail["weighted"]["provisional"]
    assert judged.value != shown
