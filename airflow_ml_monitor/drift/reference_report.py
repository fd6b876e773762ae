"""The report that a reference was built: what it was made of."""

from __future__ import annotations

from typing import Any

from airflow_ml_monitor.data import Dataset
from airflow_ml_monitor.profile import Profile
from airflow_ml_monitor.results import CheckResult, Limits, Report, Status
from airflow_ml_monitor.window import Window


def reference_report(profile: Profile, dataset: Dataset, *, name: str, window: Window | None) -> Report:
    """Return the report on a new reference, of kind ``reference``: it passes, since without rows there is none.

    :param name: the reference's name.
    """
    config: dict[str, Any] = {"name": name, "data": dataset.to_dict(), "columns": sorted(profile.columns)}
    if profile.variation is not None:
        config["windows"] = [window.to_dict() for window in profile.variation.windows]
    rows = CheckResult(
        check="rows",
        metric="rows",
        status=Status.PASS,
        value=float(profile.rows),
        limits=Limits(lower=1),
        n_reference=profile.rows,
        message=f"{profile.rows:,} rows of {dataset.label}",
    )
    return Report(kind="reference", results=(rows,), window=window, rows_reference=profile.rows, config=config)
