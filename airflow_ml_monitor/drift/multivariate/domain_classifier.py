"""The domain classifier: whether anything tells current rows from the reference's."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from airflow_ml_monitor.distributions import normal_isf, normal_sf
from airflow_ml_monitor.drift.multivariate.features import SEED, Features, read_features
from airflow_ml_monitor.drift.multivariate.measured import RowsMeasured, refuse_too_little
from airflow_ml_monitor.drift.registry import Measurement
from airflow_ml_monitor.numerals import number
from airflow_ml_monitor.profile.arrays import Counts, Flags, Floats
from airflow_ml_monitor.results import Interval

MOST_ROWS = 20_000
_FOLDS = 5
_TREES = 100
_BINS = 128
_WIDER = math.sqrt(2.0)
"""Each fold is judged by a model that learnt from the others, so that chance in two folds counts twice."""
_CONFIDENCE_Z = 1.959964
_NAMED = 5
_SHUFFLED_ROWS = 400_000
_LEAST_SHUFFLED = 500


def domain_classifier(reference: Any, current: Any) -> Measurement:
    """Measure how well a classifier tells current rows from the reference's: its AUC; 0.5 where it cannot.

    Gradient-boosted trees (100 of at most 8 leaves), both sides of equal weight; the mean of the AUC in five folds,
    each judged by a model of the other four, all from a fixed seed. At most 20,000 rows of a side are used.

    The p-value is one-sided, by the normal distribution with twice the Mann-Whitney variance: the models of two folds
    have each learnt from the other's rows, which doubles the variance where nothing changed (measured: 1.8 times).
    The effect is AUC - 0.5, 0 where that is negative. Limit 0.05. Lopez-Paz & Oquab 2017.

    :param reference: an Arrow table, or an array of rows by columns; ``current`` likewise.
    :raises ConfigurationError: fewer than ten rows on a side, or no column to compare.
    """
    features = read_features(reference, current, most_rows=MOST_ROWS)
    refuse_too_little("domain_classifier", features)
    return told_apart(features).measurement


def told_apart(features: Features) -> RowsMeasured:
    """Return what a classifier makes of the rows, with what drives it where it does better than by chance."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    # On one thread: trees so small gain nothing from two, which waited for each other on a busy machine (44 s, not 6).
    with threadpool_limits(1):
        return _told_apart(features)


def _told_apart(features: Features) -> RowsMeasured:
    rows, is_current = _binned(features), np.arange(features.n + features.m) >= features.n
    leveled = [place for place, feature in enumerate(features.features) if feature.levels]
    fitted = [_fit(rows, is_current, fold, leveled) for fold in _folds(features)]
    areas = [_area(is_current[fold.rows], fold.score(rows[fold.rows])) for fold in fitted]
    value, error = sum(area.value for area in areas) / _FOLDS, _error(areas, features)
    interval = Interval(max(0.0, value - _CONFIDENCE_Z * error), min(1.0, value + _CONFIDENCE_Z * error))
    chance = _WIDER * math.sqrt((features.n + features.m + _FOLDS) / (12.0 * features.n * features.m))
    drivers = _drivers(features.names, rows, is_current, fitted) if interval.lower > 0.5 else {}
    return RowsMeasured(
        value=value,
        effect=max(0.0, value - 0.5),
        p_value=normal_sf((value - 0.5) / chance),
        n=features.n,
        m=features.m,
        critical=lambda p: max(0.0, normal_isf(p) * chance),
        interval=interval,
        drivers=drivers,
        told=_told(value, interval, drivers),
        detail={"seed": SEED, "folds": _FOLDS, "confidence": 0.95},
    )


def _binned(features: Features) -> Floats:
    """Return levels as codes, and numbers as the bins they lie in: those of equal share of both sides together.

    A number's unit or logarithm so changes nothing; and scikit-learn takes ten times as long to find weighted bins.
    """
    rows = features.codes()
    for place, feature in enumerate(features.features):
        there = ~np.isnan(feature.values)
        if not feature.levels and there.any():
            ordered = np.sort(feature.values[there])
            edges = np.unique(ordered[np.arange(1, _BINS) * len(ordered) // _BINS])
            rows[there, place] = np.searchsorted(edges, feature.values[there], side="right")
    return rows


class _Fold(NamedTuple):
    """Rows held out, and the model of all others."""

    rows: Counts
    model: Any

    def score(self, rows: Floats) -> Floats:
        found: Floats = self.model.decision_function(rows)
        return found


class _Area(NamedTuple):
    value: float
    variance: float


def _folds(features: Features) -> list[Counts]:
    """Return the rows of each fold, in it as many of each side as in the others."""
    random = np.random.default_rng(SEED)
    fold = np.concatenate([random.permutation(np.arange(size) % _FOLDS) for size in (features.n, features.m)])
    return [np.flatnonzero(fold == place) for place in range(_FOLDS)]


def _fit(rows: Floats, is_current: Flags, held_out: Counts, leveled: list[int]) -> _Fold:
    from sklearn.ensemble import HistGradientBoostingClassifier

    learnt = np.ones(len(rows), np.bool_)
    learnt[held_out] = False
    y = is_current[learnt]
    weights = np.where(y, 0.5 / y.mean(), 0.5 / (1.0 - y.mean()))
    model = HistGradientBoostingClassifier(
        max_iter=_TREES, max_leaf_nodes=8, early_stopping=False, categorical_features=leveled, random_state=SEED
    )
    return _Fold(held_out, model.fit(rows[learnt], y, sample_weight=weights))


def _area(is_current: Flags, score: Floats) -> _Area:
    """Return the area under the ROC curve, ties half, with DeLong's variance (DeLong et al. 1988; by midranks)."""
    above, below = score[is_current], score[~is_current]
    ranks = _midranks(score)
    of_current = (ranks[is_current] - _midranks(above)) / len(below)
    of_reference = 1.0 - (ranks[~is_current] - _midranks(below)) / len(above)
    variance = sum(float(part.var(ddof=1)) / len(part) for part in (of_current, of_reference) if len(part) > 1)
    return _Area(float(of_current.mean()), variance)


def _midranks(values: Floats) -> Floats:
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2.0)[place]


def _error(areas: list[_Area], features: Features) -> float:
    """Return the standard error of the mean area; never nothing, since a few rows told apart wholly may be chance."""
    delong = math.sqrt(sum(area.variance for area in areas)) / _FOLDS
    return _WIDER * max(delong, 0.5 / min(features.n, features.m))


def _drivers(names: list[str], rows: Floats, is_current: Flags, folds: list[_Fold]) -> dict[str, float]:
    """Return the features without which the AUC is lower, by how much: each shuffled in the rows held out."""
    random = np.random.default_rng(SEED)
    most = max(_LEAST_SHUFFLED, _SHUFFLED_ROWS // len(names))
    lost = np.zeros(len(names))
    for fold in folds:
        chosen = random.permutation(fold.rows)[:most]
        y, held_out = is_current[chosen], rows[chosen]
        whole = _area(y, fold.score(held_out)).value
        for place in range(len(names)):
            shuffled = held_out.copy()
            shuffled[:, place] = random.permutation(shuffled[:, place])
            lost[place] += (whole - _area(y, fold.score(shuffled)).value) / len(folds)
    order = np.argsort(-lost, kind="stable")[:_NAMED]
    return {names[place]: float(lost[place]) for place in order.tolist() if lost[place] > 0.0}


def _told(value: float, interval: Interval, drivers: dict[str, float]) -> str:
    bounds = ", ".join(number(bound, 3) for bound in interval)
    told = (
        f"a classifier tells current rows from the reference's with AUC {number(value, 3)} [{bounds}] (no change: 0.5)"
    )
    named = ", ".join(f"{name} ({number(lost, 2)})" for name, lost in drivers.items())
    return f"{told}; driven by {named}" if named else told
