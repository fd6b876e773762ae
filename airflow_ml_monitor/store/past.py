"""Reports of the past, the latest first."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from airflow_ml_monitor.store import tables
from airflow_ml_monitor.store.plain import plain_text
from airflow_ml_monitor.store.reading import stored_reports
from airflow_ml_monitor.store.stored import StoredReport


def past_reports(
    connection: sa.Connection,
    *,
    model: str | None,
    environment: str | None,
    kinds: Collection[str] | None,
    statuses: Collection[str] | None,
    since: datetime | None,
    until: datetime | None,
    superseded: bool,
    limit: int,
) -> list[StoredReport]:
    """Return at most ``limit`` reports, those of the latest windows first, then those written last."""
    table = tables.report if superseded else tables.current_report
    column = table.c
    query = sa.select(table)
    for name, texts in {
        "model": None if model is None else [model],
        "environment": None if environment is None else [environment],
        "kind": kinds,
        "status": statuses,
    }.items():
        if texts is not None:
            query = query.where(column[name].in_([plain_text(text) for text in texts]))
    if since is not None:
        query = query.where(sa.func.coalesce(column.window_end, column.as_of) > since)
    if until is not None:
        query = query.where(sa.func.coalesce(column.window_start, column.as_of) < until)
    newest = sa.desc(sa.func.coalesce(column.window_end, column.as_of))
    return stored_reports(connection, query.order_by(newest, sa.desc(column.written_at), column.id).limit(limit))
