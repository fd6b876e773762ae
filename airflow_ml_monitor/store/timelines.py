"""A model's verdicts of one kind in the order of time: what counts now of each window, and what was measured there."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from airflow_ml_monitor.store import tables
from airflow_ml_monitor.store.loose_scan import NAMED_KINDS
from airflow_ml_monitor.store.plain import plain_text
from airflow_ml_monitor.store.references import reference_versions
from airflow_ml_monitor.store.stored import ReferenceVersion
from airflow_ml_monitor.store.verdict_lists import Verdict

WINDOWS = 60
"""Windows of a page."""

MOST_VERDICTS = 600
MOST_NAMES = 300

_check = tables.check_result.c


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What a timeline is of: one kind of verdict on a model, by DAGs that may be read."""

    dags: Collection[str]
    environment: str
    model: str
    kind: str

    @property
    def known(self) -> dict[str, Any]:
        texts = {name: plain_text(getattr(self, name)) for name in ("environment", "model", "kind")}
        return {**texts, "dags": list(self.dags)}


@dataclass(frozen=True)
class WindowVerdict(Verdict):
    """The verdict that counts for a window.

    :param reference: what the window was compared with; ``None`` where with nothing.
    :param earlier: how many verdicts on the window it replaced.
    """

    reference: str | None
    earlier: int

    @property
    def start(self) -> datetime:
        return self.window_start or self.as_of

    @property
    def end(self) -> datetime:
        return self.window_end or self.as_of


@dataclass(frozen=True)
class Measured:
    """One check of a verdict: numbers and status alone."""

    report_id: UUID
    check: str
    metric: str
    value: float | None
    limit_lower: float | None
    limit_upper: float | None
    interval_lower: float | None
    interval_upper: float | None
    n_current: int | None
    status: str
    severity: str


_KINDS = f"""{NAMED_KINDS}
SELECT kind FROM named WHERE EXISTS (
    SELECT FROM ml_monitor.report r
    WHERE r.environment = :environment AND r.model = :model AND r.kind = named.kind AND r.dag_id IN :dags)"""

_OF_SUBJECT = "environment = :environment AND model = :model AND kind = :kind AND dag_id IN :dags"
_MOMENT = "coalesce(window_end, as_of)"

_MOMENTS = f"""
SELECT DISTINCT {_MOMENT} AS moment FROM ml_monitor.report
WHERE {_OF_SUBJECT} AND {_MOMENT} < CAST(:before AS timestamptz) ORDER BY moment DESC LIMIT :windows"""

# A mapped task judges a window under another map index each time, so what the latest run said of it is what counts;
# of a task that is mapped over segments all that this run said.
_VERDICTS = f"""
SELECT {{columns}}, verdicts - count(*) OVER same AS earlier FROM (
    SELECT *, {_MOMENT} AS moment, count(*) OVER same AS verdicts,
        first_value(run_id) OVER (same ORDER BY as_of DESC, written_at DESC, try_number DESC, id) AS last_run,
        row_number() OVER (PARTITION BY {_MOMENT}, window_start, model_version, dag_id, task_id, run_id, map_index
            ORDER BY as_of DESC, written_at DESC, try_number DESC, id) AS place
    FROM ml_monitor.report
    WHERE {_OF_SUBJECT} AND {_MOMENT} >= :first AND {_MOMENT} <= :last
    WINDOW same AS (PARTITION BY {_MOMENT}, window_start, model_version, dag_id, task_id)
) judged
WHERE run_id = last_run AND place = 1
WINDOW same AS (PARTITION BY moment, window_start, model_version, dag_id, task_id)
ORDER BY moment DESC, window_start DESC, dag_id, task_id, model_version, map_index LIMIT :most"""


def kinds_of(connection: sa.Connection, dags: Collection[str], *, environment: str, model: str) -> list[str]:
    """Return the kinds of verdicts there are on a model, in the order of the alphabet."""
    known = {"environment": plain_text(environment), "model": plain_text(model), "dags": list(dags)}
    return list(connection.scalars(_query(_KINDS), known)) if dags else []


def moments(
    connection: sa.Connection, subject: Subject, *, before: datetime | None = None, most: int
) -> list[datetime]:
    """Return when the latest windows end, the latest first. A verdict on no window stands at its ``as_of``.

    :param before: only what ends before; ``most``: how many.
    """
    if not subject.dags:
        return []
    known = subject.known | {"before": before or "infinity", "windows": most}
    return list(connection.scalars(_query(_MOMENTS), known))


def window_verdicts(
    connection: sa.Connection, subject: Subject, *, first: datetime, last: datetime
) -> list[WindowVerdict]:
    """Return the verdicts that count for the windows that end from ``first`` to ``last``, in the order of time.

    Of more than ``MOST_VERDICTS`` the latest.
    """
    columns = ", ".join(each.name for each in fields(WindowVerdict) if each.name != "earlier")
    known = subject.known | {"first": first, "last": last, "most": MOST_VERDICTS}
    found = connection.execute(_query(_VERDICTS.format(columns=columns)), known).mappings()
    return [WindowVerdict(**row) for row in found][::-1]


def measured(
    connection: sa.Connection, reports: Collection[UUID], *, column: str | None = None, segment: str | None = None
) -> list[Measured]:
    """Return what was measured in reports: of all rows and the model, or of a column, a segment or both."""
    shown = [_check[name] for name in ("report_id", "check_name", "metric", "value")]
    shown += [_check[name] for name in ("limit_lower", "limit_upper", "interval_lower", "interval_upper")]
    shown += [_check[name] for name in ("n_current", "status", "severity")]
    query = sa.select(*shown).where(
        _check.report_id.in_(list(reports)),
        _check.column_name.is_not_distinct_from(_plain(column)),
        _check.segment.is_not_distinct_from(_plain(segment)),
    )
    return [Measured(*row) for row in connection.execute(query.order_by(_check.report_id, _check.position))]


def parts(connection: sa.Connection, reports: Sequence[UUID]) -> tuple[list[str], list[str]]:
    """Return the columns and the segments that reports have checks of."""
    found = []
    for name in (_check.column_name, _check.segment):
        query = sa.select(name).distinct().where(_check.report_id.in_(reports), name.is_not(None))
        found.append(list(connection.scalars(query.order_by(name).limit(MOST_NAMES))))
    return found[0], found[1]


def references_of(connection: sa.Connection, subject: Subject) -> list[ReferenceVersion]:
    """Return the versions of a model's references that DAGs to be read made, the latest first."""
    found = reference_versions(connection, model=subject.model, environment=subject.environment)
    mine = [version for version in found if version.origin.dag_id in subject.dags]
    return sorted(mine, key=lambda version: version.created_at, reverse=True)


def _query(text: str) -> sa.TextClause:
    return sa.text(text).bindparams(sa.bindparam("dags", expanding=True))


def _plain(text: str | None) -> str | None:
    return None if text is None else plain_text(text)
