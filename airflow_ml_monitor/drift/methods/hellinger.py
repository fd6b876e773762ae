"""Hellinger distance."""

from __future__ import annotations

import numpy as np

from airflow_ml_monitor.drift.registry import Measurement, enough, method
from airflow_ml_monitor.profile.arrays import Counts


@method("hellinger", takes="bins")
def hellinger(reference: Counts, current: Counts) -> Measurement:
    """Measure H = sqrt(1 - sum sqrt(p q)).

    Range 0 to 1 (Hellinger 1909). No p-value.

    >>> from airflow_ml_monitor.drift import measure
    >>> measure("hellinger", ["a"] * 3, ["b"] * 5).value
    1.0
    """
    n, m = enough("hellinger", (reference.sum(), current.sum()))
    shares = np.sqrt(reference / n) - np.sqrt(current / m)
    return Measurement(float(np.sqrt(0.5 * np.square(shares).sum())), None, n, m)
