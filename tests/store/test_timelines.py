"""Which verdict counts for a window, and which windows make a page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from airflow_ml_monitor.store import Store, StoredReport, timelines
from airflow_ml_monitor.store.timelines import Subject, WindowVerdict
from tests.store.factories import MONDAY, make_check, make_origin, make_report, make_window

OURS = Subject(dags={"retraining"}, environment="prod", model="flight_delay", kind="drift")
DAY = timedelta(days=1)


def write(store: Store, week: int = 0, *, run: str = "manual__1", map_index: int = -1, **changes: Any) -> StoredReport:
    origin = make_origin(run_id=run, map_index=map_index)
    return store.write(make_report(window=make_window(week), **changes), origin)


def shown(store: Store, subject: Subject = OURS) -> list[WindowVerdict]:
    with store.begin() as connection:
        ends = timelines.moments(connection, subject, most=60)
        return timelines.window_verdicts(connection, subject, first=ends[-1], last=ends[0]) if ends else []


def ids(store: Store, subject: Subject = OURS) -> list[UUID]:
    return [one.id for one in shown(store, subject)]


def test_windows_are_in_the_order_of_time(store: Store) -> None:
    written = [write(store, week, run=f"r{week}").id for week in (2, 0, 1)]
    assert ids(store) == [written[1], written[2], written[0]]


def test_the_latest_knowledge_counts_and_the_earlier_verdicts_are_counted(store: Store) -> None:
    late = write(store, run="second", as_of=MONDAY + 30 * DAY)
    write(store, run="first", as_of=MONDAY + 8 * DAY)
    write(store, run="between", as_of=MONDAY + 9 * DAY)
    assert [(one.id, one.earlier) for one in shown(store)] == [(late.id, 2)]


def test_a_task_mapped_over_segments_says_as_many_things_of_a_window(store: Store) -> None:
    both = {write(store, map_index=place).id for place in (0, 1)}
    assert set(ids(store)) == both


def test_a_later_run_of_a_task_mapped_over_windows_replaces_what_another_place_said(store: Store) -> None:
    write(store, run="first", map_index=5, as_of=MONDAY + 8 * DAY)
    later = write(store, run="second", map_index=0, as_of=MONDAY + 9 * DAY)
    assert [(one.id, one.earlier) for one in shown(store)] == [(later.id, 1)]


def test_versions_of_a_model_that_are_judged_side_by_side_both_count(store: Store) -> None:
    both = {write(store, model_version=version).id for version in ("7", "8")}
    assert set(ids(store)) == both


def test_a_verdict_on_no_window_stands_at_the_moment_of_its_knowledge(store: Store) -> None:
    store.write(make_report(window=None, as_of=MONDAY + 3 * DAY), make_origin())
    (one,) = shown(store)
    assert (one.start, one.end) == (MONDAY + 3 * DAY, MONDAY + 3 * DAY)


@pytest.mark.parametrize("changed", [{"environment": "staging"}, {"model": "churn"}, {"kind": "data_quality"}])
def test_nothing_of_another_subject(store: Store, changed: dict[str, str]) -> None:
    write(store, **changed)
    assert ids(store) == []


def test_nothing_of_a_dag_that_may_not_be_read(store: Store) -> None:
    write(store)
    for dags in ({"other"}, set[str]()):
        subject = Subject(dags=dags, environment="prod", model="flight_delay", kind="drift")
        assert ids(store, subject) == []
        with store.begin() as connection:
            assert timelines.kinds_of(connection, dags, environment="prod", model="flight_delay") == []


def test_the_kinds_of_a_model(store: Store) -> None:
    for kind in ("drift", "data_quality", "drift"):
        write(store, run=f"run_{kind}", kind=kind)
    with store.begin() as connection:
        found = timelines.kinds_of(connection, {"retraining"}, environment="prod", model="flight_delay")
    assert found == ["data_quality", "drift"]


def test_windows_come_in_pages(store: Store) -> None:
    for week in range(5):
        write(store, week, run=f"r{week}")
    with store.begin() as connection:
        first = timelines.moments(connection, OURS, most=3)
        second = timelines.moments(connection, OURS, before=first[1], most=3)
    assert first == [make_window(week).end for week in (4, 3, 2)]
    assert second == [make_window(week).end for week in (2, 1, 0)]


def test_what_was_measured_of_all_rows_of_a_column_or_of_a_segment(store: Store) -> None:
    checks = (
        make_check(),
        make_check(check="roc_auc", metric="roc_auc", column=None, value=0.7),
        make_check(check="roc_auc", metric="roc_auc", column=None, segment="carrier=UA", value=0.6),
    )
    key = write(store, results=checks).id
    with store.begin() as connection:
        (whole,) = timelines.measured(connection, [key])
        (column,) = timelines.measured(connection, [key], column="distance")
        (segment,) = timelines.measured(connection, [key], segment="carrier=UA")
        assert timelines.parts(connection, [key]) == (["distance"], ["carrier=UA"])
    assert (whole.value, column.metric, segment.value) == (0.7, "ks", 0.6)
