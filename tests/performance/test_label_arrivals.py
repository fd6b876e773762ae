"""The report on how labels arrive: what is missing past its deadline, and what has stayed away of late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_ml_monitor import Report, Window
from airflow_ml_monitor.data import Frame
from airflow_ml_monitor.data.frame import InMemory
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance.delays_learnt import LearntDelay
from airflow_ml_monitor.performance.label_arrivals import label_arrivals
from airflow_ml_monitor.results import Status

START = datetime(2024, 1, 1, tzinfo=UTC)
NOW = START + timedelta(days=30)
DELAY, DEADLINE = timedelta(days=4), timedelta(days=3)


def judge(waits: list[float | None], void: list[bool] | None = None, **kwargs: Any) -> Report:
    """The report on a prediction an hour; each label comes after so many days, or never."""
    at = [START + timedelta(hours=hour) for hour in range(len(waits))]
    made = pd.DataFrame({"id": range(len(waits)), "at": pd.to_datetime(at), "void": void or [False] * len(waits)})
    made["due_at"] = made["at"] + DELAY
    said = [(key, 1, at[key] + timedelta(days=days)) for key, days in enumerate(waits) if days is not None]
    labels = pd.DataFrame(said, columns=["id", "label", "arrived_at"])
    labels["arrived_at"] = pd.to_datetime(labels["arrived_at"], utc=True)
    asked = {"overdue_after": DEADLINE, "delay": DELAY, "as_of": NOW, "on": "id", "void": "void"}
    return label_arrivals(
        Frame(InMemory(made), time_column="at"),
        Frame(InMemory(labels.astype({"id": "int64", "label": "int64"})), arrived_at_column="arrived_at"),
        window=Window(START, NOW),
        **asked | kwargs,
    )


waited = st.none() | st.floats(0, 40, allow_nan=False)


@settings(max_examples=40)
@given(rows=st.lists(st.tuples(waited, st.booleans()), min_size=1, max_size=40), days=st.integers(0, 30))
def test_what_is_overdue_is_what_a_count_by_hand_says(rows: list[tuple[float | None, bool]], days: int) -> None:
    as_of = START + timedelta(days=days, minutes=30)
    report = judge([wait for wait, _ in rows], [void for _, void in rows], as_of=as_of)
    asked = missing = 0
    for hour, (wait, void) in enumerate(rows):
        at = START + timedelta(hours=hour)
        if not void and at <= as_of and at + DELAY + DEADLINE <= as_of:
            asked += 1
            missing += wait is None or at + timedelta(days=wait) > as_of
    (check,) = report.results
    assert (check.n_current, check.detail["overdue"]) == (asked, missing)
    expected = Status.INSUFFICIENT if not asked else Status.FAIL if missing / asked > 0.05 else Status.PASS
    assert (check.status, report.status) == (expected, expected)


def test_labels_past_their_deadline_fail_with_what_to_do() -> None:
    report = judge([1.0] * 90 + [None] * 10)
    assert str(report.reasons[0]).startswith("overdue_labels: fail, overdue_share 0.1, upper limit 0.05")
    assert "10 of 100 labels are missing 3 days after they were due; look at what brings them" in report.summary()


def test_as_many_as_may_be_missing_pass() -> None:
    assert judge([1.0] * 95 + [None] * 5).status is Status.PASS


@pytest.mark.parametrize(
    "delay", ["due_at", LearntDelay(quantile=0.5, over=timedelta(days=30))], ids=["column", "learnt"]
)
def test_a_deadline_counts_from_when_each_label_is_due(delay: Any) -> None:
    found, known = (judge([4.0] * 90 + [None] * 10, delay=each) for each in (delay, DELAY))
    assert found.results == known.results


def test_an_outage_fails_the_report() -> None:
    waits: list[float | None] = [2.0 if hour / 24 + 2 < 24 else None for hour in range(30 * 24)]
    report = judge(waits, overdue_after=None, outage_after=timedelta(days=5))
    assert [(check.check, check.status) for check in report.results] == [("label_outage", Status.FAIL)]
    assert report.status is Status.FAIL
    healthy = judge([2.0] * 30 * 24, overdue_after=None, outage_after=timedelta(days=5))
    assert healthy.status is Status.PASS


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"overdue_after": None}, "nothing is asked of the labels"),
        ({"overdue_after": -DEADLINE}, "must be a timedelta of zero or more"),
        ({"outage_after": timedelta(0)}, "must be longer than nothing"),
        ({"max_overdue": 1}, "max_overdue=1 must be a share"),
    ],
)
def test_what_cannot_be_asked_is_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        judge([1.0], **wrong)
