"""Datasets: descriptions of where rows are. Cheap to make; nothing is read before it is asked for.

Imported on first use: a DAG file that names a ``Table`` does not load the other kinds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_ml_monitor.lazy import lazy_exports

if TYPE_CHECKING:
    from airflow_ml_monitor.data.connections import Connections
    from airflow_ml_monitor.data.dataset import Dataset, as_dataset, dataset_from_dict
    from airflow_ml_monitor.data.files import Files
    from airflow_ml_monitor.data.frame import Frame
    from airflow_ml_monitor.data.table import Table

__all__ = ["Connections", "Dataset", "Files", "Frame", "Table", "as_dataset", "dataset_from_dict"]

__getattr__ = lazy_exports(
    __name__,
    {
        "Connections": "connections",
        "Dataset": "dataset",
        "Files": "files",
        "Frame": "frame",
        "Table": "table",
        "as_dataset": "dataset",
        "dataset_from_dict": "dataset",
    },
)
