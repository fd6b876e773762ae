"""A report whose key is stored already: the same one again, or another verdict, which is refused."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa

from airflow_ml_monitor.errors import StoreError
from airflow_ml_monitor.results import Origin, Report
from airflow_ml_monitor.store.keys import report_id
from airflow_ml_monitor.store.reading import reports_by_id
from airflow_ml_monitor.store.rows import check_row
from airflow_ml_monitor.store.stored import StoredReport

if TYPE_CHECKING:
    from airflow_ml_monitor.profile import Profile

_ABOUT = ("check_name", "column_name", "segment")
_FOUND = (*_ABOUT, "metric", "status", "value")
_MOST = 5
_ANY = UUID(int=0)


def stored_before(connection: sa.Connection, report: Report, origin: Origin, profile: Profile | None) -> StoredReport:
    """Return what is stored under the key of a report, where it says the same.

    :raises StoreError: it says something else: another status, other checks or values, another profile.
    """
    (stored,) = reports_by_id(connection, [report_id(report, origin)])
    differing = _differing(stored.report, report)
    if stored.profile_hash != (None if profile is None else profile.digest):
        differing.append("the profile")
    if stored.report.status is not report.status or differing:
        raise StoreError(_sentence(stored, report, differing))
    return stored


def _differing(stored: Report, report: Report) -> list[str]:
    """Return the labels of the checks that only one of two reports has, or that came out differently."""
    before, now = _found(stored), _found(report)
    return list(dict.fromkeys(_label(*found[: len(_ABOUT)]) for found in (before - now) + (now - before)))


def _found(report: Report) -> Counter[tuple[Any, ...]]:
    rows = (check_row(_ANY, position, result) for position, result in enumerate(report.results))
    return Counter(tuple(row[name] for name in _FOUND) for row in rows)


def _label(check: str, *about: str | None) -> str:
    parts = ", ".join(part for part in about if part is not None)
    return f"{check}[{parts}]" if parts else check


def _sentence(stored: StoredReport, report: Report, differing: list[str]) -> str:
    names = ", ".join(differing[:_MOST]) + (f" and {len(differing) - _MOST} more" if len(differing) > _MOST else "")
    origin = stored.origin
    return (
        f"another verdict is stored under the key of this {report.kind} report of model {report.model!r} "
        f"({origin.dag_id}.{origin.task_id}, run {origin.run_id}, try {origin.try_number}, "
        f"as_of {report.as_of.isoformat()}): {stored.report.status} there, {report.status} now"
        + (f", other in {names}" if names else "")
        + f"; what is stored ({stored.id}) is never changed, so write this one with a later as_of, or with another "
        "run_id or attempt in its Origin"
    )
