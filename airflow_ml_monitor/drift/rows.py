"""The methods that compare whole rows: a table of several columns on either side."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pyarrow as pa

from airflow_ml_monitor.data.frame import is_frame, to_arrow
from airflow_ml_monitor.drift.registry import Measurement
from airflow_ml_monitor.errors import ConfigurationError

ROW_METHODS = ("domain_classifier", "mmd", "pca_reconstruction")


def is_rows(data: Any) -> bool:
    """Whether data has columns: a data frame, an Arrow table, or an array of two axes."""
    return is_frame(data) or (isinstance(data, np.ndarray) and data.ndim == 2)


def measure_rows(name: str, reference: Any, current: Any) -> Measurement:
    """Measure two tables of the same columns; values without columns are a table of one.

    :raises ConfigurationError: the method measures single columns.
    """
    if name not in ROW_METHODS:
        raise ConfigurationError(
            f"{name} measures one column at a time, this is a table; use detect_drift for all columns, "
            f"or {', '.join(ROW_METHODS)} for all at once"
        )
    module = importlib.import_module(f"airflow_ml_monitor.drift.multivariate.{name}")
    found: Measurement = getattr(module, name)(_table(reference), _table(current))
    return found


def _table(data: Any) -> Any:
    if isinstance(data, np.ndarray):
        return data.astype(np.float64, copy=False).reshape(len(data), -1)
    if is_frame(data):
        return to_arrow(data, "the sample")
    return pa.table({"value": pa.array(data, from_pandas=True)})
