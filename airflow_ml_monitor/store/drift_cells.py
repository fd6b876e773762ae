"""Columns by windows: what drifted when."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from airflow_ml_monitor.store.timelines import Subject, moments, window_verdicts

_WORSE = ("pass", "insufficient", "warn", "fail", "error")

# Numbers, since the greatest of several is asked for; by CASE, which is looked up faster than a place in an array.
_BADNESS = " ".join(f"WHEN '{status}' THEN {place}" for place, status in enumerate(_WORSE))

# A quotient that a float cannot hold would be an error of PostgreSQL's, and no cell would be shown: it is left out.
_EFFECT = """CASE WHEN (value = 0 OR abs(value) BETWEEN 1e-150 AND 1e150) AND abs(limit_upper) BETWEEN 1e-150 AND 1e150
    THEN value / limit_upper END"""

_CELLS = f"""
SELECT report_id, column_name, max(CASE status {_BADNESS} END) AS badness, max({_EFFECT}) AS effect
FROM ml_monitor.check_result WHERE report_id IN :reports AND column_name IS NOT NULL GROUP BY report_id, column_name"""


@dataclass(frozen=True)
class Cell:
    """A column in a window: the worst of its checks, and the greatest effect in units of its limit.

    :param effect: ``None`` without a limit, and where value or limit is beyond 1e150.
    """

    column: str
    window_start: datetime
    window_end: datetime
    status: str
    effect: float | None
    report_id: UUID

    @property
    def badness(self) -> int:
        """The place of the status from the best."""
        return _WORSE.index(self.status)


def drift_cells(
    connection: sa.Connection, dags: Collection[str], *, environment: str, model: str, windows: int
) -> list[Cell]:
    """Return what the columns of a model did in its latest windows, in the order of time.

    :param windows: how many of them. Of several tasks that judged a column of a window each has a cell, the worst last.
    """
    subject = Subject(dags=dags, environment=environment, model=model, kind="drift")
    ends = moments(connection, subject, most=windows)
    if not ends:
        return []
    verdicts = {one.id: one for one in window_verdicts(connection, subject, first=ends[-1], last=ends[0])}
    query = sa.text(_CELLS).bindparams(sa.bindparam("reports", expanding=True))
    found = []
    for row in connection.execute(query, {"reports": list(verdicts)}):
        one, status = verdicts[row.report_id], _WORSE[row.badness]
        if one.window_start is not None and one.window_end is not None:
            found.append(Cell(row.column_name, one.window_start, one.window_end, status, row.effect, one.id))
    return sorted(found, key=lambda cell: (cell.window_start, cell.column, cell.badness))
