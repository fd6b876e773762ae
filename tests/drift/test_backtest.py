"""Past windows replayed against a reference."""

from __future__ import annotations

import json

import numpy as np
import pytest

from airflow_ml_monitor import Profile, Window
from airflow_ml_monitor.drift import DriftPolicy, backtest, build_reference
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.profile import profile_like
from tests.drift.test_windows import DAY, START, dataset, days, span

MOVES = [0.0] * 10 + [0.4, 0.0, 0.0, 2.0, 0.0, 0.6]
HISTORY = dataset(days(MOVES))
LATER = Window(START + 10 * DAY, START + 16 * DAY)


@pytest.fixture(scope="module")
def reference() -> Profile:
    return build_reference(HISTORY, window=span(10))


def starts(found: object) -> list[int]:
    return [(report.window.start - START).days for report in found.alarms]  # type: ignore[attr-defined]


def test_it_says_what_would_have_alarmed_and_when(reference: Profile) -> None:
    found = backtest(reference, HISTORY, window=LATER, windows=DAY)
    assert len(found.reports) == 6
    assert starts(found) == [10, 13, 15]
    assert found.alarms_per_year == pytest.approx(3 / (6 / 365.25))
    assert "3 of 6 windows would have failed" in found.summary()
    assert "2013-01-14T00:00Z to 2013-01-15T00:00Z: distribution[x] ks" in found.summary()


def test_profiles_of_windows_are_replayed_alike(reference: Profile) -> None:
    profiles = [
        profile_like(reference, HISTORY, window=Window(START + i * DAY, START + (i + 1) * DAY)) for i in range(10, 16)
    ]
    one, other = backtest(reference, profiles[::-1]), backtest(reference, HISTORY, window=LATER, windows=DAY)
    assert starts(one) == starts(other)
    assert [r.results for r in one.reports] == [r.results for r in other.reports]


def test_data_frames_of_past_windows_are_replayed_in_their_order(reference: Profile) -> None:
    frame = days(MOVES)
    history = [part for _, part in frame.groupby(frame["at"].dt.date)][10:]
    found = backtest(reference, history, alarms_per_year=1)
    assert [report.status.value for report in found.reports] == ["fail", "pass", "pass", "fail", "pass", "fail"]
    assert (found.years, found.alarms_per_year) == (None, None)
    assert "3 of 6 windows would have failed\n" in found.summary()


@pytest.mark.parametrize(("budget", "kept"), [(365.25 / 6, [13]), (2 * 365.25 / 6, [13, 15]), (1, [])])
def test_proposed_limits_keep_to_the_budget(reference: Profile, budget: float, kept: list[int]) -> None:
    found = backtest(reference, HISTORY, window=LATER, windows=DAY, alarms_per_year=budget)
    again = backtest(reference, HISTORY, found.proposed_policy(), window=LATER, windows=DAY)
    assert starts(again) == kept
    assert set(found.proposed_limits()) == {"x"}
    assert json.loads(json.dumps(found.to_dict()))["proposed_limits"] == found.proposed_limits()


def test_limits_that_hold_already_are_left(reference: Profile) -> None:
    found = backtest(reference, HISTORY, window=LATER, windows=DAY, alarms_per_year=1_000)
    assert found.proposed_limits() == {}
    assert found.proposed_policy() == DriftPolicy()
    assert "no limit to raise" in found.summary()


def test_what_cannot_be_replayed_is_refused(reference: Profile) -> None:
    with pytest.raises(ConfigurationError, match="no past window to replay"):
        backtest(reference, [])
    with pytest.raises(ConfigurationError, match="a list of past windows, or data with windows="):
        backtest(reference, np.zeros(3))
    with pytest.raises(ConfigurationError, match="need alarms_per_year="):
        _ = backtest(reference, HISTORY, window=LATER, windows=DAY).allowed


def test_drift_that_must_be_confirmed_is_replayed_so_whatever_the_order() -> None:
    history = dataset(days([0.0] * 10 + [2.0, 0.0, 2.0, 2.0, 2.0, 0.0]))
    reference = build_reference(history, window=span(10))
    policy = DriftPolicy(confirm=(2, 2))
    profiles = [
        profile_like(reference, history, window=Window(START + i * DAY, START + (i + 1) * DAY)) for i in range(10, 16)
    ]
    assert starts(backtest(reference, profiles[::-1], policy)) == [13, 14]
    assert starts(backtest(reference, history, policy, window=LATER, windows=DAY)) == [13, 14]
