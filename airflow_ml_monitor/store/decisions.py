"""What people decided on reports: written once, never changed; the last one on a report counts."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.store import tables
from airflow_ml_monitor.store.distinct import distinct_on
from airflow_ml_monitor.store.plain import plain_text
from airflow_ml_monitor.window import as_utc


@dataclass(frozen=True, kw_only=True)
class Decision:
    """A person's answer to one report.

    :param report_id: the report it is about.
    :param approved: whether a gate may let the report through.
    :param decided_by: who; ``None`` where nobody answered in time, which can only refuse.
    :param reason: why, in their words; an approval has one.
    :param decided_at: when they answered.
    :param dag_id: with ``run_id``, ``task_id`` and ``map_index``: the task that asked.
    :raises ConfigurationError: an approval by nobody or without a reason.
    """

    report_id: UUID
    approved: bool
    decided_by: str | None
    reason: str
    decided_at: datetime
    dag_id: str
    run_id: str
    task_id: str
    map_index: int = -1

    def __post_init__(self) -> None:
        object.__setattr__(self, "decided_at", as_utc(self.decided_at, what="decided_at"))
        object.__setattr__(self, "reason", self.reason.strip())
        if self.approved and not (self.decided_by and self.reason):
            missing = "a person who decided it" if not self.decided_by else "a reason"
            raise ConfigurationError(f"the approval of report {self.report_id} has not {missing}; it needs both")

    def __str__(self) -> str:
        when = self.decided_at.isoformat(timespec="seconds").replace("+00:00", "Z")
        if self.decided_by is None:
            return f"refused at {when}: nobody answered in time"
        how = "approved" if self.approved else "refused"
        return f"{how} by {self.decided_by} at {when}" + (f": {self.reason}" if self.reason else "")


def save_decisions(connection: sa.Connection, decisions: Iterable[Decision]) -> None:
    """Write decisions, and on each report who let it through; what is written already changes nothing."""
    for one in decisions:
        connection.execute(insert(tables.decision).values(_row(one)).on_conflict_do_nothing())
        _mark_report(connection, last_decisions(connection, [one.report_id])[one.report_id])


def last_decisions(connection: sa.Connection, reports: Collection[UUID]) -> dict[UUID, Decision]:
    """Return the last decision on each of these reports that has one."""
    table = tables.decision
    names = [table.c[name] for name in Decision.__dataclass_fields__]
    query = distinct_on(sa.select(*names), table.c.report_id).where(table.c.report_id.in_(list(reports)))
    rows = connection.execute(query.order_by(table.c.report_id, sa.desc(table.c.decided_at))).mappings()
    return {row["report_id"]: Decision(**row) for row in rows}


def _row(decision: Decision) -> dict[str, Any]:
    values = {name: getattr(decision, name) for name in Decision.__dataclass_fields__}
    return {name: plain_text(value) if isinstance(value, str) else value for name, value in values.items()}


def _mark_report(connection: sa.Connection, last: Decision) -> None:
    """Show an approval in every view of reports; a later refusal takes it away."""
    columns = {"overridden_by": "decided_by", "override_reason": "reason", "overridden_at": "decided_at"}
    shown = {column: getattr(last, name) if last.approved else None for column, name in columns.items()}
    connection.execute(sa.update(tables.report).where(tables.report.c.id == last.report_id).values(shown))
