"""Datasets: descriptions of where rows are. Cheap to make; nothing is read before it is asked for."""

from airflow_ml_monitor.data.connections import Connections
from airflow_ml_monitor.data.dataset import Dataset, as_dataset, dataset_from_dict
from airflow_ml_monitor.data.files import Files
from airflow_ml_monitor.data.frame import Frame
from airflow_ml_monitor.data.table import Table

__all__ = ["Connections", "Dataset", "Files", "Frame", "Table", "as_dataset", "dataset_from_dict"]
