"""The asset whose events say that labels have shown the model to be degraded."""

from __future__ import annotations

from airflow.sdk import Asset

DEGRADED = Asset("flight_delay_degraded")
