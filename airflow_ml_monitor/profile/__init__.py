"""Profiles: mergeable summaries of a dataset or window, and the references that batches are compared with."""

from airflow_ml_monitor.profile.build import build_reference, profile_like
from airflow_ml_monitor.profile.columns import ColumnProfile
from airflow_ml_monitor.profile.levels import LevelProfile
from airflow_ml_monitor.profile.numeric import NumericProfile
from airflow_ml_monitor.profile.plain import PlainProfile
from airflow_ml_monitor.profile.profile import Profile
from airflow_ml_monitor.profile.schema import schema_checks

__all__ = [
    "ColumnProfile",
    "LevelProfile",
    "NumericProfile",
    "PlainProfile",
    "Profile",
    "build_reference",
    "profile_like",
    "schema_checks",
]
