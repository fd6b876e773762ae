"""References of windows, and limits learnt from how much these differ."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from airflow_ml_monitor import Profile, Report, Window
from airflow_ml_monitor.data import Frame
from airflow_ml_monitor.drift import DriftPolicy, LearntLimits, build_reference, detect_drift, measure
from airflow_ml_monitor.errors import ConfigurationError, DataError, WindowError
from airflow_ml_monitor.profile import build_reference as profile_of_all
from airflow_ml_monitor.results import CheckResult, Status

START = datetime(2013, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def days(moves: list[float], rows: int = 2_000) -> pd.DataFrame:
    """Rows of consecutive days, the mean of ``x`` on each being moved by so many deviations."""
    random = np.random.default_rng(5)
    frames = [
        pd.DataFrame(
            {
                "at": START + i * DAY + pd.to_timedelta(np.sort(random.random(rows)) * 86_399, unit="s"),
                "x": random.normal(move, 1.0, rows),
                "level": random.choice(["a", "b", "c"], rows),
            }
        )
        for i, move in enumerate(moves)
    ]
    return pd.concat(frames, ignore_index=True)


def dataset(frame: pd.DataFrame) -> Frame:
    return Frame(lambda: frame, time_column="at")


def span(count: int) -> Window:
    return Window(START, START + count * DAY)


def learnt_from(moves: list[float]) -> Profile:
    return build_reference(dataset(days(moves)), window=span(len(moves)), windows=DAY)


def ks_of(report: Report) -> CheckResult:
    return next(result for result in report.results if result.metric == "ks")


UNSTEADY = [0.0, 0.4, -0.4, 0.2, -0.2, 0.5, -0.5, 0.3, -0.3, 0.0]
MOVED = pd.DataFrame({"x": np.random.default_rng(1).normal(0.35, 1.0, 2_000), "level": ["a", "b"] * 1_000})


class TestReferenceOfWindows:
    def test_it_is_the_sum_of_its_windows(self) -> None:
        frame = days([0.0] * 4)
        reference = build_reference(dataset(frame), window=span(4), windows=DAY)
        assert (reference.rows, reference.window) == (8_000, span(4))
        assert reference.columns["x"].moments.mean == pytest.approx(frame["x"].mean())  # type: ignore[union-attr]
        assert [window.start for window in reference.variation.windows] == [START + i * DAY for i in range(4)]  # type: ignore[union-attr]

    def test_each_window_is_compared_with_all_others(self) -> None:
        frame = days([0.0, 0.0, 1.0, 0.0])
        variation = build_reference(dataset(frame), window=span(4), windows=DAY).variation
        assert variation is not None
        low, high = np.quantile(frame["x"], [0.01, 0.99])
        parts = [part["x"].clip(low, high) for _, part in frame.groupby(frame["at"].dt.date)]
        expected = [
            measure("ks", pd.concat([*parts[:i], *parts[i + 1 :]]).to_numpy(), part.to_numpy()).value
            for i, part in enumerate(parts)
        ]
        assert variation.of("x", "distribution", "ks") == pytest.approx(expected, abs=2e-3)

    def test_chosen_windows_alone_count(self) -> None:
        mondays = [Window(START + i * DAY, START + (i + 1) * DAY) for i in (0, 3)]
        reference = build_reference(dataset(days([0.0, 5.0, 5.0, 0.1])), windows=mondays)
        assert reference.rows == 4_000
        assert reference.columns["x"].moments.mean == pytest.approx(0.05, abs=0.05)  # type: ignore[union-attr]

    def test_a_window_without_rows_is_none(self) -> None:
        reference = build_reference(dataset(days([0.0] * 3)), window=span(5), windows=DAY)
        assert len(reference.variation.windows) == 3  # type: ignore[union-attr]

    def test_bytes_give_it_back(self) -> None:
        reference = learnt_from(UNSTEADY)
        back = Profile.from_bytes(reference.to_bytes())
        assert back == reference
        assert back.variation is not None
        assert back.variation.of("x", "distribution", "ks").tolist() == (
            reference.variation.of("x", "distribution", "ks").tolist()  # type: ignore[union-attr]
        )
        assert back != profile_of_all(dataset(days(UNSTEADY)), window=span(10))

    @pytest.mark.parametrize(
        ("given", "error", "sentence"),
        [
            ({"windows": DAY}, ConfigurationError, "give window= as well"),
            ({"windows": DAY, "window": Window(START, START + DAY / 2)}, ConfigurationError, "at most 12:00:00"),
            ({"windows": []}, ConfigurationError, "names no window"),
            ({"windows": [("2013-01-01", "2013-01-02")]}, WindowError, "has no time zone"),
            ({"windows": [(START - 3 * DAY, START)]}, DataError, "no rows"),
        ],
    )
    def test_what_is_impossible_is_refused(self, given: dict[str, Any], error: type[Exception], sentence: str) -> None:
        with pytest.raises(error, match=sentence):
            build_reference(dataset(days([0.0])), **given)


class TestLearntLimits:
    def test_natural_variation_raises_the_limit(self) -> None:
        reference = learnt_from(UNSTEADY)
        plain = ks_of(detect_drift(reference, MOVED, policy=DriftPolicy(learnt=None)))
        learnt = ks_of(detect_drift(reference, MOVED))
        effects = reference.variation.of("x", "distribution", "ks")  # type: ignore[union-attr]
        assert (plain.status, plain.limits.upper) == (Status.FAIL, 0.1)
        assert learnt.status is Status.PASS
        assert learnt.limits.upper == pytest.approx(effects.mean() + 3 * effects.std(ddof=1))
        assert "the limit is learnt from 10 windows of the reference (mean" in learnt.message
        assert learnt.detail["practical_limit"] == 0.1

    def test_a_change_beyond_it_fails_still(self) -> None:
        assert detect_drift(learnt_from(UNSTEADY), MOVED.assign(x=MOVED["x"] + 3)).status is Status.FAIL

    def test_a_steady_reference_keeps_the_practical_limit(self) -> None:
        assert ks_of(detect_drift(learnt_from([0.0] * 10), MOVED)).limits.upper == 0.1

    def test_a_quantile(self) -> None:
        reference = learnt_from(UNSTEADY)
        policy = DriftPolicy(learnt=LearntLimits(rule="quantile", quantile=1.0))
        effects = reference.variation.of("x", "distribution", "ks")  # type: ignore[union-attr]
        assert ks_of(detect_drift(reference, MOVED, policy=policy)).limits.upper == pytest.approx(effects.max())

    def test_few_windows_teach_nothing(self) -> None:
        found = ks_of(detect_drift(learnt_from(UNSTEADY[:7]), MOVED))
        assert (found.limits.upper, found.status) == (0.1, Status.FAIL)

    @pytest.mark.parametrize(
        ("settings", "sentence"),
        [
            ({"rule": "max"}, "neither 'std' nor 'quantile'"),
            ({"k": -1.0}, "k=-1.0"),
            ({"quantile": 0.0}, "quantile=0.0"),
            ({"least_windows": 2}, "at least 3"),
        ],
    )
    def test_what_is_impossible_is_refused(self, settings: dict[str, Any], sentence: str) -> None:
        with pytest.raises(ConfigurationError, match=sentence):
            LearntLimits(**settings)
