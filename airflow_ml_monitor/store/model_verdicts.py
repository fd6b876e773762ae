"""The current verdicts on a model, the latest window first: a page costs the same at any depth of a long history."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from airflow_ml_monitor.store.loose_scan import NAMED_KINDS
from airflow_ml_monitor.store.place import Place
from airflow_ml_monitor.store.plain import plain_text
from airflow_ml_monitor.store.verdict_lists import PAGE_ROWS, SHOWN, Verdict


@dataclass(frozen=True)
class VerdictPage:
    """A page of verdicts.

    :param next: where the next page begins; ``None`` at the end.
    """

    verdicts: tuple[Verdict, ...]
    next: Place | None = None


_MOMENT = "coalesce({0}.window_end, {0}.as_of)"
_TASK = "kind, model_version, dag_id, task_id, map_index"
_LAST = "as_of DESC, written_at DESC, try_number DESC, id"
_BEFORE = "CAST(:moment AS timestamptz)"

# What the view current_report has: that would order all reports of a model, here each is looked at from the place on,
# until there are enough. Those on no window all stand for the same one, so their last ones are looked up first.
_PAGE = f"""{NAMED_KINDS}, of_no_window AS MATERIALIZED (
    SELECT DISTINCT ON ({_TASK}) id FROM ml_monitor.report
    WHERE environment = :environment AND model = :model AND window_end IS NULL ORDER BY {_TASK}, {_LAST}
)
SELECT {", ".join(f"one.{name}" for name in SHOWN)} FROM named, LATERAL (
    SELECT r.*, {_MOMENT.format("r")} AS moment FROM ml_monitor.report r
    WHERE r.environment = :environment AND r.model = :model AND r.kind = named.kind AND r.dag_id IN :dags
        AND {_MOMENT.format("r")} <= {_BEFORE} AND ({_MOMENT.format("r")} < {_BEFORE} OR r.id > CAST(:id AS uuid))
        AND (r.window_end IS NOT NULL OR r.id IN (SELECT id FROM of_no_window))
        AND NOT EXISTS (
            SELECT FROM ml_monitor.report n
            WHERE n.environment = r.environment AND n.model = r.model AND n.kind = r.kind
                AND n.window_end = r.window_end AND n.window_start = r.window_start
                AND n.model_version IS NOT DISTINCT FROM r.model_version
                AND (n.dag_id, n.task_id, n.map_index) = (r.dag_id, r.task_id, r.map_index)
                AND ((n.as_of, n.written_at, n.try_number) > (r.as_of, r.written_at, r.try_number)
                    OR (n.as_of, n.written_at, n.try_number) = (r.as_of, r.written_at, r.try_number) AND n.id < r.id))
    ORDER BY moment DESC, id LIMIT :rows) one
WHERE CAST(:kind AS text) IS NULL OR named.kind = :kind ORDER BY one.moment DESC, one.id LIMIT :rows"""


def verdicts_on(
    connection: sa.Connection,
    dags: Collection[str],
    *,
    environment: str,
    model: str,
    kind: str | None = None,
    after: Place | None = None,
) -> VerdictPage:
    """Return the current verdicts on a model, the latest window first, ``PAGE_ROWS`` of them.

    :param after: where the page before ended.
    """
    if not dags:
        return VerdictPage(())
    known: dict[str, Any] = {"environment": plain_text(environment), "model": plain_text(model)}
    known |= {"kind": kind and plain_text(kind), "dags": list(dags), "rows": PAGE_ROWS + 1}
    known |= {"moment": after.moment if after else "infinity", "id": after.report_id if after else UUID(int=0)}
    query = sa.text(_PAGE).bindparams(sa.bindparam("dags", expanding=True))
    found = [Verdict(**row) for row in connection.execute(query, known).mappings()]
    shown = found[:PAGE_ROWS]
    place = Place(_moment(shown[-1]), shown[-1].id) if len(found) > PAGE_ROWS else None
    return VerdictPage(tuple(sorted(sorted(shown, key=lambda one: one.kind), key=_moment, reverse=True)), place)


def _moment(verdict: Verdict) -> datetime:
    return verdict.window_end or verdict.as_of
