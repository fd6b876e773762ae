"""``label_coverage`` counts what the cohort has, and forms its shares as they are defined."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from airflow_ml_monitor.data import Frame
from airflow_ml_monitor.data.frame import InMemory
from airflow_ml_monitor.performance import LabelCounts, label_coverage
from tests.performance.histories import History, histories, truth


@settings(max_examples=100)
@given(histories)
def test_it_is_the_recomputed_one(history: History) -> None:
    predictions = Frame(InMemory(history.predictions), time_column="at")
    labels = Frame(InMemory(history.labels), arrived_at_column="arrived_at")
    expected = truth(history)
    counts = label_coverage(predictions, labels, **history.question)
    assert counts == expected.counts
    due = [labelled for _, _, labelled, void, mature in expected.rows if mature and not void]
    asked = [labelled for _, _, labelled, void, _ in expected.rows if not void]
    assert counts.coverage == (pytest.approx(sum(due) / len(due)) if due else None)
    assert counts.completeness == (pytest.approx(sum(asked) / len(asked)) if asked else None)
    assert counts.missing == len(asked) - sum(asked)


def test_shares_of_nothing_are_none() -> None:
    nothing, all_void = LabelCounts(predictions=0), LabelCounts(predictions=2, void=2, mature=2, mature_void=2)
    assert [nothing.coverage, nothing.completeness, all_void.coverage, all_void.completeness] == [None] * 4
