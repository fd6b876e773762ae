"""The age of a model, in days and in windows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from airflow_ml_monitor.errors import ConfigurationError, MonitorError
from airflow_ml_monitor.performance import AtLeast, evaluate_model
from airflow_ml_monitor.results import CheckResult, Report, Severity, Status
from tests.performance.scored import NOW, START, asked, made, scored, told

WEEK = (START, START + timedelta(days=7))


def report_of(**kwargs: Any) -> Report:
    predictions, labels = scored()
    given = {"expect": AtLeast("accuracy", 0.6), "window": WEEK} | kwargs
    return evaluate_model(made(predictions), told(labels), **asked(**given))


def age(**kwargs: Any) -> CheckResult:
    (found,) = [one for one in report_of(**kwargs).results if one.check == "model_age"]
    return found


def test_the_age_is_from_the_training_to_the_end_of_the_window() -> None:
    found = age(trained_at=START - timedelta(days=21))
    assert (found.value, found.detail["windows_since_training"], found.status) == (28.0, 4.0, Status.PASS)
    assert "28 days, 4 windows before the end" in found.message


def test_without_a_window_it_is_to_as_of() -> None:
    found = age(trained_at=NOW - timedelta(days=3), window=None)
    assert (found.value, found.detail["windows_since_training"]) == (3.0, None)


@pytest.mark.parametrize(("extra", "status"), [(timedelta(0), Status.PASS), (timedelta(seconds=1), Status.FAIL)])
def test_an_age_at_the_limit_passes_and_beyond_it_fails_the_report(extra: timedelta, status: Status) -> None:
    report = report_of(trained_at=WEEK[1] - timedelta(days=90) - extra, max_age=timedelta(days=90))
    assert report.status is status


def test_a_model_trained_on_the_window_warns() -> None:
    report = report_of(trained_at=START + timedelta(days=1), max_age=timedelta(days=90))
    assert report.status is Status.WARN
    assert "may have learnt from the rows" in report.reasons[0].message


def test_a_young_model_does_not_pass_for_metrics_that_are_undecided() -> None:
    predictions, labels = scored()
    how = asked(expect=AtLeast("accuracy", 0.6), trained_at=START, max_age=timedelta(days=999))
    report = evaluate_model(made(predictions), told(labels[:0]), **how)
    assert (report.status, [one.severity for one in report.results if one.check == "model_age"]) == (
        Status.INSUFFICIENT,
        [Severity.INFO],
    )


def test_without_the_moment_of_training_there_is_no_such_check() -> None:
    assert not [one for one in report_of().results if one.check == "model_age"]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"max_age": timedelta(days=1)}, "needs trained_at="),
        ({"trained_at": START, "max_age": timedelta(0)}, "above zero"),
        ({"trained_at": START, "max_age": 90}, "above zero"),
    ],
)
def test_an_age_that_is_none_is_refused(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        report_of(**given)


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(MonitorError, match="trained_at"):
        report_of(trained_at=datetime(2026, 1, 1))
