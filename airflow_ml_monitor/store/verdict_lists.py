"""Verdicts as lists, of some DAGs and no others: what a user may read is cut in SQL."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from airflow_ml_monitor.results import task_name
from airflow_ml_monitor.store import tables
from airflow_ml_monitor.store.loose_scan import NAMED_MODELS
from airflow_ml_monitor.store.plain import plain_text
from airflow_ml_monitor.store.reading import stored_reports
from airflow_ml_monitor.store.stored import StoredReport

PAGE_ROWS = 50

_report = tables.report.c


@dataclass(frozen=True)
class Verdict:
    """A report as a row of a list; ``message`` is its headline and reasons."""

    id: UUID
    environment: str
    model: str
    model_version: str | None
    kind: str
    window_start: datetime | None
    window_end: datetime | None
    as_of: datetime
    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    status: str
    message: str

    @property
    def task(self) -> str:
        return task_name(self.task_id, self.map_index)


SHOWN = tuple(each.name for each in fields(Verdict))


_LATEST = f"""{NAMED_MODELS}, mine AS (
    SELECT environment, model FROM named WHERE EXISTS (
        SELECT FROM ml_monitor.report r
        WHERE r.environment = named.environment AND r.model = named.model AND r.dag_id IN :dags)
    ORDER BY environment, model OFFSET :after LIMIT :rows
), tasks AS (
    SELECT first.* FROM mine, LATERAL (
        SELECT environment, model, kind, dag_id, task_id FROM ml_monitor.report r
        WHERE r.environment = mine.environment AND r.model = mine.model ORDER BY kind, dag_id, task_id LIMIT 1) first
    UNION ALL
    SELECT further.* FROM tasks t, LATERAL (
        SELECT environment, model, kind, dag_id, task_id FROM ml_monitor.report r
        WHERE r.environment = t.environment AND r.model = t.model
            AND (r.kind, r.dag_id, r.task_id) > (t.kind, t.dag_id, t.task_id)
        ORDER BY kind, dag_id, task_id LIMIT 1) further
)
SELECT {{columns}} FROM tasks t, LATERAL (
    SELECT * FROM ml_monitor.report r
    WHERE r.environment = t.environment AND r.model = t.model AND r.kind = t.kind AND r.dag_id = t.dag_id
        AND r.task_id = t.task_id
    ORDER BY coalesce(window_end, as_of) DESC, as_of DESC, written_at DESC LIMIT 1) latest
WHERE t.dag_id IN :dags
ORDER BY latest.environment, latest.model, latest.kind, latest.dag_id, latest.task_id"""


def latest_verdicts(connection: sa.Connection, dags: Collection[str], *, after: int = 0) -> list[Verdict]:
    """Return the verdict of each task on its latest window of ``PAGE_ROWS`` models, by environment and model.

    Models, tasks and their latest windows are looked up one by one, so that a long history costs nothing.

    :param after: how many models to leave out.
    """
    if not dags:
        return []
    columns = ", ".join(f"latest.{name}" for name in SHOWN)
    query = sa.text(_LATEST.format(columns=columns)).bindparams(sa.bindparam("dags", expanding=True))
    known = {"dags": list(dags), "after": after, "rows": PAGE_ROWS}
    return [Verdict(**row) for row in connection.execute(query, known).mappings()]


def verdicts_of(
    connection: sa.Connection,
    dags: Collection[str],
    *,
    dag_id: str,
    run_id: str | None = None,
    task_id: str | None = None,
    after: int = 0,
) -> list[Verdict]:
    """Return what a DAG, one of its runs or tasks reported, the latest first, ``PAGE_ROWS`` of them."""
    query = sa.select(*(_report[name] for name in SHOWN)).where(
        _report.dag_id.in_(dags), _report.dag_id == plain_text(dag_id)
    )
    for column, wanted in ((_report.run_id, run_id), (_report.task_id, task_id)):
        if wanted is not None:
            query = query.where(column == plain_text(wanted))
    order = (sa.desc(_report.written_at), _report.id)
    found = connection.execute(query.order_by(*order).offset(after).limit(PAGE_ROWS)).mappings()
    return [Verdict(**row) for row in found]


def report_of(
    connection: sa.Connection, dags: Collection[str], key: UUID, *, column: str | None = None
) -> StoredReport | None:
    """Return a report; ``None`` where there is none, or of a DAG that is not to be read.

    :param column: only with the checks of this column.
    """
    query = sa.select(tables.report).where(_report.id == key, _report.dag_id.in_(dags))
    return next(iter(stored_reports(connection, query, column=column)), None)
