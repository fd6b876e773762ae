"""The model: will a flight arrive more than 15 minutes late? Asked before departure, so it answers modestly.

It learns from windows that passed their gate and from no other: a retrained model keeps its predecessor's latest
windows and adds its own, so a week that was blocked never gets in through a later one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from airflow_ml_monitor.window import Window
from flight_delay.datasets import FEATURES, FLIGHTS, TIMEZONE

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.pipeline import Pipeline

    from flight_delay.registry import Registry

LABEL = "late"
KEEP_WINDOWS = 5
HELD_OUT_SHARE = 0.2
_CATEGORIES = ["carrier", "origin", "dest", "weekday"]


def train(window: Window, registry: Registry, *, keep: int = KEEP_WINDOWS) -> dict[str, Any]:
    """Train on ``window`` and the latest windows of the deployed model, save the model, and describe it.

    :param keep: the most windows to learn from, ``window`` among them.
    :returns: version (the New York day the window ends on), windows, rows, late_share, and the area under the ROC
        curve on the last fifth of the flights by a model that had not seen them. Plain JSON.
    """
    from threadpoolctl import threadpool_limits

    windows = _windows(window, registry, keep)
    flights = read_labelled(windows)
    with threadpool_limits(1):  # trees this small are slower on two threads, and far slower where the cores are shared
        auc = held_out_auc(flights)
        model = make_pipeline().fit(inputs(flights), flights[LABEL])
    description = {
        "trained_on": [w.to_dict() for w in windows],
        "rows": len(flights),
        "late_share": round(float(flights[LABEL].mean()), 4),
        "held_out_auc": round(auc, 4),
    }
    version = window.end.astimezone(ZoneInfo(TIMEZONE)).date().isoformat()
    registry.save(version, model, description)
    return {"version": version, **description}


def read_labelled(windows: list[Window]) -> pd.DataFrame:
    """Return the flights of the windows that have a label, each once, in the order of the schedule."""
    import pandas as pd

    columns = ["flight_id", "scheduled_at", *FEATURES, LABEL]
    flights = pd.concat([FLIGHTS.open(window).to_pandas(columns) for window in windows])
    flights = flights.dropna(subset=[LABEL]).drop_duplicates("flight_id").sort_values("scheduled_at", kind="stable")
    return flights.astype({LABEL: bool})


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


def held_out_auc(flights: pd.DataFrame) -> float:
    """Return the area under the ROC curve on the last fifth, learnt on what came before."""
    from sklearn.metrics import roc_auc_score

    cut = int(len(flights) * (1 - HELD_OUT_SHARE))
    earlier, later = flights.iloc[:cut], flights.iloc[cut:]
    model = make_pipeline().fit(inputs(earlier), earlier[LABEL])
    return float(roc_auc_score(later[LABEL], model.predict_proba(inputs(later))[:, 1]))


def _windows(window: Window, registry: Registry, keep: int) -> list[Window]:
    deployed = registry.deployed
    learnt = [] if deployed is None else [Window.of(w) for w in registry.describe(deployed)["trained_on"]]
    earlier = sorted(w for w in learnt if w.end <= window.start)
    return [*earlier, window][-keep:]
