"""The G-test: the likelihood ratio of the two-sample contingency table."""

from __future__ import annotations

import numpy as np

from airflow_ml_monitor.distributions import chi_square_sf
from airflow_ml_monitor.drift.bins import FEW_VALUES, folded
from airflow_ml_monitor.drift.methods.chi2 import equal_sized_v
from airflow_ml_monitor.drift.registry import LEVELS, NUMBERS, Measurement, enough, method
from airflow_ml_monitor.profile.arrays import Counts


@method("g_test", takes="levels", kinds=LEVELS + NUMBERS[:1])
def g_test(reference: Counts, current: Counts) -> Measurement:
    """Measure G = 2 sum observed ln(observed / expected) over both samples (Wilks 1938).

    Range 0 to infinity, growing with the number of rows; no correction. The p-value is that of the chi-square
    distribution with levels - 1 degrees of freedom; with more than 50 levels of the table with rare levels folded.
    It rejects somewhat too often where many levels have but a few rows: there see ``chi2``. Effect and limit as of
    ``chi2``.

    >>> from airflow_ml_monitor.drift import measure
    >>> round(measure("g_test", list("aabaab"), list("bacccc")).value, 4)
    7.8124
    """
    n, m = enough("g_test", (reference.sum(), current.sum()))
    value, df = likelihood_ratio(reference, current)
    judged = likelihood_ratio(*folded(reference, current)) if df >= FEW_VALUES else (value, df)
    return Measurement(value, chi_square_sf(*judged), n, m, equal_sized_v(reference, current))


def likelihood_ratio(reference: Counts, current: Counts) -> tuple[float, int]:
    """Return the statistic and its degrees of freedom; levels without rows on either side do not count."""
    table = np.stack((reference, current)).astype(np.float64)
    table = table[:, table.sum(axis=0) > 0]
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    there = table > 0
    ratio = 2.0 * float((table[there] * np.log(table[there] / expected[there])).sum())
    return max(0.0, ratio), table.shape[1] - 1
