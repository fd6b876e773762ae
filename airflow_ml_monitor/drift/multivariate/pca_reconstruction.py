"""PCA reconstruction: whether current rows keep to the relations between the reference's columns."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from airflow_ml_monitor.distributions import normal_isf, student_t_two_sided
from airflow_ml_monitor.drift.multivariate.features import SEED, Features, read_features
from airflow_ml_monitor.drift.multivariate.measured import RowsMeasured, halves, refuse_too_little
from airflow_ml_monitor.drift.multivariate.standardised import Matrix, standardised
from airflow_ml_monitor.drift.registry import Measurement
from airflow_ml_monitor.numerals import number
from airflow_ml_monitor.profile.arrays import Floats
from airflow_ml_monitor.results import Interval

MOST_ROWS = 20_000
_KEPT = 0.8
_FLOOR = 0.2
_CONFIDENCE_Z = 1.959964
_NAMED = 5


def pca_reconstruction(reference: Any, current: Any) -> Measurement:
    """Measure by how many standard deviations the reconstruction error of current rows is above the reference's.

    Principal components are those of one random half of the reference, and the first that hold 80 % of its variance
    are kept. A row's error is what they leave of it, each component left out counted in units of its own variance
    (plus a fifth of a column's): a broken relation shows in the components that had little, and would drown in the
    others. (Broken correlations came out 1.4 to 2 times as large as by 65 % kept and errors not weighted.)

    The errors of the current rows are compared with those of the reference's other half: the value is the difference of
    their means over their standard deviation (Cohen's d), negative where errors fell; the p-value is Welch's,
    two-sided; the effect is the size of the value. Limit 0.2. At most 20,000 rows of a side are used. It is nearly
    blind where single columns move and their relations stay: these the other methods see.

    :param reference: an Arrow table, or an array of rows by columns; ``current`` likewise.
    :raises ConfigurationError: fewer than ten rows on a side, or no column to compare.
    """
    features = read_features(reference, current, most_rows=MOST_ROWS)
    refuse_too_little("pca_reconstruction", features)
    return reconstructed(features).measurement


def reconstructed(features: Features) -> RowsMeasured:
    """Return how well the rows are reconstructed, with the features whose errors grew or fell most."""
    fit, held_out = halves(np.arange(features.n), np.random.default_rng(SEED))
    matrix = standardised(features, fit)
    left, components = _left_over(matrix.values, matrix.values[fit])
    was, now = np.square(left[held_out]), np.square(left[features.n :])
    errors = was.sum(axis=1), now.sum(axis=1)
    value, error, p_value = _difference(*errors)
    drivers = _drivers(features.names, matrix, was.mean(axis=0), now.mean(axis=0)) if p_value <= 0.05 else {}
    means = [float(side.mean()) for side in errors]
    return RowsMeasured(
        value=value,
        effect=abs(value),
        p_value=p_value,
        n=features.n,
        m=features.m,
        critical=lambda p: normal_isf(p / 2.0) * error,
        interval=Interval(value - _CONFIDENCE_Z * error, value + _CONFIDENCE_Z * error),
        drivers=drivers,
        told=_told(means, value, drivers),
        detail={"seed": SEED, "components": components, "confidence": 0.95, "errors": means},
    )


def _left_over(values: Floats, fit: Floats) -> tuple[Floats, int]:
    """Return what the components kept leave of each row, weighted, in the dimensions of the rows; and their number."""
    center = fit.mean(axis=0)
    variances, directions = np.linalg.eigh((fit - center).T @ (fit - center) / len(fit))
    variances = np.maximum(variances, 0.0)
    total = float(variances.sum())
    if total <= 0.0:
        return np.zeros_like(values), 0
    # In ascending order: the least are left out up to a fifth of the variance, at least one of them.
    out = max(1, int(np.searchsorted(np.cumsum(variances), (1.0 - _KEPT) * total, side="right")))
    weights = 1.0 / np.sqrt(variances[:out] + _FLOOR)
    rotated = directions[:, :out] * weights
    return (values - center) @ (rotated @ directions[:, :out].T), len(variances) - out


def _difference(was: Floats, now: Floats) -> tuple[float, float, float]:
    """Return Cohen's d of two samples, its standard error and Welch's two-sided p-value."""
    spreads = [float(side.var(ddof=1)) for side in (was, now)]
    parts = [spread / len(side) for spread, side in zip(spreads, (was, now), strict=True)]
    deviation, apart = math.sqrt(sum(spreads) / 2.0), float(now.mean() - was.mean())
    if deviation <= 1e-12 * (1.0 + abs(apart)):
        return 0.0, 0.0, 1.0
    error = math.sqrt(sum(parts))
    degrees = sum(parts) ** 2 / sum(part**2 / (len(side) - 1) for part, side in zip(parts, (was, now), strict=True))
    return apart / deviation, error / deviation, student_t_two_sided(apart / error, degrees)


def _drivers(names: list[str], matrix: Matrix, was: Floats, now: Floats) -> dict[str, list[float]]:
    """Return the features whose mean errors moved most, from where to where."""
    by_feature = [np.bincount(matrix.origin, weights=side, minlength=len(names)) for side in (was, now)]
    moved = by_feature[1] - by_feature[0]
    sign = math.copysign(1.0, float(moved.sum()))
    order = np.argsort(-sign * moved, kind="stable")[:_NAMED]
    return {
        names[place]: [float(side[place]) for side in by_feature]
        for place in order.tolist()
        if sign * moved[place] > 0.05 * abs(float(moved.sum()))
    }


def _told(means: list[float], value: float, drivers: dict[str, list[float]]) -> str:
    was, now = (number(mean, 3) for mean in means)
    told = (
        f"rows are reconstructed from the reference's main components with an error of {now}, those of the reference "
        f"with {was}: {number(value, 3)} standard deviations apart (no change: 0)"
    )
    named = ", ".join(f"{name} ({number(one, 2)} -> {number(other, 2)})" for name, (one, other) in drivers.items())
    return f"{told}; driven by {named}" if named else told
