"""Drift that several windows must show."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from airflow_ml_monitor import DriftPolicy, Window
from airflow_ml_monitor.drift import build_reference, detect_drift
from airflow_ml_monitor.drift.confirmation import rate_of_confirmed
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.results import CheckResult, Report, Status

START = datetime(2026, 1, 5, tzinfo=UTC)
TWO_OF_THREE = DriftPolicy(confirm=(2, 3))


def frame(shift: float, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame({"x": random.normal(shift, 1, 500), "y": random.choice(["a", "b"], 500)})


REFERENCE = build_reference(frame(0))


def judged(week: int, shift: float, history: list[Report], data: Any = None, **kwargs: Any) -> Report:
    window = Window(START + timedelta(weeks=week), START + timedelta(weeks=week + 1))
    data = frame(shift, week + 1) if data is None else data
    kwargs = {"policy": TWO_OF_THREE, "as_of": window.end} | kwargs
    return detect_drift(REFERENCE, data, window=window, history=history, **kwargs)


def replayed(shifts: list[float]) -> list[Report]:
    reports: list[Report] = []
    for week, shift in enumerate(shifts):
        reports.append(judged(week, shift, reports))
    return reports


def check(report: Report) -> CheckResult:
    (found,) = [one for one in report.results if one.check == "windows_drifted"]
    return found


@pytest.mark.parametrize(
    ("shifts", "statuses"),
    [
        ([0, 0, 0], "pass pass pass"),
        ([1, 0, 0, 1], "warn pass pass warn"),
        ([1, 1, 1], "warn fail fail"),
        ([1, 0, 1, 0, 0, 1], "warn pass fail pass pass warn"),
    ],
)
def test_two_of_three_windows_close(shifts: list[float], statuses: str) -> None:
    assert [report.status.value for report in replayed(shifts)] == statuses.split()


def test_it_says_how_many_drifted() -> None:
    first, second = replayed([1, 1])
    assert check(first).message == "1 of the last 1 windows drifted, this one among them; 2 of 3 close"
    assert check(second).message == "2 of the last 2 windows drifted, this one among them; 2 of 3 close"
    assert (check(second).value, check(second).limits.upper, check(second).status) == (2, 2, Status.FAIL)
    assert {one.status for one in first.results if one.column == "x" and one.metric == "ks"} == {Status.FAIL}


def test_windows_judged_by_a_policy_that_waits_for_none_count_by_their_status() -> None:
    before = judged(0, 1, [], policy=DriftPolicy())
    assert before.status is Status.FAIL
    assert judged(1, 1, [before]).status is Status.FAIL


def test_what_was_not_known_at_as_of_does_not_count() -> None:
    before = judged(0, 1, [], as_of=START + timedelta(weeks=9))
    assert judged(1, 1, [before]).status is Status.WARN


def test_an_outage_and_a_lost_column_wait_for_no_second_window() -> None:
    assert judged(0, 0, [], frame(0)[:0]).status is Status.FAIL
    assert judged(0, 0, [], frame(0)[["x"]]).status is Status.FAIL


def test_the_share_of_columns_is_confirmed_as_well() -> None:
    policy = DriftPolicy(confirm=(2, 2), rule="share", limits={"drifted_share": 0.5})
    first = judged(0, 1, [], policy=policy)
    assert (first.status, judged(1, 1, [first], policy=policy).status) == (Status.WARN, Status.FAIL)


@pytest.mark.parametrize(("confirm", "expected"), [(None, 0.05), ((1, 1), 0.05), ((2, 2), 0.0025), ((2, 3), 0.004875)])
def test_the_rate_is_that_of_independent_windows(confirm: Any, expected: float) -> None:
    assert rate_of_confirmed(0.05, DriftPolicy(confirm=confirm)) == pytest.approx(expected)


def test_the_report_states_it() -> None:
    (told,) = [one for one in judged(0, 0, []).results if one.check == "false_alarms"]
    assert told.detail["per_look"] == pytest.approx(0.004875)
    assert "of which 2 of 3 must alarm (0.05 each)" in told.message


@pytest.mark.parametrize("confirm", [(3, 2), (0, 2), (1,), (1.5, 2), (True, 2)])
def test_what_is_not_some_of_some_is_refused(confirm: Any) -> None:
    with pytest.raises(ConfigurationError, match="how many of how many windows"):
        DriftPolicy(confirm=confirm)


def test_a_policy_comes_back_from_its_dictionary() -> None:
    assert DriftPolicy.from_dict(TWO_OF_THREE.to_dict()) == TWO_OF_THREE
