"""The model: will a flight arrive more than 15 minutes late? Asked before departure, so it answers modestly.

It learns from flights whose labels had arrived, and never from a week that a gate has closed on.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from airflow_ml_monitor.window import Window
from flight_delay.datasets import FEATURES, FLIGHTS, LABELS_BY_FLIGHT_TIME, TIMEZONE
from flight_delay.warehouse import instants

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.pipeline import Pipeline

    from airflow_ml_monitor.data import Connections
    from flight_delay.registry import Registry

LABEL = "late"
WEEKS_TO_LEARN = 4
FOLDS = 5
_CATEGORIES = ["carrier", "origin", "dest", "weekday"]


def weeks_before(window: Window, closed: Iterable[Window], weeks: int = WEEKS_TO_LEARN) -> list[Window]:
    """Return the weeks of New York before a window, the latest last, without those that a gate has closed on."""
    shut = set(closed)
    zone = ZoneInfo(TIMEZONE)
    start = window.start.astimezone(zone).replace(tzinfo=None)
    edges = [(start - timedelta(weeks=n)).replace(tzinfo=zone) for n in range(weeks, -1, -1)]
    found = [Window(first, second) for first, second in itertools.pairwise(edges)]
    return [week for week in found if week not in shut]


def train(
    windows: list[Window], as_of: datetime, registry: Registry, connections: Connections | None = None
) -> dict[str, Any]:
    """Train on the flights of the windows whose labels had arrived by ``as_of``, save the model, and describe it.

    :returns: version (the New York day of ``as_of``, numbered where another model of that day is kept), trained_on,
        as_of, rows and late_share. Plain JSON.
    """
    flights = read_labelled(windows, as_of, connections)
    description = {
        "trained_on": [window.to_dict() for window in windows],
        "as_of": as_of.isoformat(),
        "rows": len(flights),
        "late_share": round(float(flights[LABEL].mean()), 4),
    }
    version = registry.version_for(as_of.astimezone(ZoneInfo(TIMEZONE)).date().isoformat(), description)
    registry.save(version, fitted(flights), description)
    return {"version": version, **description}


def read_labelled(windows: list[Window], as_of: datetime, connections: Connections | None = None) -> pd.DataFrame:
    """Return the flights of the windows that have a label known at ``as_of``, each once, in order of the schedule."""
    import pandas as pd

    parts = []
    for window in windows:
        flights = read_flights(window)
        opened = LABELS_BY_FLIGHT_TIME.open(window, as_of=as_of, connections=connections)
        parts.append(flights.merge(opened.to_pandas(["flight_id", LABEL]).dropna(), on="flight_id"))
    flights = pd.concat(parts).drop_duplicates("flight_id").sort_values("flight_id", ignore_index=True)
    return flights.astype({LABEL: bool})


def read_flights(window: Window) -> pd.DataFrame:
    """Return the flights of a window with what is known of them before departure."""
    return FLIGHTS.open(window).to_pandas(["flight_id", "scheduled_at", *FEATURES])


def unseen(flights: pd.DataFrame, description: dict[str, Any]) -> pd.DataFrame:
    """Return the flights that are in none of the windows which the described model was trained on."""
    for window in map(Window.of, description["trained_on"]):
        at = instants(flights["scheduled_at"])
        flights = flights[(at < window.start) | (at >= window.end)]
    return flights


def score(model: Pipeline, flights: pd.DataFrame) -> pd.DataFrame:
    """Return the flights with the model's probability of each being late."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        return flights.assign(score=model.predict_proba(inputs(flights))[:, 1])


def held_out(flights: pd.DataFrame) -> pd.DataFrame:
    """Return labelled flights with scores of models that had not seen the days they are of: an honest reference."""
    import pandas as pd

    fold = flights["scheduled_at"].dt.day % FOLDS
    parts = [score(fitted(flights[fold != k]), flights[fold == k]) for k in range(FOLDS)]
    return pd.concat(parts).sort_values("flight_id", ignore_index=True)


def fitted(flights: pd.DataFrame) -> Pipeline:
    """Return a model trained on labelled flights."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):  # trees this small are slower on two threads, and far slower where the cores are shared
        return make_pipeline().fit(inputs(flights), flights[LABEL])


def inputs(flights: pd.DataFrame) -> pd.DataFrame:
    """Return what the model looks at, a row per flight."""
    return flights[list(FEATURES)].assign(weekday=flights["scheduled_at"].dt.day_of_week)


def make_pipeline() -> Pipeline:
    """Return the untrained model; levels it has not learnt (a new destination) count as missing."""
    import numpy as np
    from sklearn.compose import make_column_transformer
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OrdinalEncoder

    encode = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    first = list(range(len(_CATEGORIES)))
    return Pipeline(
        [
            ("encode", make_column_transformer((encode, _CATEGORIES), remainder="passthrough")),
            ("boost", HistGradientBoostingClassifier(learning_rate=0.05, categorical_features=first, random_state=0)),
        ]
    )
