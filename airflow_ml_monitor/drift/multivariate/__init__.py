"""Drift of whole rows: what single columns do not show, such as a relation between two of them that broke."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_ml_monitor.lazy import lazy_exports

if TYPE_CHECKING:
    from airflow_ml_monitor.drift.multivariate.findings import multivariate_findings
    from airflow_ml_monitor.drift.multivariate.sampled import rows_needed, whole_rows

__all__ = ["multivariate_findings", "rows_needed", "whole_rows"]

__getattr__ = lazy_exports(
    __name__, {"multivariate_findings": "findings", "rows_needed": "sampled", "whole_rows": "sampled"}
)
