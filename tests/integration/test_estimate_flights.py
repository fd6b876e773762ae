"""Estimates on the flights of the demo: a mix that moves is followed, another month's weather is not foreseen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from airflow_ml_monitor import Status, estimate_performance, explain_change
from tests.checks import check

DAGS = Path(__file__).resolve().parents[2] / "dags"

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def scored() -> pd.DataFrame:
    """Flights of months the model has not seen, with its scores: it learnt from January and February."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(DAGS))
        from flight_delay import model

        flights = pd.read_parquet(DAGS / "data" / "flights_2013.parquet").dropna(subset=["late"])
        flights = flights.astype({"late": bool}).assign(month=flights["scheduled_at"].dt.month)
        learnt = model.fitted(flights[flights["month"] <= 2])
        return model.score(learnt, flights[flights["month"].isin([3, 4, 7, 9])])


def estimated_loss(reference: pd.DataFrame, current: pd.DataFrame) -> float:
    value = check(estimate_performance(reference, current, problem="binary", label="late"), "log_loss").value
    assert value is not None
    return value


def loss(flights: pd.DataFrame) -> float:
    return float(metrics.log_loss(flights["late"], flights["score"]))


def spring(scored: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """March and April in two random halves."""
    flights = scored[scored["month"] <= 4]
    half = np.random.default_rng(0).random(len(flights)) < 0.5
    return flights[half], flights[~half]


def test_the_other_half_of_the_same_months_is_as_estimated(scored: pd.DataFrame) -> None:
    reference, current = spring(scored)
    for name, realised in (
        ("log_loss", loss(current)),
        ("roc_auc", metrics.roc_auc_score(current["late"], current["score"])),
        ("positive_share", current["late"].mean()),
    ):
        interval = check(estimate_performance(reference, current, problem="binary", label="late"), name).interval
        assert interval is not None
        assert interval.lower <= realised <= interval.upper, name


def test_of_single_carriers_the_estimate_is_nearer_than_the_reference_itself(scored: pd.DataFrame) -> None:
    reference, current = spring(scored)
    own, off, off_without = loss(reference), [], []
    for carrier in ("UA", "B6", "EV", "DL", "AA", "MQ"):
        flights = current[current["carrier"] == carrier]
        off.append(abs(estimated_loss(reference, flights) - loss(flights)))
        off_without.append(abs(own - loss(flights)))
    assert np.mean(off) < 0.75 * np.mean(off_without)


@pytest.mark.parametrize("month", [7, 9])
def test_another_season_is_not_foreseen_and_put_down_to_the_relation(scored: pd.DataFrame, month: int) -> None:
    reference, current = scored[scored["month"] <= 4], scored[scored["month"] == month]
    realised = loss(current) - loss(reference)
    assert abs(realised) > 0.07
    assert abs(estimated_loss(reference, current) - loss(reference)) < 0.02
    asked = ["carrier", "origin", "scheduled_departure"]
    report = explain_change(
        reference, current, problem="binary", label="late", metric="log_loss", margin=0.02, features=asked
    )
    mix, relation = (check(report, name).value for name in ("mix", "relation"))
    assert mix is not None
    assert relation is not None
    assert abs(mix) < 0.02 < abs(relation)
    assert report.status is (Status.FAIL if realised > 0 else Status.PASS)
