"""What the methods that look at all columns together find in a report's rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from airflow_ml_monitor.drift.finding import Finding
from airflow_ml_monitor.drift.multivariate import domain_classifier, mmd, pca_reconstruction
from airflow_ml_monitor.drift.multivariate.features import Features, read_features
from airflow_ml_monitor.drift.multivariate.measured import RowsMeasured, nothing_left
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.results import Severity, Status

if TYPE_CHECKING:
    from airflow_ml_monitor.drift.policy import DriftPolicy

LEAST_ROWS = 50
_MOST_LEFT_OUT = 50

_METHODS: dict[str, tuple[Callable[[Features], RowsMeasured], int]] = {
    "domain_classifier": (domain_classifier.told_apart, domain_classifier.MOST_ROWS),
    "pca_reconstruction": (pca_reconstruction.reconstructed, pca_reconstruction.MOST_ROWS),
    "mmd": (mmd.discrepancy, mmd.MOST_ROWS),
}


def multivariate_findings(
    reference_rows: pa.Table, current_rows: pa.Table, methods: Sequence[str], policy: DriftPolicy
) -> list[Finding]:
    """Return one finding a method, about all columns together.

    Undecided with fewer than 50 rows on a side (``policy.min_rows``, where that is more) or without any column to
    compare. Which columns were left out, and why, is in the detail.

    :raises ConfigurationError: a method that does not exist.
    """
    return [_finding(name, reference_rows, current_rows, policy) for name in methods]


def _finding(name: str, reference: pa.Table, current: pa.Table, policy: DriftPolicy) -> Finding:
    if name not in _METHODS:
        raise ConfigurationError(f"no method {name!r} for all columns together; there are {', '.join(_METHODS)}")
    measure, most_rows = _METHODS[name]
    features = read_features(reference, current, most_rows=most_rows)
    least = max(LEAST_ROWS, policy.min_rows)
    if min(features.n, features.m) < least:
        sides = f"reference has {features.n:,}, current has {features.m:,}"
        return _undecided(name, features, f"too few rows to say ({sides}; at least {least} are needed on each side)")
    if not features.features:
        return _undecided(name, features, f"no column can be compared: {nothing_left(features)}")
    found = measure(features)
    return Finding(
        check="multivariate",
        metric=name,
        column=None,
        severity=Severity.CRITICAL,
        n_reference=found.n,
        n_current=found.m,
        value=found.effect,
        limit=policy.limit(name, ""),
        p_value=found.p_value,
        critical=found.critical,
        message=found.told,
        detail=_detail(found, features),
    )


def _detail(found: RowsMeasured, features: Features) -> dict[str, Any]:
    left_out = dict(list(features.left_out.items())[:_MOST_LEFT_OUT])
    return {
        "value": found.value,
        "interval": None if found.interval is None else list(found.interval),
        "drivers": dict(found.drivers),
        "columns": len(features.features),
        "left_out": left_out,
        "rows_reference": found.n,
        "rows_current": found.m,
        **found.detail,
    }


def _undecided(name: str, features: Features, message: str) -> Finding:
    return Finding(
        check="multivariate",
        metric=name,
        column=None,
        severity=Severity.CRITICAL,
        n_reference=features.n,
        n_current=features.m,
        settled=Status.INSUFFICIENT,
        message=message,
        detail={"left_out": dict(list(features.left_out.items())[:_MOST_LEFT_OUT])},
    )
