"""Energy distance."""

from __future__ import annotations

import numpy as np

from airflow_ml_monitor.drift.methods.ks import ks
from airflow_ml_monitor.drift.methods.wasserstein import unit
from airflow_ml_monitor.drift.permutation import MOST_CELLS, permutation_p
from airflow_ml_monitor.drift.points import Points, grouped, own_points, pooled_points
from airflow_ml_monitor.drift.registry import NUMBERS, Measurement, enough, method
from airflow_ml_monitor.profile.arrays import Counts, Floats
from airflow_ml_monitor.profile.numeric import NumericProfile


@method("energy", takes="numbers", kinds=NUMBERS)
def energy(reference: NumericProfile, current: NumericProfile) -> Measurement:
    """Measure E = sqrt(2 integral of (F(x) - G(x))^2 dx), also sqrt(2 E|X - Y| - E|X - X'| - E|Y - Y'|).

    Range 0 to infinity, in the root of the column's unit (Szekely & Rizzo 2013; SciPy's ``energy_distance``). The
    p-value is that of 999 permutations of the rows, from a fixed seed, and of ``ks`` where none of them reaches E and
    that is smaller. Exact from values; from a profile either side's values between two edges are taken to lie at
    their mean.

    The effect is E over the root of the reference's standard deviation (of both sides where the reference is constant):
    without a unit. Limit 0.1: a normal column moves by 0.13 standard deviations.

    >>> from airflow_ml_monitor.drift import measure
    >>> round(measure("energy", [0, 8], [0, 8, 9, 9]).value, 4)
    1.2247
    """
    n, m = enough("energy", (reference.count, current.count))
    value = float(np.sqrt(2.0 * _squares(own_points(reference, current))))
    effect = value / float(np.sqrt(unit(reference, current)))
    return Measurement(value, _permuted_p(reference, current), n, m, effect)


def _squares(points: Points) -> float:
    return float(_integral(points.values, points.reference, points.current))


def _integral(values: Floats, one: Counts, other: Counts) -> Floats:
    """Return the integral of (F - G)^2, over the last axis of counts."""
    n, m = one.sum(axis=-1, keepdims=True), other.sum(axis=-1, keepdims=True)
    apart = np.cumsum(one / n - other / m, axis=-1)
    found: Floats = (np.square(apart[..., :-1]) * np.diff(values)).sum(axis=-1)
    return found


def _permuted_p(reference: NumericProfile, current: NumericProfile) -> float:
    points = grouped(pooled_points(reference, current), MOST_CELLS)
    return permutation_p(
        lambda one, other: _integral(points.values, one, other),
        points.reference,
        points.current,
        beyond=lambda: ks(reference, current).p_value or 0.0,
    )
