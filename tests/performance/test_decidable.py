"""How many more labels would decide, against the labels that come."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from airflow_ml_monitor.performance import AtLeast, BetterThanDummy, evaluate_model
from airflow_ml_monitor.performance.answers import Answers, Problem
from airflow_ml_monitor.performance.decidable import MOST_ROWS, labels_needed
from airflow_ml_monitor.results import CheckResult, Status
from tests.performance.scored import asked, made, scored, told


def answers(known: int, missing: int) -> Answers:
    y = np.concatenate((np.zeros(known), np.full(missing, np.nan)))
    return Answers(problem=Problem.REGRESSION, y=y, predicted=np.zeros(len(y)))


@pytest.mark.parametrize("wanted", [1, 137, 400])
def test_it_is_the_least_number_that_decides_to_one_percent(wanted: int) -> None:
    found = labels_needed(answers(100, 400), lambda some: np.isnan(some.y).sum() <= 400 - wanted)
    assert found is not None
    assert wanted <= found <= wanted + 4


def test_the_answers_to_come_are_as_many_as_are_missing() -> None:
    sizes = set()
    labels_needed(answers(10, 40), lambda some: bool(sizes.add(len(some))) or len(some.known) > 30)
    assert sizes == {50}


@pytest.mark.parametrize(
    ("known", "missing"),
    [(0, 10), (10, 0), (10, 10), (MOST_ROWS, 10)],
    ids=["nothing known", "nothing missing", "never", "many"],
)
def test_nothing_is_said_where_nothing_can_be(known: int, missing: int) -> None:
    assert labels_needed(answers(known, missing), lambda _: False) is None


def judged(kept: int, expect: Any) -> CheckResult:
    predictions, labels = scored()
    labels = labels.sample(frac=1, random_state=0)[:kept]
    report = evaluate_model(made(predictions), told(labels), **asked(expect=[expect]))
    (found,) = [one for one in report.results if one.check == expect.metric]
    return found


@pytest.mark.parametrize(
    "expect", [AtLeast("accuracy", 0.7), AtLeast("roc_auc", 0.9), BetterThanDummy("brier")], ids=str
)
def test_so_many_labels_more_decide(expect: Any) -> None:
    found = judged(500, expect)
    assert found.status is Status.INSUFFICIENT
    more = found.detail["labels_needed"]
    assert f"about {more:,} more" in found.message
    assert judged(500 + round(1.15 * more), expect).status is not Status.INSUFFICIENT
    assert judged(500 + round(0.75 * more), expect).status is Status.INSUFFICIENT
