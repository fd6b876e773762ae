"""L-infinity: the share of the level or bin that moved most."""

from __future__ import annotations

import numpy as np

from airflow_ml_monitor.drift.methods.level_evidence import level_p
from airflow_ml_monitor.drift.registry import LEVELS, NUMBERS, Measurement, enough, method
from airflow_ml_monitor.profile.arrays import Counts, Floats


@method("l_infinity", takes="bins", kinds=LEVELS + NUMBERS)
def l_infinity(reference: Counts, current: Counts) -> Measurement:
    """Measure max |p - q| over levels, or over bins at the reference's quantiles.

    Range 0 to 1 (Chebyshev's distance; what TensorFlow Data Validation compares levels by). The p-value is that of
    permutations of the rows, see ``level_p``. Limit 0.1: one level or bin gains or loses a tenth of all rows. Of ten
    bins each holds a tenth: a normal column must move by 0.44 standard deviations for it; give a lower limit or take
    ``ks``.

    >>> from airflow_ml_monitor.drift import measure
    >>> round(measure("l_infinity", ["hello"] + ["world"] * 9, ["hello"] * 3 + ["world"] * 7).value, 4)
    0.2
    """
    n, m = enough("l_infinity", (reference.sum(), current.sum()))
    value = float(_distances(reference / n, current / m))
    return Measurement(value, level_p(_distances, reference, current), n, m)


def _distances(p: Floats, q: Floats) -> Floats:
    found: Floats = np.abs(p - q).max(axis=-1)
    return found
