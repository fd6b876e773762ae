"""What of a report goes to MLflow."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.mlflow import Entry
from airflow_ml_monitor.results import CheckResult, Origin, Report
from airflow_ml_monitor.window import Window

WEEK = Window("2013-02-04T00:00:00Z", "2013-02-11T00:00:00Z")
DAY = timedelta(days=1)


def check(name: str, metric: str, value: float | None, **about: str) -> CheckResult:
    return CheckResult(check=name, metric=metric, status="fail", value=value, **about)


REPORT = Report(
    kind="drift",
    model="flight_delay",
    window=WEEK,
    as_of=WEEK.end + DAY,
    rows_current=2_000,
    results=(
        check("distribution", "ks", 0.3, column="distance"),
        check("rows", "rows", 2_000),
        check("roc_auc", "roc_auc", 0.71, segment="carrier=AA"),
        check("missing_share", "share", 0.1, column="distance", segment="carrier=AA"),
        check("coverage", "share", None),
    ),
)
ENTRY = Entry(report=REPORT, report_id="42", origin=Origin(dag_id="d", run_id="r", task_id="t"), link="http://log")


def test_each_value_has_a_name_by_what_it_is_about() -> None:
    values = {name: value for name, value in ENTRY.metrics().items() if "checks_" not in name}
    segment = "carrier_AA-49eaeaf1"
    assert values == {
        "drift/distance/distribution.ks": 0.3,
        "drift/rows": 2_000,
        f"drift/segments/{segment}/roc_auc": 0.71,
        f"drift/distance/segments/{segment}/missing_share.share": 0.1,
        "drift/rows_judged": 2_000,
        "drift/duration_seconds": 0.0,
    }


def test_a_column_and_a_segment_of_one_name_are_two() -> None:
    about_both = (check("rows", "rows", 1, column="x"), check("rows", "rows", 2, segment="x"))
    values = Entry(report=Report(kind="drift", results=about_both)).metrics()
    assert {values["drift/x/rows"], values["drift/segments/x/rows"]} == {1, 2}


def test_checks_of_one_name_are_counted() -> None:
    twice = (check("between", "share", 0.1, column="x"), check("between", "share", 0.2, column="x"))
    values = Entry(report=Report(kind="data_quality", results=twice)).metrics()
    assert (values["data_quality/x/between.share"], values["data_quality/x/between.share.2"]) == (0.1, 0.2)


def test_every_status_has_a_count_so_that_a_chart_comes_down_again() -> None:
    counts = {name: value for name, value in ENTRY.metrics().items() if "checks_" in name}
    assert counts == {
        "drift/checks_pass": 0,
        "drift/checks_warn": 0,
        "drift/checks_fail": 5,
        "drift/checks_insufficient": 0,
        "drift/checks_error": 0,
    }


def test_the_step_is_the_end_of_the_window_and_the_time_is_as_of() -> None:
    assert ENTRY.step == WEEK.end.timestamp()
    assert ENTRY.timestamp == (WEEK.end + DAY).timestamp() * 1000


def test_tags_tell_the_verdict_and_where_it_is_from() -> None:
    tags = ENTRY.tags()
    assert tags["ml_monitor.drift.summary"].startswith(
        "flight_delay drift for 2013-02-04T00:00Z to 2013-02-11T00:00Z: FAIL"
    )
    assert {key.removeprefix("ml_monitor.drift."): text for key, text in tags.items()}.items() >= {
        "status": "fail",
        "model": "flight_delay",
        "environment": "prod",
        "window": "2013-02-04T00:00:00+00:00/2013-02-11T00:00:00+00:00",
        "as_of": "2013-02-12T00:00:00+00:00",
        "report_id": "42",
        "dag_run": "r",
        "task": "t",
        "try_number": "1",
        "link": "http://log",
    }.items()


def test_tags_are_not_longer_than_mlflow_takes() -> None:
    loud = replace(REPORT, results=tuple(replace(check("rows", "rows", 1), message="x" * 1_000) for _ in range(20)))
    assert max(map(len, Entry(report=loud).tags().values())) == 5_000


def test_a_prefix_that_makes_keys_too_long_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="has 101 characters"):
        replace(ENTRY, prefix="x" * 101)
    assert max(map(len, replace(ENTRY, prefix="/" * 100).tags())) <= 250


@pytest.mark.parametrize(
    ("window", "as_of", "expected"),
    [
        (WEEK, WEEK.end + DAY, True),
        (WEEK, WEEK.end, False),
        (Window(WEEK.start - DAY, WEEK.end - DAY), WEEK.end + 2 * DAY, False),
        (Window(WEEK.start + DAY, WEEK.end + DAY), WEEK.end + DAY, True),
    ],
    ids=["same", "knew_less", "earlier_window", "later_window"],
)
def test_only_what_is_as_new_replaces_tags(window: Window, as_of: datetime, expected: bool) -> None:
    later = Entry(report=replace(REPORT, window=window, as_of=as_of))
    assert later.is_as_new_as(ENTRY.tags()) is expected


def test_tags_that_a_person_wrote_are_replaced() -> None:
    assert ENTRY.is_as_new_as({"ml_monitor.drift.window": "soon", "ml_monitor.drift.as_of": "now"})


def test_all_rows_are_ordered_by_what_was_known() -> None:
    before, after = (
        Entry(report=Report(kind="drift", results=(), as_of=datetime(2013, 2, d, tzinfo=UTC))) for d in (1, 2)
    )
    assert after.is_as_new_as(before.tags())
    assert not before.is_as_new_as(after.tags())
