from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import great_expectations.expectations as gxe
import pandas as pd
import pytest
import sqlalchemy as sa

from airflow_ml_monitor import validate
from airflow_ml_monitor.data import Connections, Files, Frame, Table
from airflow_ml_monitor.errors import DataError, SourceError
from airflow_ml_monitor.quality import VolumeLimits
from airflow_ml_monitor.results import Limits, Report, Severity, Status
from airflow_ml_monitor.window import Window

START = datetime(2013, 2, 4, tzinfo=UTC)
WEEK = Window(START, START + timedelta(days=7))
ROWS = 7 * 24


def flights() -> pd.DataFrame:
    hours = range(2 * ROWS)
    return pd.DataFrame(
        {
            "at": pd.date_range(START, periods=2 * ROWS, freq="h"),
            "late": [None if hour % 7 == 0 else float(hour % 50) for hour in hours],
            "passenger": [f"Name-{hour:04d}" for hour in hours],
            "gone": pd.Series([None] * 2 * ROWS, dtype="float64"),
        }
    )


FLIGHTS = Frame(flights, time_column="at")


def result_of(expectation, data=FLIGHTS, **kwargs):
    return validate(data, [expectation], window=WEEK, **kwargs).results[-1]


class TestShares:
    def test_what_is_unexpected_is_counted_over_the_rows_of_the_window(self):
        result = result_of(gxe.ExpectColumnValuesToNotBeNull(column="late", mostly=0.9))
        assert (result.metric, result.value, result.n_current) == ("unexpected_share", 24 / ROWS, ROWS)
        assert result.limits == Limits(None, 0.1)
        assert result.detail["unexpected_count"] == 24

    def test_the_sentence_says_what_and_how_much(self):
        result = result_of(gxe.ExpectColumnValuesToNotBeNull(column="late", mostly=0.9))
        assert result.message == "late is missing in 14.3 % of 168 rows; at most 10 % allowed"

    def test_a_share_exactly_at_its_limit_passes(self):
        result = result_of(gxe.ExpectColumnValuesToNotBeNull(column="late", mostly=6 / 7))
        assert result.status is Status.PASS

    def test_missing_values_are_not_counted_against_values(self):
        result = result_of(gxe.ExpectColumnValuesToBeBetween(column="late", min_value=0, max_value=24))
        assert result.n_current == ROWS - 24
        assert "of 144 rows with a value" in result.message

    def test_a_difference_the_digits_hide_is_shown(self):
        data = pd.DataFrame({"x": [None] * 2001 + [1.0] * 17999})
        result = result_of_frame(data, gxe.ExpectColumnValuesToNotBeNull(column="x", mostly=0.9))
        assert "10.005 % of 20,000 rows; at most 10 % allowed" in result.message


def result_of_frame(data, expectation):
    return validate(data, [expectation]).results[-1]


class TestNumbers:
    def test_a_measured_number_stands_beside_its_limits(self):
        result = result_of(gxe.ExpectColumnMaxToBeBetween(column="late", min_value=0, max_value=40, strict_max=True))
        assert (result.status, result.metric, result.value) == (Status.FAIL, "observed_value", 49.0)
        assert result.limits == Limits(0, 40)
        assert result.message == "the largest late is 49; allowed: at least 0 and less than 40"

    def test_a_mean_of_nothing_is_a_fail_that_says_so(self):
        result = result_of(gxe.ExpectColumnMeanToBeBetween(column="gone", min_value=0))
        assert (result.status, result.value) == (Status.FAIL, None)
        assert "there is no value to compute it from" in result.message


class TestNothingPassesThatWasNotComputed:
    def test_an_empty_window_leaves_every_expectation_undecided(self):
        report = validate(
            FLIGHTS,
            [gxe.ExpectColumnValuesToNotBeNull(column="late"), gxe.ExpectTableRowCountToBeBetween(min_value=0)],
            window=Window(START - timedelta(days=7), START),
        )
        assert [result.status for result in report.results] == [Status.FAIL, Status.INSUFFICIENT, Status.INSUFFICIENT]
        assert report.status is Status.FAIL

    def test_an_empty_window_that_is_allowed_is_not_a_pass_of_the_suite(self):
        report = validate(
            FLIGHTS,
            [gxe.ExpectColumnValuesToNotBeNull(column="late")],
            window=Window(START - timedelta(days=7), START),
            volume=VolumeLimits(min_rows=0),
        )
        assert [result.status for result in report.results] == [Status.PASS, Status.INSUFFICIENT]

    def test_a_missing_file_leaves_every_check_undecided(self, tmp_path):
        report = validate(
            Files(str(tmp_path / "none.parquet"), time_column="at"),
            [gxe.ExpectColumnValuesToNotBeNull(column="late")],
            freshness=timedelta(hours=1),
        )
        assert [result.status for result in report.results] == [Status.FAIL, Status.INSUFFICIENT, Status.INSUFFICIENT]

    def test_a_column_without_values_decides_nothing_about_values(self):
        result = result_of(gxe.ExpectColumnValuesToBeBetween(column="gone", min_value=0))
        assert result.status is Status.INSUFFICIENT
        assert "all 168 rows have no value" in result.message


class TestErrors:
    broken = gxe.ExpectColumnPairValuesAToBeGreaterThanB(column_A="late", column_B="passenger")
    sound = gxe.ExpectColumnValuesToNotBeNull(column="late", mostly=0.5)

    def test_an_expectation_that_breaks_is_an_error_in_one_line(self):
        result = result_of(self.broken)
        assert result.status is Status.ERROR
        assert result.message.startswith("column pair values a to be greater than b [late, passenger] could not be")
        assert "\n" not in result.message

    @pytest.mark.parametrize("where", ["pandas", "database"])
    def test_the_others_are_still_made(self, engine, where):
        flights().to_sql("flights", engine, index=False)
        data = Table("flights", conn_id="w", time_column="at", timezone="UTC") if where == "database" else FLIGHTS
        suite = [self.sound, self.broken, self.sound]
        report = validate(data, suite, window=WEEK, connections=Connections({"w": engine}))
        assert [result.status for result in report.results[1:]] == [Status.PASS, Status.ERROR, Status.PASS]
        assert report.status is Status.ERROR

    def test_an_expectation_that_cannot_even_be_planned_leaves_the_others(self):
        class ExpectColumnValuesToBePlanned(gxe.ExpectColumnValuesToNotBeNull):
            def get_validation_dependencies(self, *args, **kwargs):
                raise RuntimeError("no plan")

        report = validate(FLIGHTS, [ExpectColumnValuesToBePlanned(column="late"), self.sound], window=WEEK)
        assert [result.status for result in report.results[1:]] == [Status.ERROR, Status.PASS]
        assert "RuntimeError: no plan" in report.results[1].message

    def test_a_database_that_is_gone_is_an_exception_that_may_be_retried(self, tmp_path):
        engine = sa.create_engine(f"postgresql+psycopg2://nobody@/none?host={tmp_path}")
        with pytest.raises(SourceError, match="table flights of connection 'w' cannot be read now"):
            validate(Table("flights", conn_id="w"), [self.sound], connections=Connections({"w": engine}))

    def test_naive_times_without_a_zone_are_refused(self):
        with pytest.raises(DataError, match="timezone='UTC'"):
            validate(Frame(lambda: flights().assign(at=START.replace(tzinfo=None)), time_column="at"), window=WEEK)


class TestSeverity:
    @pytest.mark.parametrize(
        ("severity", "status"), [("critical", Status.FAIL), ("warning", Status.WARN), ("info", Status.PASS)]
    )
    def test_the_severity_of_an_expectation_decides_the_report(self, severity, status):
        suite = [gxe.ExpectColumnValuesToNotBeNull(column="late", severity=severity)]
        report = validate(FLIGHTS, suite, window=WEEK)
        assert report.status is status
        assert report.results[-1].severity is Severity(severity)


class TestAlikeExpectations:
    def test_two_on_one_column_are_told_apart_and_keep_their_order(self):
        suite = [
            gxe.ExpectColumnValuesToBeBetween(column="late", max_value=10),
            gxe.ExpectColumnToExist(column="at"),
            gxe.ExpectColumnValuesToBeBetween(column="late", max_value=60),
        ]
        first, other, second = validate(FLIGHTS, suite, window=WEEK).results[1:]
        assert [first.detail["kwargs"]["max_value"], second.detail["kwargs"]["max_value"]] == [10, 60]
        assert (first.status, other.check, second.status) == (Status.FAIL, "expect_column_to_exist", Status.PASS)

    def test_a_part_of_the_rows_is_the_segment(self):
        expectation = gxe.ExpectColumnValuesToNotBeNull(
            column="passenger", row_condition='col("late") > 40', condition_parser="great_expectations"
        )
        result = result_of(expectation)
        assert result.segment is not None
        assert "late" in result.segment
        assert result.n_current == sum(1 for late in flights()["late"][:ROWS] if late > 40)

    def test_the_author_s_own_words_come_first(self):
        expectation = gxe.ExpectColumnValuesToNotBeNull(column="late", description="Every flight lands")
        assert result_of(expectation).message.startswith("Every flight lands: late is missing")


class TestReport:
    suite = (
        {"type": "expect_column_distinct_values_to_be_in_set", "kwargs": {"column": "passenger", "value_set": ["x"]}},
        {"type": "expect_column_most_common_value_to_be_in_set", "kwargs": {"column": "passenger", "value_set": ["x"]}},
        {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "passenger", "regex": "^x$"}},
        {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "passenger"}},
        {"type": "expect_column_mean_to_be_between", "kwargs": {"column": "late", "max_value": {"$PARAMETER": "top"}}},
    )

    @pytest.fixture(scope="class")
    def report(self) -> Report:
        return validate(
            FLIGHTS,
            list(self.suite),
            window=WEEK,
            as_of=WEEK.end,
            freshness=timedelta(hours=2),
            parameters={"top": 30},
        )

    def test_no_value_of_the_data_is_in_it(self, report):
        assert "Name-" not in json.dumps(report.to_dict())

    def test_it_is_plain_json_and_read_back_equal(self, report):
        assert Report.from_dict(json.loads(json.dumps(report.to_dict()))) == report

    def test_it_says_what_was_judged(self, report):
        assert (report.kind, report.window, report.as_of) == ("data_quality", WEEK, WEEK.end)
        assert (report.rows_current, report.rows_reference) == (ROWS, None)
        assert report.duration > 0

    def test_its_configuration_has_the_parameters_filled_in(self, report):
        assert report.config["suite"][-1]["kwargs"] == {"column": "late", "max_value": 30}
        assert report.config["freshness_seconds"] == 7200.0
        assert report.config["data"]["time_column"] == "at"

    def test_equal_tasks_have_equal_configurations(self, report):
        again = validate(
            FLIGHTS, list(self.suite), as_of=WEEK.end, freshness=timedelta(hours=2), parameters={"top": 30}
        )
        assert again.config_hash == report.config_hash

    def test_rows_that_arrived_after_as_of_do_not_exist(self):
        data = flights().assign(known_at=lambda frame: frame["at"] + pd.Timedelta(days=1))
        dataset = Frame(lambda: data, time_column="at", arrived_at_column="known_at", timezone="UTC")
        assert validate(dataset, window=WEEK, as_of=START + timedelta(days=2)).rows_current == 25
