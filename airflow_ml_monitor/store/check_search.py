"""Searching for checks in all that was ever judged, the newest first."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg2
import sqlalchemy as sa

from airflow_ml_monitor.results import CheckResult, Limits, Status, task_name
from airflow_ml_monitor.store import tables
from airflow_ml_monitor.store.check_conditions import CheckSearch, Conditions, conditions
from airflow_ml_monitor.store.place import Place
from airflow_ml_monitor.store.verdict_lists import PAGE_ROWS

MOST_HITS = 2_000
INDEX_MS = 100
"""So long the index may take to tell at most so many checks; else what was written last is looked through instead."""

LOOKED_AT_REPORTS = 2_000
LOOKED_AT_CHECKS = 10_000


@dataclass(frozen=True)
class FoundCheck:
    """A check, and the report that it is of."""

    report_id: UUID
    position: int
    written_at: datetime
    environment: str
    model: str
    model_version: str | None
    kind: str
    window_start: datetime | None
    window_end: datetime | None
    dag_id: str
    task_id: str
    map_index: int
    check_name: str
    metric: str
    column_name: str | None
    segment: str | None
    value: float | None
    limit_lower: float | None
    limit_upper: float | None
    status: str
    severity: str
    message: str

    @property
    def task(self) -> str:
        return task_name(self.task_id, self.map_index)

    @property
    def result(self) -> CheckResult:
        """The check itself, without its detail."""
        return CheckResult(
            check=self.check_name,
            metric=self.metric,
            status=Status(self.status),
            column=self.column_name,
            segment=self.segment,
            value=self.value,
            limits=Limits(self.limit_lower, self.limit_upper),
        )


@dataclass(frozen=True)
class Found:
    """A page of checks.

    :param next: where the next page begins; ``None`` at the end.
    :param back_to: since when all was looked through, where that was not the whole store.
    """

    checks: tuple[FoundCheck, ...]
    next: Place | None = None
    back_to: datetime | None = None


_SHOWN = [each.name for each in fields(FoundCheck)]
_OF_CHECK = {column.name for column in tables.check_result.columns} - {"report_id"}
_COLUMNS = ", ".join(
    "r.id AS report_id" if name == "report_id" else f"{'c' if name in _OF_CHECK else 'r'}.{name}" for name in _SHOWN
)

_ORDER = "ORDER BY r.written_at DESC, r.id DESC, c.position LIMIT :rows"

# Checks first, by an index, then their reports: which of both is asked first is not left to the planner, whose guess of
# how many checks have a word is far too high for a rare one.
_HITS = "SELECT report_id, position FROM ml_monitor.check_result c WHERE {by_index} LIMIT :most"

_COUNT = f"SELECT count(*) FROM ({_HITS}) hits"

_OF_HITS = f"""WITH hits AS MATERIALIZED ({_HITS})
SELECT {_COLUMNS}
FROM hits JOIN ml_monitor.check_result c USING (report_id, position) JOIN ml_monitor.report r ON r.id = c.report_id
WHERE {{of_report}} AND {{of_check}} {_ORDER}"""

# How many checks a report has is told by its counts.
_NEWEST = """SELECT *, sum(checks) OVER (ORDER BY written_at DESC, id DESC) - checks AS earlier FROM (
    SELECT r.*, (SELECT sum(number::int) FROM jsonb_each_text(counts) AS one (status, number)) AS checks
    FROM ml_monitor.report r WHERE {of_report} ORDER BY r.written_at DESC, r.id DESC LIMIT :reports) newest"""

# Report by report, until there are enough: OFFSET 0 keeps the planner from looking at all checks of a status first.
_LAST = f"""SELECT {_COLUMNS}
FROM (SELECT * FROM ({_NEWEST}) counted WHERE earlier < :checks) r
    CROSS JOIN LATERAL (SELECT * FROM ml_monitor.check_result WHERE report_id = r.id OFFSET 0) c
WHERE {{by_hand}} AND {{of_check}} {_ORDER}"""

_LOOKED_AT = f"""SELECT min(written_at) FILTER (WHERE earlier < :checks) AS last,
    (array_agg(id ORDER BY written_at, id) FILTER (WHERE earlier < :checks))[1] AS id,
    count(*) = :reports OR bool_or(earlier >= :checks) AS further
FROM ({_NEWEST}) counted"""


def search_checks(
    connection: sa.Connection, dags: Collection[str], search: CheckSearch, *, after: Place | None = None
) -> Found:
    """Return ``PAGE_ROWS`` checks in reports of these DAGs, the report written last first.

    Where the index cannot tell them fast, since very many checks have these words, the reports written last are looked
    through, and the page says how far back.

    :param after: where the page before ended.
    """
    wanted = conditions(connection, dags, search, after) if dags else None
    if wanted is None:
        return Found(())
    found = _by_index(connection, wanted) if wanted.by_index else None
    return _in_last(connection, wanted) if found is None else found


def _by_index(connection: sa.Connection, wanted: Conditions) -> Found | None:
    """Return the checks of all times; ``None`` where the index tells too many of them, or not soon."""
    known = {**wanted.known, "most": MOST_HITS}
    inside = connection.begin_nested()
    try:
        connection.execute(sa.text(f"SET LOCAL statement_timeout = {INDEX_MS}"))
        if connection.execute(wanted.query(_COUNT), known).scalar_one() == MOST_HITS:
            return None
        checks = _checks(connection, wanted.query(_OF_HITS), known)
    except sa.exc.OperationalError as error:
        if not isinstance(error.orig, psycopg2.errors.QueryCanceled):
            raise
        return None
    finally:
        inside.rollback()  # brings back the time that a query may take
    return Found(checks[:PAGE_ROWS], _next(checks))


def _in_last(connection: sa.Connection, wanted: Conditions) -> Found:
    """Return the checks of the reports written last, and how far back these go."""
    known = {**wanted.known, "reports": LOOKED_AT_REPORTS, "checks": LOOKED_AT_CHECKS}
    checks = _checks(connection, wanted.query(_LAST), known)
    if len(checks) > PAGE_ROWS:
        return Found(checks[:PAGE_ROWS], _next(checks))
    looked_at = connection.execute(wanted.query(_LOOKED_AT), known).one()
    if looked_at.last is None or not looked_at.further:
        return Found(checks)
    return Found(checks, Place(looked_at.last, looked_at.id), looked_at.last)


def _checks(connection: sa.Connection, query: sa.TextClause, known: Mapping[str, Any]) -> tuple[FoundCheck, ...]:
    return tuple(FoundCheck(**row) for row in connection.execute(query, {**known, "rows": PAGE_ROWS + 1}).mappings())


def _next(checks: Sequence[FoundCheck]) -> Place | None:
    if len(checks) <= PAGE_ROWS:
        return None
    last = checks[PAGE_ROWS - 1]
    return Place(last.written_at, last.report_id, last.position)
