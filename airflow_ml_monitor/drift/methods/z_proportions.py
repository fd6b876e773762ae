"""The two-proportion z-test."""

from __future__ import annotations

import math

from airflow_ml_monitor.distributions import normal_sf
from airflow_ml_monitor.drift.methods.fisher_exact import two_shares
from airflow_ml_monitor.drift.registry import LEVELS, NUMBERS, Measurement, enough, method
from airflow_ml_monitor.profile.arrays import Counts


@method("z_proportions", takes="levels", kinds=LEVELS + NUMBERS[:1])
def z_proportions(reference: Counts, current: Counts) -> Measurement:
    """Measure by how much the share of one of two levels moved, |p - q|.

    Range 0 to 1. The p-value is two-sided, with the pooled variance and no continuity correction; for few rows see
    ``fisher_exact``. Limit 0.05: the share moves by five points.

    :raises ConfigurationError: more than two levels.

    >>> from airflow_ml_monitor.drift import measure
    >>> measure("z_proportions", [0, 0, 0, 1], [0, 1, 1, 1]).value
    0.5
    """
    n, m = enough("z_proportions", (reference.sum(), current.sum()))
    marked_reference, marked_current = two_shares("z_proportions", reference, current)
    moved = abs(marked_current / m - marked_reference / n)
    pooled = (marked_reference + marked_current) / (n + m)
    error = math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    return Measurement(moved, 2.0 * normal_sf(moved / error) if error else 1.0, n, m)
