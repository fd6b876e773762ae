"""Jensen-Shannon distance, base 2."""

from __future__ import annotations

import numpy as np

from airflow_ml_monitor.drift.registry import Measurement, enough, method
from airflow_ml_monitor.profile.arrays import Counts, Floats


@method("jensen_shannon", takes="bins")
def jensen_shannon(reference: Counts, current: Counts) -> Measurement:
    """Measure the square root of the mean divergence from the mixture, with logarithms to base 2.

    JS = sqrt((KL(p, (p+q)/2) + KL(q, (p+q)/2)) / 2), range 0 to 1 (Endres & Schindelin 2003). Others report the
    divergence, its square, or base e, whose greatest distance is 0.8326. No p-value.

    >>> from airflow_ml_monitor.drift import measure
    >>> measure("jensen_shannon", ["a"] * 3, ["b"] * 5).value
    1.0
    """
    n, m = enough("jensen_shannon", (reference.sum(), current.sum()))
    p, q = reference / n, current / m
    mixture = (p + q) / 2.0
    divergence = (_divergence(p, mixture) + _divergence(q, mixture)) / 2.0
    return Measurement(float(np.sqrt(max(0.0, divergence))), None, n, m)


def _divergence(p: Floats, q: Floats) -> float:
    there = p > 0
    return float((p[there] * np.log2(p[there] / q[there])).sum())
