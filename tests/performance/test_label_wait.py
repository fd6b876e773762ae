"""When labels are ready, what is said of them, and when another look is worth it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from airflow_ml_monitor import Window
from airflow_ml_monitor.data import Frame, Table
from airflow_ml_monitor.data.frame import InMemory
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance import LabelCounts
from airflow_ml_monitor.performance.label_wait import LabelLook, LabelWait

DAY = Window("2024-03-04T00:00:00Z", "2024-03-05T00:00:00Z")


def wait(**kwargs: Any) -> LabelWait:
    table = Table("t", conn_id="c", time_column="at")
    return LabelWait(**{"predictions": table, "labels": table, "on": ("id",), "window": DAY} | kwargs)


def look(as_of: datetime = DAY.end, min_coverage: float = 0.95, **counts: int) -> LabelLook:
    return LabelLook(wait=wait(min_coverage=min_coverage), counts=LabelCounts(**counts), as_of=as_of)


@pytest.mark.parametrize(
    ("counts", "ready"),
    [
        ({"predictions": 0}, False),
        ({"predictions": 100, "mature": 100, "labelled": 94, "mature_labelled": 94}, False),
        ({"predictions": 100, "mature": 100, "labelled": 95, "mature_labelled": 95}, True),
        ({"predictions": 100, "mature": 99, "labelled": 99, "mature_labelled": 99}, False),
        ({"predictions": 100, "mature": 0, "labelled": 100}, True),
        ({"predictions": 100, "mature": 99, "mature_void": 0, "void": 1, "labelled": 96, "mature_labelled": 96}, True),
        ({"predictions": 100, "void": 100}, True),
    ],
    ids=["none", "too few", "just enough", "one not due", "all there early", "a void one not due", "all void"],
)
def test_ready(counts: dict[str, int], ready: bool) -> None:
    assert look(**counts).ready is ready


def test_a_window_that_is_not_over_is_not_ready() -> None:
    counts = {"predictions": 10, "mature": 10, "labelled": 10, "mature_labelled": 10}
    assert not look(DAY.end - timedelta(seconds=1), **counts).ready


def test_what_a_look_says() -> None:
    counts = {"predictions": 6600, "void": 33, "mature": 6573, "mature_void": 33, "labelled": 5200}
    assert str(look(**counts, mature_labelled=5112)) == (
        "labels of 2024-03-04T00:00Z to 2024-03-05T00:00Z: 5,112 of 6,540 mature predictions labelled "
        "(78.2 %; at least 95 % wanted), 33 void, 27 not yet mature"
    )


def test_a_share_just_below_the_wanted_one_does_not_look_like_it() -> None:
    counts = {"predictions": 10_000, "mature": 10_000, "labelled": 9_499, "mature_labelled": 9_499}
    assert "(94.99 %; at least 95 % wanted)" in str(look(**counts))


def test_no_predictions_are_said_so() -> None:
    assert "there are no predictions in this window as of 2024-03-05T00:00:00+00:00" in str(look(predictions=0))


def test_giving_up_says_until_when_predictions_are_not_due() -> None:
    late = LabelLook(wait=wait(delay=timedelta(weeks=4)), counts=LabelCounts(predictions=10, mature=4), as_of=DAY.end)
    said = late.gave_up(timedelta(days=7))
    assert "6 not yet mature, the last of them on 2024-04-02T00:00+00:00; 10 labels are missing after 7 days" in said


@pytest.mark.parametrize(
    ("now", "patience"),
    [
        (DAY.start, timedelta(days=1)),
        (DAY.end, timedelta(days=28) / 100),
        (DAY.end + timedelta(days=28, hours=-1), timedelta(hours=1)),
        (DAY.end + timedelta(days=28), timedelta(0)),
    ],
    ids=["before the end of the window", "labels not due", "almost due", "due"],
)
def test_patience(now: datetime, patience: timedelta) -> None:
    assert wait(delay=timedelta(days=28)).patience(now) == patience


def test_with_a_given_moment_time_changes_nothing() -> None:
    assert wait(as_of=DAY.end, delay=timedelta(days=28)).patience(DAY.start) == timedelta(0)


def test_a_moment_before_the_end_of_the_window_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="is before the end of the window"):
        wait(as_of=DAY.end - timedelta(seconds=1))


def test_a_look_counts_what_is_known() -> None:
    made = Frame(InMemory(pd.DataFrame({"id": [1, 2], "at": [DAY.start] * 2})), time_column="at")
    said = Frame(InMemory(pd.DataFrame({"id": [1], "label": [0]})))
    found = wait(predictions=made, labels=said).look()
    assert (found.counts.labelled, found.counts.predictions) == (1, 2)
    assert datetime.now(UTC) - found.as_of < timedelta(minutes=1)
