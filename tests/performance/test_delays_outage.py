"""Labels that stay away are noticed, and those that are only slow, or not due, are not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from airflow_ml_monitor import Window
from airflow_ml_monitor.data import Frame
from airflow_ml_monitor.data.frame import InMemory
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance.delays_outage import LabelWaits, outage, recent_label_outage
from airflow_ml_monitor.results import CheckResult, Status

DAY = 86_400.0
START = datetime(2024, 1, 1, tzinfo=UTC)
NOW = START + timedelta(days=60)


def judge(stopped: timedelta = timedelta(0), seed: int = 1, never: float = 0.1, **kwargs: Any) -> CheckResult:
    """Predictions of sixty days with labels after about ten, none of which came in the last while."""
    rng, rows = np.random.default_rng(seed), 2_000
    at = pd.to_datetime(START) + pd.to_timedelta(np.sort(rng.uniform(0, 60, rows)), unit="D")
    arrived = at + pd.to_timedelta(rng.exponential(10, rows), unit="D")
    here = (rng.random(rows) > never) & (arrived <= pd.Timestamp(NOW - stopped))
    labels = pd.DataFrame({"id": np.arange(rows)[here], "label": 1, "arrived_at": arrived[here]})
    return recent_label_outage(
        Frame(InMemory(pd.DataFrame({"id": range(rows), "at": at})), time_column="at"),
        Frame(InMemory(labels), arrived_at_column="arrived_at"),
        **{"windows": Window(START, NOW), "since": timedelta(days=2), "on": "id", "as_of": NOW} | kwargs,
    )


def test_an_outage_is_noticed_with_what_was_to_be_expected() -> None:
    found = judge(stopped=timedelta(days=2))
    assert (found.check, found.status, found.value) == ("label_outage", Status.FAIL, 0)
    # Of 33 predictions a day, nine in ten get a label; in two days about sixty come.
    assert found.detail["expected"] == pytest.approx(60, abs=12)
    assert found.message.startswith("in the last 2 days 0 labels came of ")


def test_a_part_of_the_labels_that_stays_away_is_noticed() -> None:
    assert judge(stopped=timedelta(days=3), since=timedelta(days=4)).status is Status.FAIL


def test_labels_that_come_as_ever_are_no_outage() -> None:
    assert judge().status is Status.PASS


def test_labels_that_never_come_are_not_expected() -> None:
    assert judge(never=0.6).status is Status.PASS


def test_what_is_not_known_is_not_claimed() -> None:
    found = judge(as_of=START + timedelta(days=3))
    assert found.status is Status.INSUFFICIENT
    assert "too few to tell how long they take" in found.message


def test_no_predictions_are_not_an_outage() -> None:
    assert judge(windows=[]).status is Status.INSUFFICIENT


def test_a_while_of_nothing_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="longer than nothing"):
        judge(since=timedelta(0))


@pytest.mark.parametrize(("confidence", "rate"), [(0.95, 0.065), (0.99, 0.015)])
def test_is_rarely_claimed_where_there_is_none(confidence: float, rate: float) -> None:
    rng, claimed, runs = np.random.default_rng(3), 0, 600
    for _ in range(runs):
        age, took = rng.uniform(0, 60 * DAY, 400), rng.exponential(10 * DAY, 400)
        took[(rng.random(400) < 0.1) | (took > age)] = np.inf
        claimed += outage(LabelWaits(age, took, age), 2 * DAY, confidence).status is Status.FAIL
    assert claimed / runs <= rate


@pytest.mark.parametrize(("per_day", "days"), [(30, 1), (5, 3)])
def test_labels_that_stopped_are_noticed_soon(per_day: int, days: int) -> None:
    rng, noticed, runs = np.random.default_rng(4), 0, 100
    for _ in range(runs):
        rows = rng.poisson(60 * per_day)
        age, took = rng.uniform(0, 60 * DAY, rows), rng.exponential(10 * DAY, rows)
        took[(rng.random(rows) < 0.1) | (took > age - days * DAY)] = np.inf
        noticed += outage(LabelWaits(age, took, age), days * DAY, 0.99).status is Status.FAIL
    assert noticed == runs
