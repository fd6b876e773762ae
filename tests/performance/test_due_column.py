"""A column that says when each label is due, in place of one delay for all."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from airflow_ml_monitor import AtLeast, Window, evaluate_model
from airflow_ml_monitor.data import Frame, Table
from airflow_ml_monitor.data.frame import InMemory
from airflow_ml_monitor.errors import ConfigurationError, DataError
from airflow_ml_monitor.performance.label_wait import LabelWait

START = datetime(2024, 1, 1, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(days=10))


def frames() -> tuple[Frame, Frame]:
    rng, rows = np.random.default_rng(5), 300
    at = pd.to_datetime(START) + pd.to_timedelta(np.linspace(0, 9.9, rows), unit="D")
    score = rng.random(rows)
    predictions = pd.DataFrame({"id": range(rows), "at": at, "due_at": at + timedelta(days=4), "score": score})
    labels = pd.DataFrame({"id": range(rows), "label": rng.random(rows) < score, "arrived_at": at + timedelta(days=3)})
    return Frame(InMemory(predictions), time_column="at"), Frame(InMemory(labels), arrived_at_column="arrived_at")


def judge(delay: timedelta | str, as_of: datetime) -> Any:
    expect = [AtLeast("roc_auc", 0.7)]
    return evaluate_model(*frames(), on="id", problem="binary", expect=expect, delay=delay, window=WINDOW, as_of=as_of)


def test_a_verdict_is_that_of_the_delay_it_says() -> None:
    as_of = START + timedelta(days=9)
    by_column, by_delay = judge("due_at", as_of), judge(timedelta(days=4), as_of)
    assert by_column.results == by_delay.results
    coverage = next(one for one in by_column.results if one.check == "coverage")
    assert (coverage.n_current, coverage.detail["predictions"]) == (152, 272)
    assert (by_column.config["due_column"], by_column.config["delay_seconds"]) == ("due_at", None)


def test_a_column_that_is_not_there_or_holds_no_times_is_refused() -> None:
    with pytest.raises(DataError, match="column 'due' is not in"):
        judge("due", WINDOW.end)
    with pytest.raises(DataError, match="score"):
        judge("score", WINDOW.end)


def test_no_name_is_no_column() -> None:
    with pytest.raises(ConfigurationError, match="or the column that says when a label is due"):
        judge("", WINDOW.end)


class TestWaiting:
    def wait(self) -> LabelWait:
        return LabelWait(
            predictions=Table("predictions", conn_id="db", time_column="at"),
            labels=Table("labels", conn_id="db"),
            on=("id",),
            window=WINDOW,
            delay="due_at",
        )

    def test_is_kept_as_json(self) -> None:
        assert LabelWait.from_dict(json.loads(json.dumps(self.wait().to_dict()))) == self.wait()

    def test_looks_as_often_as_asked_once_the_window_is_over(self) -> None:
        assert self.wait().patience(WINDOW.end - timedelta(days=1)) == timedelta(days=1)
        assert self.wait().patience(WINDOW.end + timedelta(days=1)) == timedelta(0)
