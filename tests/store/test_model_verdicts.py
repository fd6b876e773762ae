"""The verdicts on a model, page by page: those that the view ``current_report`` has, and no others."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
import sqlalchemy as sa

from airflow_ml_monitor.store import Store, model_verdicts, tables
from airflow_ml_monitor.store.model_verdicts import verdicts_on
from airflow_ml_monitor.store.verdict_lists import Verdict
from tests.store.factories import MONDAY, make_origin, make_report, make_window


def all_pages(store: Store, dags: set[str], kind: str | None = None) -> list[list[Verdict]]:
    found, after = [], None
    with store.begin() as connection:
        while not found or after is not None:
            page = verdicts_on(connection, dags, environment="prod", model="flight_delay", kind=kind, after=after)
            found.append(list(page.verdicts))
            after = page.next
    return found


def write_history(store: Store, rng: random.Random) -> None:
    """Write verdicts again and again on a few windows, and on none, by tasks, versions and map indexes."""
    for place in range(120):
        window = rng.choice([None, *(make_window(week) for week in range(4))])
        report = make_report(
            kind=rng.choice(["drift", "model_quality"]),
            model=rng.choice(["flight_delay", "flight_delay", "churn"]),
            model_version=rng.choice([None, "7"]),
            window=window,
            as_of=MONDAY + timedelta(days=40 + rng.randrange(3)),
            results=(),
        )
        dag_id, task_id = rng.choice(["retraining", "other"]), rng.choice(["a", "b"])
        origin = make_origin(
            dag_id=dag_id,
            task_id=task_id,
            run_id=f"r{place}",
            map_index=rng.choice([-1, 0]),
            try_number=rng.choice([1, 2]),
        )
        store.write(report, origin)


@pytest.mark.parametrize("kind", [None, "drift"])
@pytest.mark.parametrize("seed", range(3))
def test_pages_have_what_counts_now_once_and_the_latest_first(
    store: Store, monkeypatch: pytest.MonkeyPatch, kind: str | None, seed: int
) -> None:
    write_history(store, random.Random(seed))
    monkeypatch.setattr(model_verdicts, "PAGE_ROWS", 7)
    pages = all_pages(store, {"retraining"}, kind)
    view = tables.current_report.c
    wanted = sa.select(view.id).where(view.dag_id == "retraining", view.model == "flight_delay")
    with store.begin() as connection:
        current = set(connection.scalars(wanted if kind is None else wanted.where(view.kind == kind)))
    shown = [one for page in pages for one in page]
    assert {len(page) for page in pages[:-1]} == {7}
    assert (len(shown), {one.id for one in shown}) == (len(current), current)
    moments = [one.window_end or one.as_of for one in shown]
    assert moments == sorted(moments, reverse=True)


def test_nothing_of_dags_that_may_not_be_read(store: Store) -> None:
    store.write(make_report(), make_origin())
    assert all_pages(store, {"other"}) == [[]]
    assert all_pages(store, set()) == [[]]
