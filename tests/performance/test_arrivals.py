"""Labels counted by window in one pass, against each window counted alone and each row by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_ml_monitor import Window
from airflow_ml_monitor.data import Connections, Frame, Table
from airflow_ml_monitor.data.frame import InMemory
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance import label_coverage
from airflow_ml_monitor.performance.arrivals import WindowLabels, labels_by_window
from tests.performance.histories import History, Truth, day, histories, truth, what_is_known

WINDOWS = [Window(day(0), day(2)), Window(day(2), day(3)), Window(day(5), day(10))]
COUNTED = ("predictions", "void", "mature", "mature_void", "labelled", "mature_labelled")


def by_hand(history: History, window: Window, then: int) -> WindowLabels:
    """The counts of one window, and what has come since the day ``then``."""
    bounds = ((window.start - day(0)).days, (window.end - day(0)).days)
    alone = replace(history, window=bounds)
    found: Truth = truth(alone)
    gained = changed = 0
    for number, label, labelled, _, _ in found.rows:
        made = history.made[number]
        assert made.key is not None
        known = what_is_known(replace(history, as_of=min(then, history.as_of)), made.key)
        had = known.label is not None and not known.void and not made.void
        gained += labelled and not had
        changed += had and label != known.label
    counts = {name: getattr(found.counts, name) for name in COUNTED}
    due = window.end + timedelta(days=history.delay)
    return WindowLabels(window=window, due=due, gained=gained, changed=changed, **counts)


@settings(max_examples=150)
@given(histories, st.integers(0, 13))
def test_each_window_is_as_if_it_were_alone(history: History, then: int) -> None:
    question = {key: value for key, value in history.question.items() if key != "window"}
    counted = labels_by_window(
        Frame(InMemory(history.predictions), time_column="at"),
        Frame(InMemory(history.labels), arrived_at_column="arrived_at"),
        windows=WINDOWS,
        known_at=dict.fromkeys(WINDOWS, day(then)),
        **question,
    )
    assert counted == [by_hand(history, window, then) for window in WINDOWS]


def test_two_tables_of_one_database_give_the_same(engine: sa.Engine) -> None:
    at = pd.date_range(day(0), day(10), periods=201, inclusive="left")
    predictions = pd.DataFrame({"key": range(200), "at": at, "void": [key % 9 == 0 for key in range(200)]})
    labels = pd.DataFrame({"key": [*range(0, 250, 2), 4, 4], "label": "a", "arrived_at": at[100]})
    labels.loc[labels.index[-1], ["label", "arrived_at"]] = ["b", at[150]]
    predictions.to_sql("predictions", engine, index=False)
    labels.to_sql("labels", engine, index=False)
    question: dict[str, Any] = {"on": "key", "void": "void", "windows": WINDOWS, "as_of": day(9)}
    question["known_at"] = {WINDOWS[0]: at[120], WINDOWS[1]: at[0]}
    tables = labels_by_window(
        Table("predictions", conn_id="db", time_column="at"),
        Table("labels", conn_id="db", arrived_at_column="arrived_at"),
        connections=Connections({"db": engine}),
        **question,
    )
    frames = labels_by_window(
        Frame(InMemory(predictions), time_column="at"),
        Frame(InMemory(labels), arrived_at_column="arrived_at"),
        **question,
    )
    assert tables == frames
    assert [(each.gained, each.changed) for each in tables] == [(0, 1), (9, 0), (0, 0)]


def test_local_days_across_a_change_of_clocks_share_no_prediction() -> None:
    # Naive times of New York, one every half an hour of the wall clock: the day of 2 November 2014 has 25 hours.
    at = pd.date_range("2014-11-01", "2014-11-04", freq="30min", inclusive="left")
    predictions = Frame(
        InMemory(pd.DataFrame({"key": range(len(at)), "at": at})), time_column="at", timezone="America/New_York"
    )
    labels = Frame(InMemory(pd.DataFrame({"key": range(len(at)), "label": 1})))
    bounds = ["2014-11-01T04:00Z", "2014-11-02T04:00Z", "2014-11-03T05:00Z", "2014-11-04T05:00Z"]
    windows = [Window.of((start, end)) for start, end in pairwise(bounds)]
    counted = labels_by_window(predictions, labels, windows=windows, on="key")
    assert [(each.predictions, each.labelled) for each in counted] == [(48, 48)] * 3


def test_labels_that_do_not_say_when_they_arrived_tell_nothing_of_since() -> None:
    predictions = Frame(InMemory(pd.DataFrame({"key": [1, 2], "at": [day(0), day(1)]})), time_column="at")
    labels = Frame(InMemory(pd.DataFrame({"key": [1], "label": ["a"]})))
    (counted,) = labels_by_window(predictions, labels, windows=WINDOWS[:1], on="key", known_at={WINDOWS[0]: day(0)})
    assert (counted.labelled, counted.gained, counted.changed) == (1, 0, 0)


def test_windows_that_overlap_are_refused() -> None:
    empty = Frame(InMemory(pd.DataFrame({"key": [1], "at": [day(0)], "label": [1]})), time_column="at")
    with pytest.raises(ConfigurationError, match="overlap"):
        labels_by_window(empty, empty, windows=[WINDOWS[0], Window(day(1), day(3))], on="key")


def test_no_windows_need_no_look() -> None:
    assert labels_by_window(None, None, windows=[], on="key", delay=timedelta(1)) == []


@settings(max_examples=60)
@given(histories)
def test_a_due_column_is_the_delay_said_row_by_row(history: History) -> None:
    made = history.predictions.assign(due_at=lambda rows: rows["at"] + timedelta(days=history.delay))
    labels = Frame(InMemory(history.labels), arrived_at_column="arrived_at")
    question = history.question
    predictions = Frame(InMemory(made), time_column="at")
    by_column = label_coverage(predictions, labels, **question | {"delay": "due_at"})
    assert by_column == label_coverage(predictions, labels, **question)
    question |= {"windows": [question.pop("window")], "delay": "due_at"}
    (counted,) = labels_by_window(predictions, labels, **question)
    assert (counted.mature, counted.mature_labelled) == (by_column.mature, by_column.mature_labelled)


def test_a_window_is_due_when_the_last_of_its_labels_is() -> None:
    rows = {"key": [1, 2, 3], "at": [day(0), day(1), day(2)], "due_at": [day(1), day(7), pd.NaT]}
    predictions = Frame(InMemory(pd.DataFrame(rows)), time_column="at")
    labels = Frame(InMemory(pd.DataFrame({"key": [1], "label": ["a"]})))
    counted = labels_by_window(predictions, labels, windows=WINDOWS, on="key", delay="due_at")
    assert [each.due for each in counted] == [day(7), WINDOWS[1].end, WINDOWS[2].end]
    assert [each.mature for each in counted] == [2, 1, 0], "a label of which nobody knows when it is due, is"
