"""What the page of a timeline reads: one kind, so many windows, so many verdicts, and where older ones are."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa

from airflow_ml_monitor.pages.timeline_page import Choice, read_timeline
from airflow_ml_monitor.store import Store, timelines
from tests.store.factories import make_check, make_decision, make_origin, make_report, make_window


@pytest.fixture
def store(engine: sa.Engine) -> Store:
    return Store(engine)


def write(store: Store, week: int, *, map_index: int = -1, **changes: Any) -> Any:
    origin = make_origin(run_id=f"r{week}", map_index=map_index)
    return store.write(make_report(window=make_window(week), **changes), origin)


def read(store: Store, **asked: Any) -> dict[str, Any]:
    with store.begin() as connection:
        return read_timeline(connection, {"retraining"}, Choice(environment="prod", model="flight_delay", **asked))


def weeks(known: dict[str, Any]) -> list[int]:
    starts = {make_window(week).start: week for week in range(10)}
    return [starts[verdict.start] for verdict in known["timeline"].verdicts]


def test_model_quality_is_shown_first_and_another_kind_where_asked_for(store: Store) -> None:
    for kind in ("data_quality", "drift", "model_quality"):
        write(store, 0, kind=kind)
    assert read(store)["kind"] == "model_quality"
    assert read(store, kind="drift")["kind"] == "drift"


def test_pages_go_back_until_there_are_no_older_windows(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timelines, "WINDOWS", 2)
    for week in range(5):
        write(store, week)
    pages = [read(store)]
    while pages[-1]["older"] is not None:
        pages.append(read(store, before=pages[-1]["older"]))
    assert [weeks(page) for page in pages] == [[3, 4], [1, 2], [0]]


def test_a_window_of_which_not_all_verdicts_were_read_is_left_to_the_next_page(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timelines, "MOST_VERDICTS", 3)
    for week in range(2):
        for place in range(2):
            write(store, week, map_index=place)
    first = read(store)
    assert weeks(first) == [1, 1]
    assert weeks(read(store, before=first["older"])) == [0, 0]


def test_a_change_is_marked_at_the_first_window_of_a_page_too(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timelines, "WINDOWS", 1)
    write(store, 0, reference="january v1")
    write(store, 1, reference="january v2")
    assert [mark.at for mark in read(store)["timeline"].marks] == [make_window(1).start]


def test_labels_known_and_what_a_person_decided(store: Store) -> None:
    known = make_check(check="completeness", metric="completeness", column=None, value=0.9, status="pass")
    written = write(store, 0, kind="model_quality", results=(known,))
    store.save_decisions([make_decision(written.id)])
    page = read(store)
    assert page["labels"] == {written.id: "90 %"}
    assert page["timeline"].decisions[written.id].decided_by == "jane"


def test_a_model_of_which_nothing_is_known_has_an_empty_page(store: Store) -> None:
    page = read(store)
    assert (page["kinds"], page["timeline"].verdicts, page["older"], page["drawn"]) == ([], (), None, [])


def test_a_moment_that_says_nothing_else_is_in_utc(store: Store) -> None:
    asked = Choice(environment="prod", model="m", before=datetime(2013, 2, 4))
    assert str(asked.before) == "2013-02-04 00:00:00+00:00"
