"""What differs between the versions of Airflow this package runs on; nothing else asks for the version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow import __version__ as airflow_version


def _release(version: str) -> tuple[int, int]:
    major, minor = version.split(".")[:2]
    return int(major), int(minor)


AIRFLOW_V_3_2_PLUS = _release(airflow_version) >= (3, 2)
AIRFLOW_V_3_3_PLUS = _release(airflow_version) >= (3, 3)

# Airflow 3.1 has no commands of providers.
COMMAND_LINE = "airflow ml-monitor" if AIRFLOW_V_3_2_PLUS else "python -m airflow_ml_monitor"

if TYPE_CHECKING or AIRFLOW_V_3_2_PLUS:
    from airflow.sdk.configuration import conf
    from airflow.sdk.exceptions import (
        AirflowException,
        AirflowFailException,
        AirflowNotFoundException,
        AirflowRescheduleException,
        AirflowSensorTimeout,
        AirflowSkipException,
    )
else:
    from airflow.configuration import conf
    from airflow.exceptions import (
        AirflowException,
        AirflowFailException,
        AirflowNotFoundException,
        AirflowRescheduleException,
        AirflowSensorTimeout,
        AirflowSkipException,
    )

__all__ = [
    "AIRFLOW_V_3_2_PLUS",
    "AIRFLOW_V_3_3_PLUS",
    "COMMAND_LINE",
    "AirflowException",
    "AirflowFailException",
    "AirflowNotFoundException",
    "AirflowRescheduleException",
    "AirflowSensorTimeout",
    "AirflowSkipException",
    "conf",
]
