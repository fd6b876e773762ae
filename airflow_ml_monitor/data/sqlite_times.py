"""Times in SQLite, which keeps them as texts: one form to compare, whatever form they were written in.

``2013-01-01``, ``2013-01-01 05:00``, ``2013-01-01T05:00:00`` and ``2013-01-01 05:00:00.5`` are all ISO 8601 and do not
sort as texts. SQLite's own ``datetime()`` drops fractions and its ``strftime`` rounds them to milliseconds, so the text
itself is completed, to microseconds.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from airflow_ml_monitor.errors import DataError

if TYPE_CHECKING:
    import sqlalchemy as sa

_COMPLETE = "0000-01-01 00:00:00.000000"
_DAY = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]"
_PATTERN = f"{_DAY} [0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]"


def comparable(column: Any, *, days: bool) -> sa.ColumnElement[str]:
    """Return a column of texts as ones that sort by time; what is no such time stays as it is.

    :param days: the column is of days, without a time.
    """
    import sqlalchemy as sa

    form = sa.func.substr(_completed(column), 1, 10) if days else _completed(column)
    return sa.case((_is_time(column), form), else_=column)


def as_text(bound: date) -> str:
    """Return a time or day in the form that ``comparable`` gives a column."""
    if isinstance(bound, datetime):
        return bound.isoformat(" ", timespec="microseconds")
    return bound.isoformat()


def require_times(connection: sa.Connection, source: Any, column: str, label: str) -> None:
    """Raise where a column holds something that would fall outside of every window, or into a wrong one.

    :raises DataError: a value is a number, or a text that is no ISO 8601 time or has an offset.
    """
    import sqlalchemy as sa

    values: Any = sa.column(column)
    odd = sa.select(values).select_from(source).where(values.is_not(None), sa.not_(_is_time(values))).limit(1)
    found = connection.execute(odd).first()
    if found is not None:
        raise DataError(
            f"time column {column!r} of {label} holds {found[0]!r:.60}; SQLite has no times of its own, "
            "so write ISO 8601 texts without an offset, such as '2013-02-04 05:00:00'"
        )


def _completed(column: Any) -> Any:
    import sqlalchemy as sa

    rest = sa.func.substr(_COMPLETE, sa.func.length(column) + 1)
    return sa.func.substr(sa.func.replace(column, "T", " ").concat(rest), 1, len(_COMPLETE), type_=sa.String())


def _is_time(column: Any) -> Any:
    import sqlalchemy as sa

    full = _completed(column)
    return sa.and_(
        full.op("GLOB")(_PATTERN),
        sa.not_(sa.func.substr(column, len(_COMPLETE) + 1).op("GLOB")("*[^0-9]*")),
        sa.func.datetime(full).is_not(None),
    )
