"""Profiles of the windows that were judged."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from airflow_ml_monitor.store import tables
from airflow_ml_monitor.store.plain import plain_text

if TYPE_CHECKING:
    from airflow_ml_monitor.profile import Profile


def window_profiles(
    connection: sa.Connection,
    *,
    model: str,
    environment: str,
    kind: str,
    since: datetime | None,
    until: datetime | None,
) -> list[Profile]:
    """Return the profiles that a model's current reports of one kind were made from, in the order of their windows.

    A profile that several reports share is returned once.
    """
    from airflow_ml_monitor.profile import Profile

    view = tables.current_report.c
    query = sa.select(tables.profile.c.hash, tables.profile.c.content).join(
        tables.current_report, view.profile_hash == tables.profile.c.hash
    )
    query = query.where(
        view.model == plain_text(model), view.environment == plain_text(environment), view.kind == kind
    ).order_by(view.window_start.nulls_first(), view.written_at)
    if since is not None:
        query = query.where(view.window_start >= since)
    if until is not None:
        query = query.where(view.window_end <= until)
    found = {row.hash: bytes(row.content) for row in connection.execute(query)}
    return [Profile.from_bytes(content) for content in found.values()]
