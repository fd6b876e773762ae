"""A look at many windows: the delay that counts, and the windows that are due by it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from airflow_ml_monitor import Window
from airflow_ml_monitor.data import Connections, Frame
from airflow_ml_monitor.data.frame import InMemory
from airflow_ml_monitor.errors import NoRowsError
from airflow_ml_monitor.performance.arrivals_due import Rejudging
from airflow_ml_monitor.performance.arrivals_look import ArrivalsLook
from airflow_ml_monitor.performance.delays_learnt import LearntDelay

START = datetime(2024, 1, 1, tzinfo=UTC)
DAYS = tuple(Window(START + timedelta(days=day), START + timedelta(days=day + 1)) for day in range(5))


def look(days: float, rows: int = 100) -> ArrivalsLook:
    """Twenty predictions a day; each has its label three days later."""
    at = pd.to_datetime(START) + pd.to_timedelta([row / 20 for row in range(rows)], unit="D")
    predictions = pd.DataFrame({"id": range(rows), "at": at})
    labels = pd.DataFrame({"id": range(rows), "label": 1, "arrived_at": at + timedelta(days=3)})
    as_of = START + timedelta(days=days)
    return ArrivalsLook(
        predictions=Frame(InMemory(predictions), time_column="at"),
        labels=Frame(InMemory(labels), arrived_at_column="arrived_at"),
        windows=tuple(window for window in DAYS if window.end <= as_of),
        as_of=as_of,
        join={"on": "id"},
        connections=Connections(),
    )


@pytest.mark.parametrize(
    ("delay", "due"), [(LearntDelay(), 2), (timedelta(days=1), 4), (timedelta(days=9), 0)], ids=str
)
def test_windows_are_due_by_the_delay_that_counts(delay: Any, due: int) -> None:
    found = look(5.5).due(Rejudging(), {}, delay)
    assert [each.window for each in found] == list(DAYS[:due])


def test_a_delay_that_is_not_identified_is_an_error_or_the_fallback() -> None:
    with pytest.raises(NoRowsError, match="not identified"):
        look(2).delay(LearntDelay())
    assert look(2).delay(LearntDelay(fallback=timedelta(days=8))) == timedelta(days=8)


def test_no_prediction_at_all_is_as_nothing_identified() -> None:
    assert look(2, rows=0).delay(LearntDelay(fallback=timedelta(days=8))) == timedelta(days=8)


def test_before_the_first_window_is_over_nothing_is_due() -> None:
    assert look(0.5).due(Rejudging(), {}, LearntDelay()) == []
