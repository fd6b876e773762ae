"""Pearson's chi-square on the two-sample contingency table."""

from __future__ import annotations

import numpy as np

from airflow_ml_monitor.distributions import chi_square_sf
from airflow_ml_monitor.drift.bins import FEW_VALUES, folded
from airflow_ml_monitor.drift.registry import LEVELS, NUMBERS, Measurement, enough, method
from airflow_ml_monitor.profile.arrays import Counts


@method("chi2", takes="levels", kinds=LEVELS + NUMBERS[:1])
def chi2(reference: Counts, current: Counts) -> Measurement:
    """Measure the sum of (observed - expected)^2 / expected over both samples (Pearson 1900).

    Range 0 to infinity, growing with the number of rows. Both sides are samples: taking the reference's shares for the
    truth would reject four times too often. No continuity correction; degrees of freedom: levels - 1. The p-value is
    the chi-square distribution's; with more than 50 levels that of the table with rare levels folded into one.

    The effect is ``equal_sized_v``. Limit 0.1: a level moves from 50 % to 60 % of the rows, or from 5 % to a
    little over 10 %.

    >>> from airflow_ml_monitor.drift import measure
    >>> round(measure("chi2", list("aabaab"), list("bacccc")).value, 4)
    6.1333
    """
    n, m = enough("chi2", (reference.sum(), current.sum()))
    value, df = chi_square(reference, current)
    p_value = contingency_p(reference, current) if df >= FEW_VALUES else chi_square_sf(value, df)
    return Measurement(value, p_value, n, m, equal_sized_v(reference, current))


def chi_square(reference: Counts, current: Counts) -> tuple[float, int]:
    """Return the statistic and its degrees of freedom; levels without rows on either side do not count."""
    table = np.stack((reference, current)).astype(np.float64)
    table = table[:, table.sum(axis=0) > 0]
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    return float((np.square(table - expected) / expected).sum()), table.shape[1] - 1


def contingency_p(reference: Counts, current: Counts) -> float:
    """Return the p-value of chi-square with rare levels folded into one, right however many levels there are."""
    return chi_square_sf(*chi_square(*folded(reference, current)))


def equal_sized_v(reference: Counts, current: Counts) -> float:
    """Return Cramer's V as it were with equally many rows on both sides, its bias taken off; 0 to 1.

    V^2 = 1/2 sum (p - q)^2 / (p + q) - (levels - 1) (1/n + 1/m) / 4. Cramer's own V falls with the ratio of the
    sizes: with 1,000 rows against a million, a level that goes from half to all of the rows gives 0.03.
    """
    n, m = reference.sum(), current.sum()
    there = (reference + current) > 0
    p, q = reference[there] / n, current[there] / m
    surplus = 0.5 * float((np.square(p - q) / (p + q)).sum()) - 0.25 * (len(p) - 1) * (1 / n + 1 / m)
    return float(np.sqrt(max(0.0, surplus)))
