"""What a report says beside its checks: methods and reasons, false alarms, dataset rules, what moved."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from airflow_ml_monitor import Report, Window
from airflow_ml_monitor.drift import DriftPolicy, build_reference, detect_drift
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.results import CheckResult, Severity, Status

RANDOM = np.random.default_rng(3)
ROWS = 3_000
WEEK = Window(datetime(2013, 2, 4, tzinfo=UTC), datetime(2013, 2, 11, tzinfo=UTC))


def rows() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "a": RANDOM.normal(size=ROWS),
            "b": RANDOM.lognormal(size=ROWS),
            "few": RANDOM.integers(0, 3, ROWS),
            "level": RANDOM.choice(["x", "y", "z"], ROWS, p=[0.5, 0.3, 0.2]),
            "score": RANDOM.random(ROWS),
        }
    )


REFERENCE = build_reference(rows())


def one(report: Report, check: str, column: str | None = None) -> CheckResult:
    return next(r for r in report.results if r.check == check and (column is None or r.column == column))


class TestMethodsUsed:
    def test_each_method_is_told_with_its_columns_and_reason(self) -> None:
        told = one(detect_drift(REFERENCE, rows(), policy=DriftPolicy(scores=["score"])), "methods")
        assert told.severity is Severity.INFO
        assert "ks and wasserstein_normed for a, b (numeric; more than 5 values in the reference)" in told.message
        assert "tvd for few (numeric; at most 5 values in the reference)" in told.message
        assert "tvd for level (categorical; by its levels)" in told.message
        assert "psi for score (declared a score)" in told.message
        assert told.detail["columns"]["a"]["methods"] == ["ks", "wasserstein_normed"]

    def test_too_few_values_are_a_reason(self) -> None:
        told = one(detect_drift(REFERENCE, rows().head(20)), "methods")
        assert "fewer than 30 values on a side" in told.message


class TestFalseAlarms:
    def test_they_follow_from_alpha_and_the_window(self) -> None:
        told = one(detect_drift(REFERENCE, rows(), window=WEEK), "false_alarms")
        assert told.value == pytest.approx(0.05 * 365.25 / 7)
        assert "2.609 false alarms in the 52.18 looks of a year" in told.message

    def test_without_a_window_they_are_told_by_look(self) -> None:
        told = one(detect_drift(REFERENCE, rows()), "false_alarms")
        assert (told.metric, told.value) == ("per_look", 0.05)

    def test_a_budget_lowers_alpha(self) -> None:
        policy = DriftPolicy(alarms_per_year=1, looks_per_year=365)
        report = detect_drift(REFERENCE, rows(), policy=policy)
        assert report.config["policy"]["alpha"] == pytest.approx(1 / 365)
        assert one(report, "false_alarms").value == pytest.approx(1.0)

    def test_a_generous_budget_leaves_alpha(self) -> None:
        report = detect_drift(REFERENCE, rows(), policy=DriftPolicy(alarms_per_year=100, looks_per_year=52))
        assert report.config["policy"]["alpha"] == 0.05

    def test_a_budget_without_looks_is_refused(self) -> None:
        with pytest.raises(ConfigurationError, match="alarms_per_year=1.*give looks_per_year, or a window"):
            detect_drift(REFERENCE, rows(), policy=DriftPolicy(alarms_per_year=1))


def moved(*columns: str) -> pd.DataFrame:
    frame = rows()
    for name in columns:
        frame[name] = frame[name] + 2
    return frame


class TestDatasetRule:
    @pytest.mark.parametrize(
        ("settings", "columns", "status"),
        [
            ({}, ["a"], Status.FAIL),
            ({"rule": "share"}, [], Status.PASS),
            ({"rule": "share"}, ["a", "b"], Status.WARN),
            ({"rule": "share"}, ["a", "b", "score"], Status.FAIL),
            ({"rule": "share", "limits": {"drifted_share": 0.2}}, ["a"], Status.FAIL),
            ({"rule": "share", "critical": ["a"]}, ["a"], Status.FAIL),
            ({"rule": "share", "critical": ["b"]}, ["a"], Status.WARN),
            ({"rule": "weighted", "weights": {"a": 10}}, ["a"], Status.FAIL),
            ({"rule": "weighted", "weights": {"a": 0.1}}, ["a", "b"], Status.WARN),
            ({"critical": ["b"]}, ["a"], Status.WARN),
            ({"critical": ["b"]}, ["b"], Status.FAIL),
        ],
    )
    def test_the_rule_decides(self, settings: dict[str, Any], columns: list[str], status: Status) -> None:
        report = detect_drift(REFERENCE, moved(*columns), policy=DriftPolicy(**settings))
        assert report.status is status, report.summary()

    def test_the_share_is_told(self) -> None:
        found = one(detect_drift(REFERENCE, moved("a", "b"), policy=DriftPolicy(rule="share")), "dataset")
        assert (found.value, found.limits.upper, found.message) == (0.4, 0.5, "2 of 5 columns drifted: a, b")

    def test_too_few_rows_decide_nothing(self) -> None:
        report = detect_drift(REFERENCE, rows().head(10), policy=DriftPolicy(rule="share"))
        assert report.status is Status.INSUFFICIENT

    @pytest.mark.parametrize(
        ("settings", "sentence"),
        [
            ({"rule": "most"}, "rule='most'.*any, share, weighted"),
            ({"weights": {"a": 2}}, "weights=.*rule='weighted'"),
            ({"rule": "weighted", "weights": {"a": 0}}, r"weights\['a'\]=0.0"),
            ({"critical": ["a"], "warning": ["a"]}, "a both in critical and in warning"),
            ({"alarms_per_year": -1}, "alarms_per_year=-1"),
            ({"methods": {"a": "ksx"}}, "names 'ksx'; there are ks"),
            ({"methods": {"a": []}}, "names no method"),
            ({"methods": {"a": "psi"}, "scores": ["a"]}, "a both in scores and in methods"),
            ({"multivariate": ["forest"]}, "names 'forest'; there are domain_classifier"),
            ({"learnt": 3}, "learnt=3.*neither"),
            ({"learnt": {"sd": 3}}, "no setting sd"),
        ],
    )
    def test_what_is_impossible_is_refused(self, settings: dict[str, Any], sentence: str) -> None:
        with pytest.raises(ConfigurationError, match=sentence):
            DriftPolicy(**settings)


class TestWhatMoved:
    def test_both_distributions_of_a_numeric_column_that_drifted(self) -> None:
        found = one(detect_drift(REFERENCE, moved("a")), "distribution", "a").detail
        chart = found["distribution"]
        assert 10 <= len(chart["edges"]) <= 25
        assert len(chart["reference"]) == len(chart["current"]) == len(chart["edges"]) + 1
        assert sum(chart["reference"]) == pytest.approx(1.0, abs=1e-4)
        assert sum(chart["current"]) == pytest.approx(1.0, abs=1e-4)
        assert np.argmax(chart["current"]) > np.argmax(chart["reference"][:-1])
        assert found["current"]["mean"] - found["reference"]["mean"] == pytest.approx(2, abs=0.2)

    def test_levels_that_grew_shrank_appeared_and_vanished(self) -> None:
        frame = rows()
        frame["level"] = frame["level"].replace({"z": "new"}).mask(RANDOM.random(ROWS) < 0.3, "x")
        found = one(detect_drift(REFERENCE, frame), "distribution", "level").detail["levels_moved"]
        assert {kind: [name for name, _, _ in levels] for kind, levels in found.items()} == {
            "grew": ["'x'"],
            "shrank": ["'y'"],
            "appeared": ["'new'"],
            "vanished": ["'z'"],
        }

    def test_what_did_not_move_needs_no_chart(self) -> None:
        report = detect_drift(REFERENCE, rows())
        assert not any("distribution" in result.detail for result in report.results)
