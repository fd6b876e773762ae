"""Cramer's V, corrected for bias."""

from __future__ import annotations

import numpy as np

from airflow_ml_monitor.drift.methods.chi2 import chi2, chi_square
from airflow_ml_monitor.drift.registry import LEVELS, NUMBERS, Measurement, enough, method
from airflow_ml_monitor.profile.arrays import Counts


@method("cramers_v", takes="levels", kinds=LEVELS + NUMBERS[:1])
def cramers_v(reference: Counts, current: Counts) -> Measurement:
    """Measure how strongly the level depends on the sample: chi-square scaled to 0 to 1, its bias taken off.

    With phi2 = chi2 / n and k levels: V = sqrt(max(0, phi2 - (k-1)/(n-1)) / min(k', 2') - 1) where k' and 2' are the
    table's sides less (side - 1)^2 / (n - 1) (Bergsma 2013). 0 when there is but one level. V is the smaller the more
    the two sizes differ; the effect is what it were with equal ones. p-value and limit as of ``chi2``.

    >>> from airflow_ml_monitor.drift import measure
    >>> round(measure("cramers_v", ["a"] * 200 + ["b"] * 800, ["a"] * 400 + ["b"] * 600).value, 4)
    0.2171
    """
    n, m = enough("cramers_v", (reference.sum(), current.sum()))
    value, df = chi_square(reference, current)
    return chi2(reference, current)._replace(value=corrected_v(value, df, n + m))


def corrected_v(statistic: float, df: int, rows: int) -> float:
    """Return Bergsma's V for a table of two samples and ``df`` + 1 levels."""
    if df < 1:
        return 0.0
    surplus = max(0.0, statistic / rows - df / (rows - 1))
    sides = [side - (side - 1) ** 2 / (rows - 1) for side in (2, df + 1)]
    return float(np.sqrt(surplus / max(1e-12, min(sides) - 1)))
