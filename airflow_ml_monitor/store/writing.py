"""Writing a report: once per key, all of it or nothing."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from airflow_ml_monitor.results import Origin, Report
from airflow_ml_monitor.store import tables
from airflow_ml_monitor.store.keys import report_id
from airflow_ml_monitor.store.plain import json_text
from airflow_ml_monitor.store.rows import Row, check_row, report_row, stored_report
from airflow_ml_monitor.store.stored import StoredReport

if TYPE_CHECKING:
    from airflow_ml_monitor.profile import Profile

# How COPY's text format writes what would otherwise end a value, a row or the escape itself.
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def insert_report(
    connection: sa.Connection, report: Report, origin: Origin, profile: Profile | None
) -> StoredReport | None:
    """Insert a report, its checks and its window's profile; return ``None`` where its key is in the store already."""
    row = report_row(report_id(report, origin), report, origin)
    row["profile_hash"] = None if profile is None else profile.digest
    written_at = connection.scalar(
        insert(tables.report).values(row).on_conflict_do_nothing().returning(tables.report.c.written_at)
    )
    if written_at is None:
        return None
    checks = [check_row(row["id"], position, result) for position, result in enumerate(report.results)]
    _copy(connection, tables.check_result, checks)
    if profile is not None:
        insert_profile(connection, profile)
    return stored_report({**row, "written_at": written_at}, checks)


def insert_profile(connection: sa.Connection, profile: Profile) -> None:
    """Insert a profile; nothing changes where its content is in the store already."""
    row = {"hash": profile.digest, "content": profile.to_bytes(), "rows": int(profile.rows)}
    connection.execute(insert(tables.profile).values(row).on_conflict_do_nothing())


def _copy(connection: sa.Connection, table: sa.Table, rows: Sequence[Row]) -> None:
    """Insert rows by ``COPY``, several times as fast as the fastest ``INSERT``."""
    if not rows:
        return
    names = list(rows[0])
    lines = io.StringIO("".join(_line(row.values()) for row in rows))
    cursor: Any = connection.connection.cursor()
    cursor.copy_expert(f"COPY {table.fullname} ({', '.join(names)}) FROM STDIN", lines)


def _line(values: Iterable[Any]) -> str:
    return "\t".join(map(_field, values)) + "\n"


def _field(value: Any) -> str:
    if value is None:
        return r"\N"
    if isinstance(value, (int, float)):
        return repr(value)
    text = json_text(value) if isinstance(value, dict) else str(value)
    return text.translate(_ESCAPES)
