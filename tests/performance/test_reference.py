"""The reference's own performance: what it lacks is said, and never taken for certain."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from airflow_ml_monitor.data import Frame
from airflow_ml_monitor.data.frame import InMemory
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance import compare_models, evaluate_model
from airflow_ml_monitor.performance.expectations import AtLeast, NoWorseThanReference
from airflow_ml_monitor.results import CheckResult, Status
from tests.performance.scored import START, asked, judged, made, scored, told

FIRST, SECOND = ((START + timedelta(hours=at), START + timedelta(hours=at + 500)) for at in (0, 500))
EXPECT = [NoWorseThanReference("log_loss", 0.05)]


def relative(predictions: pd.DataFrame, labels: pd.DataFrame, **kwargs: Any) -> CheckResult:
    report = judged(predictions, labels, **({"window": SECOND, "expect": EXPECT, "reference": FIRST} | kwargs))
    (found,) = [one for one in report.results if one.check == "log_loss"]
    return found


@pytest.mark.parametrize(("rows", "reason"), [(0, "has no log_loss: no label is known"), (29, "has 29 labels")])
def test_a_reference_of_too_few_labels_decides_nothing(rows: int, reason: str) -> None:
    predictions, labels = scored()
    found = relative(predictions, labels[(labels.index < rows) | (labels.index >= 500)])
    assert (found.status, reason in found.message) == (Status.INSUFFICIENT, True)


def test_a_reference_of_one_class_is_not_taken_for_exact() -> None:
    predictions, labels = scored()
    labels.loc[:499, "label"] = 0
    found = relative(predictions, labels)
    assert found.status is Status.INSUFFICIENT
    assert "has no interval to compare with: all 500 labels are negative" in found.message


def half_labelled() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a model whose window is a little worse than the labelled half of its reference."""
    predictions, labels = scored(skill=1.0)
    return predictions, labels[(labels.index % 2 == 0) | (labels.index >= 500)]


def test_labels_that_the_reference_lacks_leave_it_open() -> None:
    predictions, labels = half_labelled()
    right = predictions["score"].round().astype(int)
    labels = labels.assign(label=np.where(labels.index < 500, right[labels.index], labels["label"]))
    found = relative(predictions, labels)
    assert found.status is Status.INSUFFICIENT
    assert "250 of 500 labels of the reference are missing" in found.message


@pytest.mark.parametrize(("least", "status"), [(0.4, Status.PASS), (0.6, Status.INSUFFICIENT)])
def test_a_share_of_labels_is_asked_of_the_reference_too(least: float, status: Status) -> None:
    predictions, labels = half_labelled()
    expect = [NoWorseThanReference("log_loss", 0.3)]
    assert relative(predictions, labels, expect=expect, min_completeness=least).status is status


def test_a_report_that_lacked_labels_is_a_reference_only_where_their_share_is_enough() -> None:
    predictions, labels = half_labelled()
    reference = judged(predictions, labels, window=FIRST)
    expect = [NoWorseThanReference("log_loss", 0.3)]
    by_extremes, by_share = (
        relative(predictions, labels, expect=expect, reference=reference, min_completeness=least).status
        for least in (None, 0.4)
    )
    assert (by_extremes, by_share) == (Status.INSUFFICIENT, Status.PASS)


def test_a_report_of_something_else_is_no_reference() -> None:
    predictions, labels = scored()
    other = compare_models(made(predictions), made(predictions), told(labels), **asked(metric="log_loss", window=FIRST))
    with pytest.raises(ConfigurationError, match="reference= is a model_comparison report"):
        relative(predictions, labels, reference=other)


def test_a_report_with_other_intervals_is_no_reference() -> None:
    predictions, labels = scored()
    with pytest.raises(ConfigurationError, match=r"confidence 0\.8, not 0\.95"):
        relative(predictions, labels, reference=judged(predictions, labels, window=FIRST, confidence=0.8))


def test_predictions_without_a_time_are_not_compared_with_themselves() -> None:
    predictions, labels = scored()
    untimed = Frame(InMemory(predictions))
    with pytest.raises(ConfigurationError, match="needs time_column= on the predictions"):
        evaluate_model(untimed, told(labels), **asked(expect=EXPECT, reference=FIRST))


def of_two_kinds(seed: int, spoiled: str | None = None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two carriers, one of which was always hard to predict; and one that is not predicted at all."""
    rows = 2_000
    generator = np.random.default_rng(seed)
    truth = (generator.random(rows) < 0.4).astype(int)
    carrier = np.where(generator.random(rows) < 0.5, "easy", "hard")
    skill = np.where(carrier == "easy", 2.0, 0.2) * np.where(carrier == spoiled, 0.0, 1.0)
    score = 1 / (1 + np.exp(-(skill * (2 * truth - 1) + generator.standard_normal(rows))))
    at = START + pd.to_timedelta(np.arange(rows), unit="h") + timedelta(days=100 * seed)
    keys = np.arange(rows) + rows * seed
    predictions = pd.DataFrame({"id": keys, "at": at, "score": score, "carrier": carrier})
    return predictions, pd.DataFrame({"id": keys, "label": truth, "arrived_at": at + timedelta(days=10)})


@pytest.mark.parametrize(("spoiled", "easy"), [(None, Status.PASS), ("easy", Status.FAIL)])
@pytest.mark.parametrize("by_report", [False, True])
def test_a_segment_is_no_worse_than_the_same_segment_was(spoiled: str | None, easy: Status, by_report: bool) -> None:
    (before, known), (now, since) = of_two_kinds(0), of_two_kinds(1, spoiled)
    predictions, labels = made(pd.concat([before, now])), told(pd.concat([known, since]))
    first = (before["at"].min(), before["at"].max() + timedelta(hours=1))
    second = (now["at"].min(), now["at"].max() + timedelta(hours=1))
    settings = asked(expect=[NoWorseThanReference("roc_auc", 0.1)], segments=["carrier"])
    reference: Any = first
    if by_report:
        settings_before = settings | {"expect": [AtLeast("roc_auc", 0.5)]}
        reference = evaluate_model(predictions, labels, window=first, **settings_before)
    report = evaluate_model(predictions, labels, window=second, reference=reference, **settings)
    statuses = {one.segment: one.status for one in report.results if one.segment and one.check == "roc_auc"}
    assert statuses == {"carrier=easy": easy, "carrier=hard": Status.PASS}


def test_a_segment_that_the_reference_lacks_cannot_be_compared() -> None:
    (before, known), (now, since) = of_two_kinds(0), of_two_kinds(1)
    predictions = made(pd.concat([before.assign(carrier="easy"), now]))
    first = (before["at"].min(), before["at"].max() + timedelta(hours=1))
    second = (now["at"].min(), now["at"].max() + timedelta(hours=1))
    settings = asked(expect=[NoWorseThanReference("roc_auc", 0.2)], segments=["carrier"])
    report = evaluate_model(predictions, told(pd.concat([known, since])), window=second, reference=first, **settings)
    (hard,) = [one for one in report.results if one.segment == "carrier=hard" and one.check == "roc_auc"]
    assert hard.status is Status.INSUFFICIENT
    assert "the reference has no roc_auc" in hard.message
