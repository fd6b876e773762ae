"""The domain classifier: whole rows."""

from __future__ import annotations

from typing import Any

from airflow_ml_monitor.drift.registry import Measurement, method
from airflow_ml_monitor.drift.rows import measure_rows


@method("domain_classifier", takes="rows", kinds=())
def domain_classifier(reference: Any, current: Any) -> Measurement:
    """Measure how well a classifier tells current rows from the reference's.

    What it takes, its range, evidence and source: see ``drift.multivariate.domain_classifier``.

    >>> import numpy as np
    >>> from airflow_ml_monitor.drift import measure
    >>> rows = np.random.default_rng(0).normal(size=(300, 2))
    >>> measure("domain_classifier", rows, rows + 3.0).value > 0.9
    True
    """
    return measure_rows("domain_classifier", reference, current)
