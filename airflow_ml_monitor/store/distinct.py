"""``DISTINCT ON``, as each release of SQLAlchemy takes it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql


def distinct_on(query: sa.Select[Any], *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """Return a query that gives only its first row, by its own order, for each combination of some columns' values."""
    # From 2.1 on the older way warns, into the log of every task that reads reports.
    newer = getattr(postgresql, "distinct_on", None)
    return query.distinct(*columns) if newer is None else query.ext(newer(*columns))
