"""Verdicts on windows of which labels are missing are never contradicted by the complete labels."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from airflow_ml_monitor.performance import AtLeast, AtMost, evaluate_model
from airflow_ml_monitor.performance.expectations import Expectation
from airflow_ml_monitor.results import Status
from tests.performance.scored import START, asked, made, scored, told

Random = np.random.Generator
ARRIVALS: dict[str, Callable[[pd.DataFrame, Random], np.ndarray]] = {
    "at random": lambda rows, random: random.exponential(20, len(rows)),
    "positives first": lambda rows, random: np.where(rows["label"] == 1, 2, 40) * random.random(len(rows)),
    "mistakes last": lambda rows, random: (
        np.where((rows["score"] > 0.5) == rows["label"], 5, 60) * random.random(len(rows))
    ),
    "mistakes first": lambda rows, random: (
        np.where((rows["score"] > 0.5) == rows["label"], 60, 5) * random.random(len(rows))
    ),
}
LOOKS = (1, 3, 8, 15, 25, 40)
EXPECT: list[Expectation] = [
    *(AtLeast(name, limit) for name in ("accuracy", "precision", "recall", "f1", "roc_auc") for limit in (0.7, 0.85)),
    *(AtMost(name, limit) for name, limit in (("log_loss", 0.25), ("log_loss", 0.5), ("brier", 0.08), ("brier", 0.15))),
]


def verdicts(predictions: pd.DataFrame, labels: pd.DataFrame, day: int) -> list[Status]:
    as_of = START + timedelta(days=60 + day)
    report = evaluate_model(made(predictions), told(labels), **asked(expect=EXPECT, as_of=as_of))
    return [one.status for one in report.results if "expectation" in one.detail]


@pytest.mark.parametrize("arrival", ARRIVALS)
def test_whatever_comes_late(arrival: str) -> None:
    predictions, labels = scored(800, seed=3)
    days = ARRIVALS[arrival](predictions.merge(labels, on="id"), np.random.default_rng(4))
    labels["arrived_at"] = START + timedelta(days=60) + pd.to_timedelta(days, unit="D")
    complete = verdicts(predictions, labels, 400)
    looks = [verdicts(predictions, labels, day) for day in LOOKS]
    opposite = {Status.PASS: Status.FAIL, Status.FAIL: Status.PASS}
    wrong = [
        (day, str(expectation), early, final)
        for day, look in zip(LOOKS, looks, strict=True)
        for expectation, early, final in zip(EXPECT, look, complete, strict=True)
        if opposite.get(early) is final
    ]
    assert wrong == []
    assert {Status.PASS, Status.FAIL} <= set(complete), "the limits are on both sides of what the model does"
    assert any(look != complete and {Status.PASS, Status.FAIL} & set(look) for look in looks), "some were decided early"
    assert Status.INSUFFICIENT in looks[0]
