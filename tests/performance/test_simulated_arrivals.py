"""Simulated arrivals: at every moment the counts, labels and verdicts are those of a recomputation in plain pandas."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_ml_monitor.data import Frame
from airflow_ml_monitor.data.frame import InMemory
from airflow_ml_monitor.performance import AtLeast, build_cohort, evaluate_model
from tests.performance.streams import (
    DELAY,
    MANNERS,
    WINDOW,
    Manner,
    Stream,
    manners,
    recomputed,
    strangers,
    stream,
    verdict,
)

TICK = timedelta(microseconds=1)
EXPECT = [AtLeast(name, limit) for name in ("accuracy", "recall", "precision") for limit in (0.55, 0.65, 0.9)]


def question(found: Stream, as_of: datetime) -> dict[str, Any]:
    return {
        "predictions": Frame(InMemory(found.predictions), time_column="at", timezone="America/New_York"),
        "labels": Frame(InMemory(found.labels), arrived_at_column="arrived_at", timezone="Europe/Berlin"),
        "on": "key",
        "void": "void",
        "delay": DELAY,
        "window": WINDOW,
        "as_of": as_of,
    }


def assert_counted(found: Stream, as_of: datetime) -> None:
    cohort, rows = build_cohort(**question(found, as_of)), recomputed(found, as_of)
    due, asked = rows["mature"] & ~rows["void"], ~rows["void"]
    labelled = rows["label"].notna()
    counts = cohort.counts
    every_time = found.made["at"].between(WINDOW[0], min(as_of, WINDOW[1] - TICK)).sum()
    assert (counts.predictions, counts.void, counts.mature) == (len(rows), rows["void"].sum(), rows["mature"].sum())
    assert counts.coverage == ((labelled & due).sum() / due.sum() if due.any() else None)
    assert counts.completeness == ((labelled & asked).sum() / asked.sum() if asked.any() else None)
    assert counts.unmatched_labels == strangers(found, as_of)
    assert counts.duplicate_predictions == every_time - len(rows)
    theirs = cohort.frame.set_index("key")["label"].where(pd.Series(cohort.labelled, cohort.frame["key"]))
    assert theirs.astype("Float64").sort_index().equals(rows["label"].sort_index())


def assert_judged(found: Stream, as_of: datetime) -> list[str]:
    report = evaluate_model(**question(found, as_of), problem="binary", expect=EXPECT)
    judged = [one.status.value for one in report.results if "expectation" in one.detail]
    rows = recomputed(found, as_of)
    assert judged == [verdict(rows, one.metric, one.limit) for one in EXPECT], as_of
    return judged


@pytest.mark.parametrize("manner", MANNERS)
def test_at_every_moment_the_counts_and_labels_are_those_recomputed(manner: str) -> None:
    found = stream(MANNERS[manner], seed=5, rows=25 if manner == "all at once" else 8)
    for as_of in found.moments:
        assert_counted(found, as_of)


@pytest.mark.parametrize("manner", MANNERS)
def test_from_the_first_label_to_the_last_the_verdicts_are_those_recomputed(manner: str) -> None:
    found = stream(MANNERS[manner], seed=6, rows=150)
    judged = [assert_judged(found, as_of) for as_of in found.moments[:: len(found.moments) // 6]]
    assert len({tuple(each) for each in judged}) > 1, "the verdicts change as labels come"


@settings(max_examples=15)
@given(manner=manners, seed=st.integers(0, 2**16), data=st.data())
def test_whatever_the_stream_and_the_moment(manner: Manner, seed: int, data: st.DataObject) -> None:
    found = stream(manner, seed=seed, rows=data.draw(st.sampled_from([5, 40, 90])))
    for as_of in data.draw(st.lists(st.sampled_from(found.moments), min_size=4, max_size=4)):
        assert_counted(found, as_of)
    assert_judged(found, data.draw(st.sampled_from(found.moments)))


def test_the_streams_hold_what_they_are_about() -> None:
    found = stream(MANNERS["all at once"], seed=5)
    walls, per_key = stream(MANNERS["at random"], seed=5, rows=500).predictions["at"], found.labels.groupby("key")
    assert walls.between("2024-11-03 01:00", "2024-11-03 02:00").any(), "in the hour that is there twice"
    assert (per_key["label"].nunique() > 1).any(), "corrected"
    assert (per_key.size() > per_key["label"].nunique()).any(), "said again"
    assert found.labels["void"].any()
    assert (found.labels["key"] >= 1000).any(), "of unknown keys"
    assert set(range(80)) - set(found.labels["key"]), "never"
    assert found.predictions["key"].duplicated().any()
