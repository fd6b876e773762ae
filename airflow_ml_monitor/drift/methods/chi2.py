"""Pearson's chi-square on the two-sample contingency table."""

from __future__ import annotations

import numpy as np

from airflow_ml_monitor.drift.distributions import chi_square_sf
from airflow_ml_monitor.drift.registry import Measurement, enough, method
from airflow_ml_monitor.profile.arrays import Counts


@method("chi2", takes="levels")
def chi2(reference: Counts, current: Counts) -> Measurement:
    """Measure the sum of (observed - expected)^2 / expected over both samples (Pearson 1900).

    Range 0 to infinity, growing with the number of rows. Both sides are samples: taking the reference's shares for the
    truth would reject four times too often. No continuity correction; degrees of freedom: levels - 1.

    >>> from airflow_ml_monitor.drift import measure
    >>> round(measure("chi2", list("aabaab"), list("bacccc")).value, 4)
    6.1333
    """
    n, m = enough("chi2", (reference.sum(), current.sum()))
    value, df = chi_square(reference, current)
    return Measurement(value, chi_square_sf(value, df), n, m)


def chi_square(reference: Counts, current: Counts) -> tuple[float, int]:
    """Return the statistic and its degrees of freedom; levels without rows on either side do not count."""
    table = np.stack((reference, current)).astype(np.float64)
    table = table[:, table.sum(axis=0) > 0]
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    return float((np.square(table - expected) / expected).sum()), table.shape[1] - 1
