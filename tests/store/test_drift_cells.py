"""Columns by windows, as the verdicts that count have them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from airflow_ml_monitor.store import Store
from airflow_ml_monitor.store.drift_cells import Cell, drift_cells
from tests.store.factories import MONDAY, make_check, make_origin, make_report, make_window


def cells(store: Store, windows: int = 26, dag: str = "retraining") -> list[Cell]:
    with store.begin() as connection:
        return drift_cells(connection, {dag}, environment="prod", model="flight_delay", windows=windows)


def test_the_worst_check_and_the_greatest_effect_of_a_column(store: Store) -> None:
    checks = (make_check(status="pass", value=0.05), make_check(metric="tvd", status="warn", value=0.2))
    written = store.write(make_report(results=checks), make_origin())
    (cell,) = cells(store)
    assert (cell.column, cell.status, cell.effect, cell.report_id) == ("distance", "warn", 2.0, written.id)


def test_without_a_limit_there_is_no_effect(store: Store) -> None:
    store.write(make_report(results=(make_check(limits=(None, None)),)), make_origin())
    assert [cell.effect for cell in cells(store)] == [None]


@pytest.mark.parametrize(("value", "limit"), [(1.7e308, 0.1), (1e-310, 1.0), (1.0, 1e-310), (5e-324, 10.0)])
def test_an_effect_that_a_float_cannot_hold_is_left_out(store: Store, value: float, limit: float) -> None:
    beside = make_check(column="hour", value=0.0)
    beyond = make_check(value=value, limits=(None, limit), interval=None)
    store.write(make_report(results=(beyond, beside)), make_origin())
    assert [(cell.status, cell.effect) for cell in cells(store)] == [("fail", None), ("fail", 0.0)]


def test_the_latest_windows_in_the_order_of_time(store: Store) -> None:
    for week in range(4):
        store.write(make_report(window=make_window(week)), make_origin(run_id=f"r{week}"))
    assert [cell.window_start for cell in cells(store, windows=2)] == [make_window(week).start for week in (2, 3)]


def test_a_later_verdict_takes_the_place_of_an_earlier_one(store: Store) -> None:
    store.write(make_report(), make_origin(run_id="first"))
    healed = make_report(results=(make_check(status="pass"),), as_of=MONDAY + timedelta(days=20))
    store.write(healed, make_origin(run_id="second"))
    assert [cell.status for cell in cells(store)] == ["pass"]


def test_of_two_tasks_the_worse_comes_last(store: Store) -> None:
    store.write(make_report(), make_origin(task_id="a"))
    store.write(make_report(results=(make_check(status="pass"),)), make_origin(task_id="b"))
    assert [cell.status for cell in cells(store)] == ["pass", "fail"]


def test_nothing_of_no_window_or_of_a_dag_that_may_not_be_read(store: Store) -> None:
    store.write(make_report(window=None), make_origin())
    store.write(make_report(), make_origin(dag_id="other"))
    assert cells(store) == []
