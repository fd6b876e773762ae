"""This package's default policy."""

from __future__ import annotations

import pandas as pd
from airflow_ml_monitor.drift import DriftPolicy, detect_drift
from airflow_ml_monitor.profile import build_reference
from airflow_ml_monitor.results import Report, Status

from calibration.tallies import Verdict

POLICY = DriftPolicy()
"""What is judged by: the one place to try another policy."""
CLOSING = (Status.FAIL, Status.ERROR)
"""The statuses that close a gate by default (``close_on``)."""


def judge(reference: pd.DataFrame, batch: pd.DataFrame) -> Verdict:
    """Return the verdict on a batch, against a reference built of a frame."""
    return verdict_of(detect_drift(build_reference(reference), batch, policy=POLICY))


def verdict_of(report: Report) -> Verdict:
    """Return what a report says; a column is flagged by a check of it that can close the gate."""
    flagged = {result.column for result in report.results if result.effective_status in CLOSING}
    return Verdict(
        closed={"default policy": report.status in CLOSING},
        flagged=frozenset(column for column in flagged if column is not None),
        status=str(report.status),
    )
