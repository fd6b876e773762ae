"""Fisher's exact test."""

from __future__ import annotations

import numpy as np

from airflow_ml_monitor.distributions import fisher_two_sided
from airflow_ml_monitor.drift.registry import LEVELS, NUMBERS, Measurement, enough, method
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.profile.arrays import Counts


@method("fisher_exact", takes="levels", kinds=LEVELS + NUMBERS[:1])
def fisher_exact(reference: Counts, current: Counts) -> Measurement:
    """Measure by how much the share of one of two levels moved, |p - q|; right at any number of rows.

    Range 0 to 1. The p-value is two-sided: all tables with these margins that are no likelier (Fisher 1934).
    Limit 0.05: the share moves by five points.

    :raises ConfigurationError: more than two levels.

    >>> from airflow_ml_monitor.drift import measure
    >>> round(measure("fisher_exact", ["a"] * 6, ["b"] * 6).p_value, 4)
    0.0022
    """
    n, m = enough("fisher_exact", (reference.sum(), current.sum()))
    marked_reference, marked_current = two_shares("fisher_exact", reference, current)
    p_value = fisher_two_sided(marked_current, m, marked_reference + marked_current, n + m)
    return Measurement(abs(marked_current / m - marked_reference / n), p_value, n, m)


def two_shares(name: str, reference: Counts, current: Counts) -> tuple[int, int]:
    """Return the rows of the first of at most two levels.

    :raises ConfigurationError: there are more.
    """
    there = np.flatnonzero(reference + current)
    if len(there) > 2:
        raise ConfigurationError(f"{name} compares two levels, there are {len(there)}; use chi2 or tvd")
    return int(reference[there[0]]), int(current[there[0]])
