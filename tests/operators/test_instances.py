"""Which instances of a task a gate over some of its reports is about."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from airflow_ml_monitor.operators.instances import Evidence, concerned
from airflow_ml_monitor.store import StoredReport
from tests.store.factories import make_check, make_origin, make_report


def report_of(map_index: int) -> StoredReport:
    passed = make_report(results=(make_check(),))
    return StoredReport(uuid.uuid4(), passed, make_origin(map_index=map_index), datetime(2013, 2, 4, tzinfo=UTC))


def test_an_instance_that_came_to_something_else_is_not_missing() -> None:
    judged, other = report_of(0), report_of(1)
    assert concerned({0: "success", 1: "success", 2: "failed"}, [judged], [judged, other]) == {
        0: "success",
        2: "failed",
    }


def test_an_instance_that_the_run_no_longer_has_speaks_for_nothing() -> None:
    judged, other = report_of(1), report_of(0)
    evidence = Evidence()
    evidence.add("drift", concerned({0: "success"}, [judged], [judged, other]), [judged])
    assert evidence.reports == []
    assert evidence.missing == {"drift[1]": "the task is removed and has no report of that"}
