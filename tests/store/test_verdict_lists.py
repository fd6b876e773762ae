"""Verdicts as lists: which of them are the latest, and whose."""

from __future__ import annotations

from datetime import timedelta

import pytest

from airflow_ml_monitor.store import Store, verdict_lists
from airflow_ml_monitor.store.verdict_lists import Verdict, latest_verdicts, report_of
from tests.store.factories import MONDAY, make_check, make_origin, make_report, make_window

DAGS = {"retraining", "scoring"}


def latest(store: Store, after: int = 0, dags: set[str] = DAGS) -> list[Verdict]:
    with store.begin() as connection:
        return latest_verdicts(connection, dags, after=after)


def test_each_task_has_its_verdict_on_its_own_latest_window(store: Store) -> None:
    monthly = store.write(make_report(kind="model_quality"), make_origin(dag_id="scoring", task_id="score"))
    for week in range(3):
        newest = store.write(make_report(window=make_window(week)), make_origin(run_id=f"r{week}"))
    assert [verdict.id for verdict in latest(store)] == [newest.id, monthly.id]


def test_of_one_window_the_latest_knowledge(store: Store) -> None:
    late = store.write(make_report(as_of=MONDAY + timedelta(days=30)), make_origin(run_id="late"))
    store.write(make_report(), make_origin(run_id="early"))
    assert [verdict.id for verdict in latest(store)] == [late.id]


def test_models_and_environments_come_in_their_order_and_in_pages(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verdict_lists, "PAGE_ROWS", 2)
    for environment, model in (("prod", "b"), ("dev", "z"), ("prod", "a")):
        store.write(make_report(environment=environment, model=model), make_origin())
    named = [[(one.environment, one.model) for one in latest(store, after)] for after in (0, 2)]
    assert named == [[("dev", "z"), ("prod", "a")], [("prod", "b")]]


def test_nothing_of_a_dag_that_may_not_be_read_and_no_place_on_the_page_for_it(store: Store) -> None:
    store.write(make_report(model="secret"), make_origin(dag_id="other"))
    shown = store.write(make_report(), make_origin())
    store.write(make_report(), make_origin(dag_id="other"))
    assert [verdict.id for verdict in latest(store)] == [shown.id]
    assert latest(store, dags=set()) == []


def test_a_report_of_a_dag_that_may_be_read_whole_or_with_the_checks_of_a_column(store: Store) -> None:
    checks = (make_check(column="distance"), make_check(column="hour"), make_check(column=None, check="rows"))
    written = store.write(make_report(results=checks), make_origin())
    with store.begin() as connection:
        assert report_of(connection, DAGS, written.id) == written
        one = report_of(connection, DAGS, written.id, column="hour")
        assert one is not None
        assert [check.column for check in one.report.results] == ["hour"]
        assert report_of(connection, {"other"}, written.id) is None
        assert report_of(connection, set(), written.id) is None
