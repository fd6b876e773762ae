"""Task groups: several monitoring tasks by one call."""

from __future__ import annotations

from airflow_ml_monitor.task_groups.monitoring_gate import monitoring_gate

__all__ = ["monitoring_gate"]
