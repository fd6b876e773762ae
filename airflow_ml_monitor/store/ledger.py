"""The ledger of labels: what the last verdict on each window of a model knew, and how many verdicts there were."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from airflow_ml_monitor.results import Status
from airflow_ml_monitor.store import tables
from airflow_ml_monitor.store.plain import plain_text
from airflow_ml_monitor.window import Window, as_utc


@dataclass(frozen=True, kw_only=True)
class LedgerEntry:
    """A window of a model and version: what was known of its labels when it was last judged.

    The counts are those of ``LabelCounts``, as the last verdict knew them; ``None`` where it could not count.

    :param coverage: labelled share of what was mature and not void; ``None`` where nothing was.
    :param completeness: labelled share of all that is not void.
    :param judged_as_of: the moment whose knowledge the last verdict used; ``judged_at``: when it was written.
    :param verdict: the status of the last verdict.
    :param verdicts: how many there were.
    :param first_judged_as_of: the earliest moment whose knowledge a verdict used.
    :param report_id: the report of the last verdict, and the task that made it.
    """

    environment: str
    model: str
    model_version: str | None
    window: Window
    predictions: int | None
    mature: int | None
    void: int | None
    labelled: int | None
    missing: int | None
    coverage: float | None
    completeness: float | None
    unmatched_labels: int | None
    corrected_labels: int | None
    judged_as_of: datetime
    judged_at: datetime
    first_judged_as_of: datetime
    verdict: Status
    verdicts: int
    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    report_id: UUID


def read_ledger(
    connection: sa.Connection,
    *,
    model: str,
    environment: str,
    model_version: str | None,
    since: datetime | None,
    until: datetime | None,
) -> list[LedgerEntry]:
    """Return the ledger of a model, its windows in the order of time."""
    view = tables.label_ledger.c
    query = sa.select(tables.label_ledger).where(
        view.model == plain_text(model), view.environment == plain_text(environment)
    )
    if model_version is not None:
        query = query.where(view.model_version == plain_text(model_version))
    if since is not None:
        query = query.where(view.window_start >= since)
    if until is not None:
        query = query.where(view.window_end <= until)
    query = query.order_by(view.window_start, view.window_end, view.model_version)
    return [_entry(dict(row)) for row in connection.execute(query).mappings()]


def _entry(row: dict[str, Any]) -> LedgerEntry:
    read: dict[str, Any] = {
        "window": Window(row["window_start"], row["window_end"]),
        "verdict": Status(row["verdict"]),
        **{name: as_utc(row[name]) for name in ("judged_as_of", "judged_at", "first_judged_as_of")},
    }
    names = [field.name for field in fields(LedgerEntry)]
    return LedgerEntry(**{name: row[name] for name in names if name not in read}, **read)
