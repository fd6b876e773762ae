"""Columns that an ordinary comparison misjudges: times, magnitudes too large to measure, more levels than rows bear."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from airflow_ml_monitor.drift import detect_drift, measure
from airflow_ml_monitor.errors import DataError
from airflow_ml_monitor.profile import Profile, build_reference
from airflow_ml_monitor.results import CheckResult, Report, Severity, Status


def column(values: Any) -> pd.DataFrame:
    return pd.DataFrame({"x": values})


def failed(report: Report) -> set[str]:
    return {result.check for result in report.results if result.status is Status.FAIL}


def only(report: Report, check: str) -> CheckResult:
    (found,) = [result for result in report.results if result.check == check]
    return found


class TestTimes:
    @pytest.mark.parametrize(
        ("reference", "current"),
        [
            (["2013-01-01"], ["2013-01-02"]),
            (pd.date_range("2013-01-01", periods=5), pd.date_range("2013-01-06", periods=5)),
            (pd.date_range("2013-01-01", periods=31), pd.date_range("2013-01-31", periods=7)),
        ],
        ids=["one day each", "five days each", "a month and a week"],
    )
    def test_days_that_move_on_close_no_gate_and_are_told_as_days(self, reference: Any, current: Any) -> None:
        report = detect_drift(
            *(column(np.repeat(pd.to_datetime(days).to_numpy(), 300)) for days in (reference, current))
        )
        assert report.status is Status.PASS
        moved = [result for result in report.results if result.status is Status.FAIL]
        assert {result.severity for result in moved} == {Severity.INFO}
        assert all("2013-01-" in result.message for result in moved)
        assert "135" not in json.dumps([[result.message, dict(result.detail)] for result in moved]).replace(",", "")

    def test_days_that_go_missing_close_the_gate(self) -> None:
        days = column(pd.date_range("2013-01-01", periods=500))
        report = detect_drift(days, column(days["x"].mask(np.arange(500) % 5 == 0)))
        assert (report.status, failed(report)) == (Status.FAIL, {"missing_share"})


class TestTooLargeToMeasure:
    VALUES = np.random.default_rng(0).normal(size=2_000)

    def test_they_are_not_passed_over(self) -> None:
        report = detect_drift(column(self.VALUES * 1e300), column((self.VALUES + 10) * 1e300))
        assert report.status is Status.INSUFFICIENT
        assert only(report, "too_large").message.startswith("values beyond 1e150 100.0 % -> 100.0 %")

    def test_they_leave_a_report_of_other_columns_undecided(self) -> None:
        both = [pd.DataFrame({"x": self.VALUES * 1e300, "y": self.VALUES}) for _ in range(2)]
        assert detect_drift(*both).status is Status.INSUFFICIENT

    def test_a_rise_of_them_fails_and_they_are_not_called_infinite(self) -> None:
        current = np.where(np.arange(2_000) < 100, self.VALUES * 1e200, self.VALUES)
        report = detect_drift(column(self.VALUES), column(current))
        assert failed(report) == {"too_large"}
        assert "inf" not in report.summary()

    def test_a_few_on_both_sides_do_not_matter(self) -> None:
        values = column(np.append(self.VALUES, 1e200))
        assert detect_drift(values, values).status is Status.PASS

    def test_one_method_refuses_them(self) -> None:
        with pytest.raises(DataError, match="2,000 values lie beyond 1e150; divide both samples"):
            measure("ks", self.VALUES * 1e200, self.VALUES * 1e200)


def numbered(count: int, name: str = "id") -> list[str]:
    return [f"{name} {i}" for i in range(count)]


def drawn(levels: int, rows: int, seed: int) -> list[str]:
    return [f"id {i}" for i in np.random.default_rng(seed).integers(0, levels, rows)]


MANY = build_reference(column(drawn(60_000, 200_000, 1)))
FEW_ROWS = build_reference(column([f"id {i % 600}" for i in range(1_000)]))


class TestTooManyLevels:
    @pytest.mark.parametrize("reference", [MANY, FEW_ROWS], ids=["60,000 in 200,000", "600 in 1,000"])
    def test_one_unseen_level_in_all_rows_fails_by_name(self, reference: Profile) -> None:
        report = detect_drift(reference, column(["n/a"] * 1_000))
        assert report.status is Status.FAIL
        assert "rows at 'n/a'" in only(report, "stuck_value").message

    @pytest.mark.parametrize("reference", [MANY, FEW_ROWS], ids=["60,000 in 200,000", "600 in 1,000"])
    def test_a_known_level_that_takes_a_tenth_of_the_rows_fails(self, reference: Profile) -> None:
        report = detect_drift(reference, column(["id 5"] * 100 + [f"id {i % 600}" for i in range(900)]))
        assert failed(report) == {"stuck_value"}

    def test_a_level_stuck_among_more_new_ones_than_are_kept_fails(self) -> None:
        for name in ("n/a", "none", "-", "0", "unknown"):
            report = detect_drift(MANY, column([name] * 3_000 + numbered(27_000, "new")))
            assert failed(report) == {"stuck_value"}

    def test_an_unseen_level_of_few_rows_fails_where_all_levels_are_known(self) -> None:
        report = detect_drift(FEW_ROWS, column(["n/a"] * 40 + [f"id {i % 600}" for i in range(960)]))
        result = only(report, "unseen_levels")
        assert (result.metric, result.value, result.status) == ("largest_share", 0.04, Status.FAIL)

    def test_the_number_of_levels_is_about_true(self) -> None:
        result = only(detect_drift(MANY, column(drawn(60_000, 1_000, 2))), "levels")
        truth = len(set(drawn(60_000, 200_000, 1)))
        assert result.value == pytest.approx(truth, rel=0.05)
        assert result.message.startswith(f"too many levels to compare: about {result.value:,.0f} in 200,000 rows")

    def test_ids_that_are_all_new_pass(self) -> None:
        for rows in (200, 2_000, 30_000):
            report = detect_drift(column(numbered(rows)), column(numbered(rows, "new")))
            assert report.status is Status.PASS

    def test_unchanged_batches_seldom_close_the_gate(self) -> None:
        random = np.random.default_rng(20_130_204)
        share = 1.0 / np.arange(1, 100_001)
        share /= share.sum()

        def batch(rows: int) -> pd.DataFrame:
            return column(random.choice(100_000, rows, p=share).astype(str))

        large, small = build_reference(batch(200_000)), [build_reference(batch(2_000)) for _ in range(6)]
        closed = [detect_drift(large, batch(rows)).status is Status.FAIL for rows in [200] * 30 + [20_000] * 5]
        closed += [detect_drift(reference, batch(2_000)).status is Status.FAIL for reference in small * 5]
        assert sum(closed) <= 3

    def test_a_profile_of_many_levels_is_stored_whole(self) -> None:
        again = Profile.from_bytes(MANY.to_bytes())
        assert again == MANY
        stuck = column(["n/a"] * 1_000)
        assert detect_drift(again, stuck).results == detect_drift(MANY, stuck).results
