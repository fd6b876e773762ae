"""What may be asked of the arrival of labels.

A DAG file asks while it is parsed, so nothing here loads what computes.
"""

from __future__ import annotations

from datetime import timedelta

from airflow_ml_monitor.errors import ConfigurationError


def require_asked(outage_after: timedelta | None, overdue_after: timedelta | None, max_overdue: float) -> None:
    """Refuse what checks nothing, or nothing that can be.

    :raises ConfigurationError: it is so.
    """
    if outage_after is None and overdue_after is None:
        raise ConfigurationError("nothing is asked of the labels; give outage_after=, overdue_after= or both")
    if outage_after is not None and outage_after <= timedelta(0):
        raise ConfigurationError(f"outage_after={outage_after!r} must be longer than nothing")
    if overdue_after is not None and overdue_after < timedelta(0):
        raise ConfigurationError(f"overdue_after={overdue_after!r} must be a timedelta of zero or more")
    if not 0 <= max_overdue < 1:
        raise ConfigurationError(f"max_overdue={max_overdue!r} must be a share from 0 to below 1, such as 0.05")
