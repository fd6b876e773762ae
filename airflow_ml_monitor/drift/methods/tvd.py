"""Total variation distance."""

from __future__ import annotations

import numpy as np

from airflow_ml_monitor.drift.methods.level_evidence import level_p
from airflow_ml_monitor.drift.registry import LEVELS, NUMBERS, Measurement, enough, method
from airflow_ml_monitor.profile.arrays import Counts, Floats


@method("tvd", takes="levels", kinds=LEVELS + NUMBERS[:1])
def tvd(reference: Counts, current: Counts) -> Measurement:
    """Measure the share of rows that would have to change their level, TVD = 1/2 sum |p - q|.

    Range 0 to 1. Biased upwards in small samples with many levels. The p-value is that of permutations of the rows,
    see ``level_p``. Limit 0.1: every tenth row has another level.

    >>> from airflow_ml_monitor.drift import measure
    >>> measure("tvd", list("aabb"), list("abbb")).value
    0.25
    """
    n, m = enough("tvd", (reference.sum(), current.sum()))
    return Measurement(total_variation(reference, current), level_p(_distances, reference, current), n, m)


def total_variation(reference: Counts, current: Counts) -> float:
    """Return TVD of two arrays of counts by level."""
    return float(_distances(reference / reference.sum(), current / current.sum()))


def _distances(p: Floats, q: Floats) -> Floats:
    found: Floats = 0.5 * np.abs(p - q).sum(axis=-1)
    return found
