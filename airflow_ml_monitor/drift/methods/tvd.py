"""Total variation distance."""

from __future__ import annotations

import numpy as np

from airflow_ml_monitor.drift.distributions import chi_square_sf
from airflow_ml_monitor.drift.methods.chi2 import chi_square
from airflow_ml_monitor.drift.registry import Measurement, enough, method
from airflow_ml_monitor.profile.arrays import Counts


@method("tvd", takes="levels")
def tvd(reference: Counts, current: Counts) -> Measurement:
    """Measure the share of rows that would have to change their level, TVD = 1/2 sum |p - q|.

    Range 0 to 1. Biased upwards in small samples with many levels. The p-value is the contingency chi-square's.

    >>> from airflow_ml_monitor.drift import measure
    >>> measure("tvd", list("aabb"), list("abbb")).value
    0.25
    """
    n, m = enough("tvd", (reference.sum(), current.sum()))
    return Measurement(total_variation(reference, current), chi_square_sf(*chi_square(reference, current)), n, m)


def total_variation(reference: Counts, current: Counts) -> float:
    """Return TVD of two arrays of counts by level."""
    return float(0.5 * np.abs(reference / reference.sum() - current / current.sum()).sum())
