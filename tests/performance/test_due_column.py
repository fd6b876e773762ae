"""The ways to say when labels are due: one delay for all, a column, or one that is learnt."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from airflow_ml_monitor import AtLeast, Window, compare_models, evaluate_model
from airflow_ml_monitor.data import Frame, Table
from airflow_ml_monitor.data.frame import InMemory
from airflow_ml_monitor.errors import ConfigurationError, DataError, NoRowsError
from airflow_ml_monitor.performance.delays_learnt import Delay, LearntDelay
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


LEARNT = LearntDelay(quantile=0.9, over=timedelta(days=6))


def judge(delay: Delay, as_of: datetime) -> Any:
    expect = [AtLeast("roc_auc", 0.7)]
    return evaluate_model(*frames(), on="id", problem="binary", expect=expect, delay=delay, window=WINDOW, as_of=as_of)


def test_a_verdict_is_that_of_the_delay_it_says() -> None:
    as_of = START + timedelta(days=9)
    by_column, by_delay = judge("due_at", as_of), judge(timedelta(days=4), as_of)
    assert by_column.results == by_delay.results
    coverage = next(one for one in by_column.results if one.check == "coverage")
    assert (coverage.n_current, coverage.detail["predictions"]) == (152, 272)
    assert (by_column.config["due_column"], by_column.config["delay_seconds"]) == ("due_at", None)


def test_a_learnt_delay_is_that_of_the_labels_that_came_before() -> None:
    as_of = START + timedelta(days=9)
    learnt, known = judge(LEARNT, as_of), judge(timedelta(days=3), as_of)
    assert learnt.results == known.results
    assert learnt.config["delay_seconds"] == 3 * 86_400


@pytest.mark.parametrize("delay", [LEARNT, "due_at"], ids=["learnt", "column"])
def test_models_are_compared_by_the_same_delays(delay: Delay) -> None:
    predictions, labels = frames()
    given = {
        "on": "id",
        "problem": "binary",
        "metric": "log_loss",
        "window": WINDOW,
        "as_of": START + timedelta(days=9),
    }
    found, known = (
        compare_models(predictions, predictions, labels, delay=each, **given)
        for each in (delay, timedelta(days=4 if delay == "due_at" else 3))
    )
    assert found.results == known.results


def test_one_that_is_not_identified_is_an_error_unless_another_is_given() -> None:
    early, fallback = START + timedelta(days=2), timedelta(days=4)
    with pytest.raises(NoRowsError, match="give a lower quantile, or a delay"):
        judge(LEARNT, early)
    assert judge(replace(LEARNT, fallback=fallback), early).results == judge(fallback, early).results


def test_a_task_of_one_window_must_say_from_what_it_learns() -> None:
    with pytest.raises(ConfigurationError, match="needs over=, such as timedelta"):
        judge(LearntDelay(), WINDOW.end)


def test_a_column_that_is_not_there_or_holds_no_times_is_refused() -> None:
    with pytest.raises(DataError, match="column 'due' is not in"):
        judge("due", WINDOW.end)
    with pytest.raises(DataError, match="score"):
        judge("score", WINDOW.end)


def test_no_name_is_no_column() -> None:
    with pytest.raises(ConfigurationError, match="or the column that says when a label is due"):
        judge("", WINDOW.end)


class TestWaiting:
    def wait(self, delay: Delay = "due_at") -> LabelWait:
        return LabelWait(
            predictions=Table("predictions", conn_id="db", time_column="at"),
            labels=Table("labels", conn_id="db"),
            on=("id",),
            window=WINDOW,
            delay=delay,
        )

    @pytest.mark.parametrize("delay", ["due_at", timedelta(hours=36), LEARNT], ids=["column", "time", "learnt"])
    def test_is_kept_as_json(self, delay: Delay) -> None:
        assert LabelWait.from_dict(json.loads(json.dumps(self.wait(delay).to_dict()))) == self.wait(delay)

    def test_goes_by_a_delay_that_is_learnt_at_each_look(self) -> None:
        made, said = frames()
        window, as_of = Window(START, START + timedelta(days=5)), START + timedelta(days=7, hours=12)
        wait = LabelWait(predictions=made, labels=said, on=("id",), window=window, delay=LEARNT, as_of=as_of)
        # A label takes three days: those of the last half day of the window are not due.
        assert (wait.look().counts.predictions, wait.look().counts.mature) == (152, 136)

    def test_looks_as_often_as_asked_once_the_window_is_over(self) -> None:
        assert self.wait().patience(WINDOW.end - timedelta(days=1)) == timedelta(days=1)
        assert self.wait().patience(WINDOW.end + timedelta(days=1)) == timedelta(0)
