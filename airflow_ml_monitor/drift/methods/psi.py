"""The population stability index."""

from __future__ import annotations

import numpy as np

from airflow_ml_monitor.distributions import chi_square_isf, chi_square_sf
from airflow_ml_monitor.drift.registry import LEVELS, NUMBERS, Measurement, enough, method
from airflow_ml_monitor.profile.arrays import Counts

_FLOOR = 0.5


@method("psi", takes="bins", kinds=LEVELS + NUMBERS)
def psi(reference: Counts, current: Counts) -> Measurement:
    """Measure PSI = sum (q - p) ln(q / p) over bins at the reference's quantiles or over levels.

    Range 0 to infinity. Ten bins with open ends; a value that fills a bin alone has one of its own. An empty bin counts
    as half a row. For the p-value PSI / (1/n + 1/m) is chi-square with bins - 1 degrees of freedom (Yurdakul & Naranjo
    2020). Limit 0.2, the usual one: a normal column moves by 0.46 standard deviations.

    >>> from airflow_ml_monitor.drift import measure
    >>> round(measure("psi", ["a"] * 40 + ["b"] * 60, ["a"] * 60 + ["b"] * 40).value, 4)
    0.1622
    """
    n, m = enough("psi", (reference.sum(), current.sum()))
    there = (reference + current) > 0
    p = np.maximum(reference[there], _FLOOR) / n
    q = np.maximum(current[there], _FLOOR) / m
    value = float(((q - p) * np.log(q / p)).sum())
    return Measurement(value, chi_square_sf(value / (1 / n + 1 / m), len(p) - 1), n, m)


def psi_critical(p: float, bins: int, n: int, m: int) -> float:
    """Return the PSI that no change exceeds with probability ``p``."""
    return chi_square_isf(p, bins - 1) * (1 / n + 1 / m) if bins > 1 else 0.0
