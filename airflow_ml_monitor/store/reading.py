"""Reading reports back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from airflow_ml_monitor.store import tables
from airflow_ml_monitor.store.distinct import distinct_on
from airflow_ml_monitor.store.plain import plain_text
from airflow_ml_monitor.store.rows import Row, stored_report
from airflow_ml_monitor.store.stored import StoredReport
from airflow_ml_monitor.window import Window


def reports_by_id(connection: sa.Connection, ids: Iterable[UUID]) -> list[StoredReport]:
    """Return the reports with these ids in the order asked for; ids that are not stored are left out."""
    wanted = list(dict.fromkeys(ids))
    found = stored_reports(connection, sa.select(tables.report).where(tables.report.c.id.in_(wanted)))
    by_id = {stored.id: stored for stored in found}
    return [by_id[key] for key in wanted if key in by_id]


def current_reports(
    connection: sa.Connection,
    *,
    model: str,
    environment: str,
    window: Window | None,
    kinds: Collection[str] | None,
    model_version: str | None,
) -> list[StoredReport]:
    """Return a model's current reports, the latest window first."""
    view = tables.current_report
    query = sa.select(view).where(
        view.c.model == plain_text(model),
        view.c.environment == plain_text(environment),
        *_one_of(view.c.kind, kinds),
        *_one_of(view.c.model_version, model_version),
    )
    if window is not None:
        query = query.where(view.c.window_start == window.start, view.c.window_end == window.end)
    order = [view.c[name] for name in ("kind", "model_version", "dag_id", "task_id", "map_index")]
    return stored_reports(connection, query.order_by(sa.desc(view.c.window_end).nulls_last(), *order))


def run_reports(
    connection: sa.Connection,
    *,
    dag_id: str,
    run_id: str,
    task_ids: Collection[str] | None,
    environment: str | None,
) -> list[StoredReport]:
    """Return what the latest try of each task (and map index) of a DAG run reported.

    The latest is the one that wrote last: a run that is deleted and made again counts its tries from one.
    """
    report = tables.report
    one_task = (report.c.environment, report.c.task_id, report.c.map_index)
    newest = (sa.desc(report.c.written_at), sa.desc(report.c.try_number))
    last = [
        sa.func.first_value(column).over(partition_by=one_task, order_by=newest).label(f"last_{column.name}")
        for column in (report.c.attempt, report.c.try_number)
    ]
    query = sa.select(report, *last).where(
        report.c.dag_id == plain_text(dag_id),
        report.c.run_id == plain_text(run_id),
        *_one_of(report.c.task_id, task_ids),
        *_one_of(report.c.environment, environment),
    )
    ranked = query.subquery()
    judged = [ranked.c[name] for name in ("task_id", "map_index", "environment", "model", "kind", "model_version")]
    judged += [ranked.c.window_start, ranked.c.window_end]
    latest = distinct_on(sa.select(*(ranked.c[column.name] for column in report.columns)), *judged)
    latest = latest.where(
        ranked.c.attempt.is_not_distinct_from(ranked.c.last_attempt), ranked.c.try_number == ranked.c.last_try_number
    )
    latest = latest.order_by(*judged, sa.desc(ranked.c.as_of), sa.desc(ranked.c.written_at))
    return stored_reports(connection, latest)


def _one_of(column: sa.ColumnElement[Any], texts: Collection[str] | None) -> Sequence[sa.ColumnElement[bool]]:
    if texts is None:
        return ()
    wanted = [texts] if isinstance(texts, str) else texts
    return (column.in_([plain_text(text) for text in wanted]),)


def stored_reports(
    connection: sa.Connection, query: sa.Select[Any], *, column: str | None = None
) -> list[StoredReport]:
    """Return the reports that a query over ``report`` or one of its views gives, with their checks.

    :param column: only with the checks of this column; ``None`` for all.
    """
    rows = [dict(row) for row in connection.execute(query).mappings()]
    checks = _checks(connection, [row["id"] for row in rows], column)
    return [stored_report(row, checks[row["id"]]) for row in rows]


def _checks(connection: sa.Connection, ids: Sequence[UUID], column: str | None) -> defaultdict[UUID, list[Row]]:
    checks: defaultdict[UUID, list[Row]] = defaultdict(list)
    if not ids:
        return checks
    table = tables.check_result
    query = sa.select(table).where(table.c.report_id.in_(ids)).order_by(table.c.report_id, table.c.position)
    if column is not None:
        query = query.where(table.c.column_name == plain_text(column))
    for check in connection.execute(query).mappings():
        checks[check["report_id"]].append(dict(check))
    return checks
