"""The table of columns by windows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from airflow_ml_monitor.pages.heat import MOST_COLUMNS, Heat
from airflow_ml_monitor.store.drift_cells import Cell

MONDAY = datetime(2013, 2, 4, tzinfo=UTC)


def cell(column: str, status: str, week: int = 0, effect: float | None = 0.5) -> Cell:
    start = MONDAY + timedelta(weeks=week)
    return Cell(column, start, start + timedelta(weeks=1), status, effect, UUID(int=week))


def test_the_worst_columns_come_first_then_those_that_closed_most_often() -> None:
    cells = [cell("calm", "pass"), cell("once", "fail"), cell("twice", "fail"), cell("twice", "fail", 1)]
    assert list(Heat.of([*cells, cell("warned", "warn")]).rows) == ["twice", "once", "warned", "calm"]


def test_of_two_verdicts_on_one_place_the_worse_is_shown() -> None:
    for cells in ([cell("x", "fail"), cell("x", "pass")], [cell("x", "pass"), cell("x", "fail")]):
        assert Heat.of(cells).rows["x"][MONDAY].status == "fail"


def test_windows_are_in_the_order_of_time() -> None:
    heat = Heat.of([cell("x", "pass", 2), cell("y", "pass", 0), cell("x", "pass", 1)])
    assert heat.windows == tuple(MONDAY + timedelta(weeks=week) for week in range(3))


def test_the_calmest_of_very_many_columns_are_left_out_and_counted() -> None:
    cells = [cell(f"x{place:03}", "pass") for place in range(MOST_COLUMNS + 5)]
    heat = Heat.of([*cells, cell("zz", "fail")])
    assert (next(iter(heat.rows)), len(heat.rows), heat.left_out) == ("zz", MOST_COLUMNS, 6)


def test_of_nothing_is_empty() -> None:
    assert Heat.of([]) == Heat((), {}, 0)


def test_a_cell_says_nothing_of_a_name_as_html() -> None:
    from airflow_ml_monitor.pages.html import heat_cell

    drawn = heat_cell(cell("x", "pass"), "/d?column=%3C&x=1", '<b>"', "2013-02-04 00:00Z")  # type: ignore[arg-type]
    assert "<b>" not in drawn
    assert 'href="/d?column=%3C&amp;x=1&amp;report_id=' in drawn
    assert 'style="--effect:0.50"' in drawn
