"""The reconstruction error of principal components: whole rows."""

from __future__ import annotations

from typing import Any

from airflow_ml_monitor.drift.registry import Measurement, method
from airflow_ml_monitor.drift.rows import measure_rows


@method("pca_reconstruction", takes="rows", kinds=())
def pca_reconstruction(reference: Any, current: Any) -> Measurement:
    """Measure how much worse the reference's principal components restore current rows than its own.

    What it takes, its range, evidence and source: see ``drift.multivariate.pca_reconstruction``.

    >>> import numpy as np
    >>> from airflow_ml_monitor.drift import measure
    >>> rows = np.random.default_rng(0).normal(size=(300, 2))
    >>> measure("pca_reconstruction", rows, rows + 3.0).p_value < 0.01
    True
    """
    return measure_rows("pca_reconstruction", reference, current)
