"""The profiles behind one column of a report: of the reference and of the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from airflow_ml_monitor.store import tables
from airflow_ml_monitor.store.stored import StoredReport

if TYPE_CHECKING:
    from airflow_ml_monitor.profile.columns import ColumnProfile

_profile = tables.profile.c


def column_profiles(
    connection: sa.Connection, stored: StoredReport, column: str
) -> tuple[ColumnProfile | None, ColumnProfile | None]:
    """Return what the reference and the window of a report say of a column; ``None`` where that is not stored.

    The reference is found by its digest, which drift reports have in their configuration.

    :raises DataError: a profile that this version cannot read.
    """
    from airflow_ml_monitor.profile import Profile

    digests = [str(stored.report.config.get("reference", "")), stored.profile_hash or ""]
    query = sa.select(_profile.hash, _profile.content).where(_profile.hash.in_(digests))
    contents = {row.hash: bytes(row.content) for row in connection.execute(query)}
    read = {
        digest: Profile.from_bytes(content, columns=[column]).columns.get(column)
        for digest, content in contents.items()
    }
    reference, current = (read.get(digest) for digest in digests)
    return reference, current
