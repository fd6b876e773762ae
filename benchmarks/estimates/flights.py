"""The flights of the demo: a model of January and February, and what was estimated of the months after."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor

from estimates.compared import Pair, compared

DAGS = Path(__file__).resolve().parents[2] / "dags"
LEARNT, SPRING, LATER = (1, 2), (3, 4), tuple(range(5, 13))
HOURLY = ["hour", "weekday", "flights", "far"]


@cache
def scored() -> pd.DataFrame:
    """Return the flights of March to December with the demo model's scores; ``label`` is whether they were late."""
    sys.path.insert(0, str(DAGS))
    from flight_delay import model

    flights = _flights()
    learnt = model.fitted(flights[flights["month"].isin(LEARNT)])
    found = model.score(learnt, flights[~flights["month"].isin(LEARNT)])
    return found.rename(columns={"late": "label"})


@cache
def hours() -> pd.DataFrame:
    """Return, for each hour and airport of March to December, how many flights were late and were expected to be.

    The minutes of a delay are not in the data, so the counts are what a regressor answers.
    """
    flights = _flights()
    flights = flights.assign(far=flights["distance"] > 1_500, at=flights["scheduled_at"].dt.floor("h"))
    found = flights.groupby(["at", "origin"], as_index=False).agg(
        label=("late", "sum"), flights=("late", "size"), far=("far", "sum"), month=("month", "first")
    )
    found = found.assign(hour=found["at"].dt.hour, weekday=found["at"].dt.weekday, label=found["label"].astype(float))
    learnt = found[found["month"].isin(LEARNT)]
    looked_at = pd.get_dummies(found[[*HOURLY, "origin"]], columns=["origin"])
    model = HistGradientBoostingRegressor(max_iter=100, learning_rate=0.05, random_state=0)
    model.fit(looked_at.loc[learnt.index], learnt["label"])
    return found.assign(prediction=model.predict(looked_at))[~found["month"].isin(LEARNT)]


def _flights() -> pd.DataFrame:
    flights = pd.read_parquet(DAGS / "data" / "flights_2013.parquet").dropna(subset=["late"])
    return flights.astype({"late": bool}).assign(month=flights["scheduled_at"].dt.month)


KINDS = {"binary": scored, "regression": hours}
FEATURES = {"binary": [], "regression": [*HOURLY, "origin"]}


def of_month(problem: str, month: int, *, rolling: bool) -> dict[str, Pair]:
    """Compare a month: by March and April, or by the two months before the last, whose labels are there by then."""
    rows = KINDS[problem]()
    before = (month - 3, month - 2) if rolling else SPRING
    reference = rows[rows["month"].isin(before)]
    return compared(reference, rows[rows["month"] == month], problem=problem, features=FEATURES[problem])


def of_parts(problem: str, column: str, least: int, *, seed: int = 0) -> list[dict[str, Pair]]:
    """Compare the parts of March and April by a column, in one random half, by the whole of the other half."""
    rows = KINDS[problem]()
    rows = rows[rows["month"].isin(SPRING)]
    half = np.random.default_rng(seed).random(len(rows)) < 0.5
    reference, current = rows[half], rows[~half]
    parts = [part for _, part in current.groupby(column) if len(part) >= least and part["label"].sum() >= 10]
    return [compared(reference, part, problem=problem, features=FEATURES[problem]) for part in parts]
