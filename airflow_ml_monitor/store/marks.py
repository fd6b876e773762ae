"""How far each watch over arriving labels has come: where it goes on after a restart."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from airflow_ml_monitor.store import tables
from airflow_ml_monitor.window import as_utc


def read_mark(connection: sa.Connection, watch: str) -> tuple[datetime, int] | None:
    """Return the latest arrival that a watch has told of, and how many came shortly before; ``None`` if it is new."""
    mark = tables.arrival_mark.c
    row = connection.execute(sa.select(mark.newest, mark.recent).where(mark.watch == watch)).one_or_none()
    return None if row is None else (as_utc(row.newest), int(row.recent))


def save_mark(connection: sa.Connection, watch: str, newest: datetime, recent: int) -> None:
    """Keep how far a watch has come."""
    query = insert(tables.arrival_mark).values(watch=watch, newest=newest, recent=recent)
    changed = {"newest": newest, "recent": recent, "updated_at": sa.func.now()}
    connection.execute(query.on_conflict_do_update(index_elements=["watch"], set_=changed))
