from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_ml_monitor.data import Connections, Files, Frame, Table
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.profile import build_reference
from airflow_ml_monitor.quality import VolumeLimits, validate
from airflow_ml_monitor.results import Severity, Status
from airflow_ml_monitor.window import Window

START = datetime(2013, 2, 4, tzinfo=UTC)
WEEK = Window(START, START + timedelta(days=7))
DAY = Window(START, START + timedelta(days=1))


def hourly(hours: int) -> Frame:
    times = pd.date_range(START, periods=hours, freq="h")
    return Frame(lambda: pd.DataFrame({"at": times, "x": range(hours)}), time_column="at")


def rows_result(*args, **kwargs):
    return next(result for result in validate(*args, **kwargs).results if result.check == "rows")


class TestEmptiness:
    def test_rows_in_the_window_are_counted(self):
        assert rows_result(hourly(200), window=WEEK).value == 168

    def test_an_empty_window_fails_and_is_called_an_outage(self):
        later = Window(WEEK.end, WEEK.end + timedelta(days=7))
        result = rows_result(hourly(100), window=later)
        assert result.status is Status.FAIL
        assert result.message.startswith(
            "outage: there is no row for 2013-02-11T00:00Z to 2013-02-18T00:00Z in the frame"
        )

    def test_an_empty_window_passes_where_zero_rows_are_allowed(self):
        later = Window(WEEK.end, WEEK.end + timedelta(days=7))
        assert rows_result(hourly(100), window=later, volume=VolumeLimits(min_rows=0)).status is Status.PASS

    def test_a_missing_file_fails_and_is_named(self, tmp_path):
        result = rows_result(Files(str(tmp_path / "2013-02-04.parquet"), time_column="at"), window=WEEK)
        assert result.status is Status.FAIL
        assert "2013-02-04.parquet" in result.message

    def test_a_missing_table_fails_even_where_zero_rows_are_allowed(self, engine):
        table = Table("flights", conn_id="warehouse")
        connections = Connections({"warehouse": engine})
        result = rows_result(table, volume=VolumeLimits(min_rows=0, severity="warning"), connections=connections)
        assert (result.status, result.severity) == (Status.FAIL, Severity.CRITICAL)


class TestLimits:
    @pytest.mark.parametrize(
        ("limits", "status"),
        [
            (VolumeLimits(min_rows=168), Status.PASS),
            (VolumeLimits(min_rows=169), Status.FAIL),
            (VolumeLimits(max_rows=168), Status.PASS),
            (VolumeLimits(max_rows=167), Status.FAIL),
        ],
    )
    def test_a_number_of_rows_exactly_at_its_limit_passes(self, limits, status):
        assert rows_result(hourly(168), volume=limits).status is status

    def test_the_severity_given_is_kept(self):
        limits = VolumeLimits(min_rows=1000, severity="warning")
        assert validate(hourly(168), volume=limits).status is Status.WARN

    @pytest.mark.parametrize(
        ("arguments", "named"),
        [
            ({"lowest_ratio": -0.1}, "lowest_ratio=-0.1"),
            ({"highest_ratio": float("nan")}, "highest_ratio=nan"),
            ({"lowest_ratio": 3.0}, "lowest_ratio=3.0, highest_ratio=2.0"),
            ({"min_rows": 5, "max_rows": 4}, "min_rows=5, max_rows=4"),
            ({"severity": "fatal"}, "severity='fatal'"),
        ],
    )
    def test_impossible_limits_are_refused_and_named(self, arguments, named):
        with pytest.raises(ConfigurationError, match=named):
            VolumeLimits(**arguments)

    @given(
        expected=st.floats(0, 1e9),
        lowest=st.floats(0, 1),
        highest=st.floats(1, 100),
    )
    def test_limits_always_admit_the_expected_number_itself(self, expected, lowest, highest):
        limits = VolumeLimits(lowest_ratio=lowest, highest_ratio=highest, min_rows=0).around(expected)
        assert limits.lower <= expected <= limits.upper


class TestAgainstTheReference:
    reference = build_reference(hourly(1000), window=WEEK)

    @pytest.mark.parametrize(("hours", "status"), [(11, Status.FAIL), (12, Status.PASS), (24, Status.PASS)])
    def test_a_day_is_held_to_a_seventh_of_the_week(self, hours, status):
        result = rows_result(hourly(hours), window=DAY, reference=self.reference)
        assert result.status is status
        assert result.detail["expected_rows"] == 24.0
        assert result.limits == (12.0, 48.0)

    def test_far_too_many_rows_fail(self):
        times = pd.date_range(START, DAY.end, freq="20min", inclusive="left")
        twice = Frame(lambda: pd.DataFrame({"at": times, "x": 1}), time_column="at")
        assert rows_result(twice, window=DAY, reference=self.reference).status is Status.FAIL

    def test_without_a_window_the_rows_of_the_reference_are_expected(self):
        assert rows_result(hourly(84), reference=self.reference).status is Status.PASS
        assert rows_result(hourly(83), reference=self.reference).status is Status.FAIL

    def test_the_sentence_names_the_dataset_the_window_and_what_was_expected(self):
        result = rows_result(hourly(3), window=DAY, reference=self.reference)
        assert result.message == (
            "3 rows for 2013-02-04T00:00Z to 2013-02-05T00:00Z in the frame of tests.quality.test_volume:"
            "hourly.<locals>.<lambda>; about 24 expected from the reference, at least 12 and at most 48 allowed"
        )

    @pytest.mark.parametrize(
        ("hours", "said"), [(3, "3 rows in the frame of "), (0, "there is no row in the frame of ")]
    )
    def test_rows_that_no_time_column_cuts_are_not_said_to_be_of_the_window(self, hours, said):
        uncut = Frame(hourly(hours).load)
        message = rows_result(uncut, window=DAY).message
        assert said in message
        assert (
            "(all there are: without a time_column they are not cut to 2013-02-04T00:00Z to 2013-02-05T00:00Z)"
            in message
        )

    def test_a_ratio_can_be_switched_off(self):
        limits = VolumeLimits(lowest_ratio=None)
        assert rows_result(hourly(1), window=DAY, reference=self.reference, volume=limits).status is Status.PASS

    def test_both_numbers_of_rows_are_in_the_report(self):
        report = validate(hourly(24), window=DAY, reference=self.reference)
        assert (report.rows_current, report.rows_reference) == (24, 168)
