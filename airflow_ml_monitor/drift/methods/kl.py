"""Kullback-Leibler divergence."""

from __future__ import annotations

import numpy as np

from airflow_ml_monitor.drift.methods.level_evidence import level_p
from airflow_ml_monitor.drift.registry import LEVELS, NUMBERS, Measurement, enough, method
from airflow_ml_monitor.profile.arrays import Counts, Floats

_FLOOR = 0.5


@method("kl", takes="bins", kinds=LEVELS + NUMBERS)
def kl(reference: Counts, current: Counts) -> Measurement:
    """Measure KL(reference, current) = sum p ln(p / q), in nats, p being the reference's shares.

    Range 0 to infinity (Kullback & Leibler 1951), not symmetric: it is large where the current side lacks what the
    reference has; what is new on the current side shows less, see ``psi`` for that. A level or bin that the current
    side lacks counts there as half a row. The p-value is that of permutations of the rows, see ``level_p``. Limit 0.1:
    a normal column moves by 0.46 standard deviations, as of PSI 0.2, which is about twice as large.

    >>> from airflow_ml_monitor.drift import measure
    >>> round(measure("kl", ["a"] * 5 + ["b"] * 5, ["a"] * 9 + ["b"]).value, 4)
    0.5108
    """
    n, m = enough("kl", (reference.sum(), current.sum()))

    def divergence(p: Floats, q: Floats) -> Floats:
        ratio = np.divide(p, np.maximum(q, _FLOOR / m), out=np.ones_like(p), where=p > 0)
        found: Floats = np.maximum(0.0, (p * np.log(ratio)).sum(axis=-1))
        return found

    value = float(divergence(reference / n, current / m))
    return Measurement(value, level_p(divergence, reference, current), n, m)
