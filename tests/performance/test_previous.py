"""A window beside the window before it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance import NoWorseThanPrevious, NoWorseThanReference, evaluate_model
from airflow_ml_monitor.results import CheckResult, Report, Status
from tests.performance.scored import START, asked, made, scored, told

WINDOWS = [(START + timedelta(hours=at), START + timedelta(hours=at + 500)) for at in (0, 500, 1000)]


def judged(place: int, **kwargs: Any) -> Report:
    predictions, labels = scored(1000)
    worse, _ = scored(500, seed=1, skill=0.0)
    predictions.loc[500:, "score"] = worse["score"].to_numpy()
    expect = {"window": WINDOWS[place], "expect": [NoWorseThanPrevious("roc_auc", 0.1)]} | kwargs
    return evaluate_model(made(predictions), told(labels), **asked(**expect))


def of(report: Report) -> CheckResult:
    (found,) = [one for one in report.results if one.check == "roc_auc"]
    return found


def test_a_fall_from_one_window_to_the_next_fails() -> None:
    found = of(judged(1))
    assert found.status is Status.FAIL
    assert found.n_reference == 500
    assert "(window before 0.9" in found.message


def test_it_is_the_reference_that_is_the_window_before() -> None:
    beside = of(judged(1, expect=[NoWorseThanReference("roc_auc", 0.1)], reference=WINDOWS[0]))
    found = of(judged(1))
    assert (found.value, found.limits, found.interval) == (beside.value, beside.limits, beside.interval)


def test_a_window_before_without_predictions_decides_nothing() -> None:
    found = of(judged(0))
    assert found.status is Status.INSUFFICIENT
    assert "the window before has no roc_auc" in found.message


def test_without_a_window_nothing_goes_before() -> None:
    with pytest.raises(ConfigurationError, match="needs window="):
        judged(1, window=None)
