from __future__ import annotations

from datetime import UTC, datetime, timedelta

import great_expectations.expectations as gxe
import pandas as pd
import pytest
import sqlalchemy as sa

from airflow_ml_monitor.data import Connections, Frame, Table
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.profile import build_reference
from airflow_ml_monitor.quality import validate
from airflow_ml_monitor.results import Severity, Status
from airflow_ml_monitor.window import Window

START = datetime(2013, 1, 7, tzinfo=UTC)
WEEK = Window(START, START + timedelta(days=7))


def frame(**columns) -> Frame:
    data = pd.DataFrame({"at": pd.date_range(START, periods=48, freq="h"), **columns})
    return Frame(lambda: data, time_column="at")


def of_check(report, check: str):
    return [result for result in report.results if result.check == check]


class TestAgainstTheReference:
    reference = build_reference(frame(late=range(48), carrier="AA"), window=WEEK)

    def test_the_same_columns_pass_with_the_time_column_left_out(self):
        report = validate(frame(late=range(48), carrier="B6"), reference=self.reference, window=WEEK)
        assert [result.status for result in of_check(report, "schema")] == [Status.PASS]

    def test_a_column_that_is_gone_fails_and_its_expectations_are_not_made(self):
        suite = [gxe.ExpectColumnValuesToNotBeNull(column="late"), gxe.ExpectColumnValuesToBeUnique(column="carrier")]
        report = validate(frame(carrier="AA"), suite, reference=self.reference, window=WEEK)
        gone, not_null, unique = report.results[1:]
        assert (gone.check, gone.column, gone.status) == ("schema", "late", Status.FAIL)
        assert (not_null.status, unique.status) == (Status.INSUFFICIENT, Status.FAIL)

    def test_another_type_fails(self):
        report = validate(frame(late="late", carrier="AA"), reference=self.reference, window=WEEK)
        assert [(r.column, r.status) for r in of_check(report, "schema")] == [("late", Status.FAIL)]

    def test_an_empty_window_says_nothing_of_types(self):
        next_week = Window(WEEK.end, WEEK.end + timedelta(days=7))
        report = validate(frame(late="late", carrier="AA"), reference=self.reference, window=next_week)
        assert [result.status for result in of_check(report, "schema")] == [Status.INSUFFICIENT]

    def test_a_column_the_dataset_leaves_out_is_gone(self):
        data = frame(late=range(48), carrier="AA")
        narrow = Frame(data.load, time_column="at", columns=["late"])
        report = validate(narrow, reference=self.reference, window=WEEK)
        assert [result.column for result in of_check(report, "schema")] == ["carrier"]


class TestWithoutReference:
    def test_a_column_the_dataset_names_and_lacks_fails(self):
        data = Frame(frame(carrier="AA").load, time_column="at", columns=["carrier", "carier_id", "late"])
        gone = of_check(validate(data), "schema")
        assert [(result.column, result.status) for result in gone] == [
            ("carier_id", Status.FAIL),
            ("late", Status.FAIL),
        ]

    def test_a_column_of_the_suite_that_is_gone_fails_once_with_the_gravest_severity(self):
        suite = [
            gxe.ExpectColumnValuesToNotBeNull(column="late", severity="info"),
            gxe.ExpectColumnMeanToBeBetween(column="late", max_value=3, severity="warning"),
        ]
        report = validate(frame(latte=1), suite)
        (gone,) = of_check(report, "schema")
        assert (gone.status, gone.severity) == (Status.FAIL, Severity.WARNING)
        assert gone.message.endswith("; the nearest there is 'latte'")

    def test_in_the_database_too(self, engine):
        with engine.begin() as connection:
            connection.execute(sa.text("CREATE TABLE flights (late float)"))
            connection.execute(sa.text("INSERT INTO flights VALUES (1)"))
        suite = [gxe.ExpectColumnPairValuesToBeEqual(column_A="late", column_B="delay")]
        report = validate(Table("flights", conn_id="w"), suite, connections=Connections({"w": engine}))
        assert [result.status for result in report.results] == [Status.PASS, Status.FAIL, Status.INSUFFICIENT]

    def test_expectations_about_names_are_made(self):
        result = validate(frame(), [gxe.ExpectColumnToExist(column="late")]).results[-1]
        assert (result.check, result.status) == ("expect_column_to_exist", Status.FAIL)

    def test_a_column_that_is_there_but_left_out_is_a_mistake_of_the_task(self):
        data = Frame(frame(late=1).load, columns=["at"])
        with pytest.raises(ConfigurationError, match="about column 'late', which .* leaves out"):
            validate(data, [gxe.ExpectColumnValuesToNotBeNull(column="late")])
