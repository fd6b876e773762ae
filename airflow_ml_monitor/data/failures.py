"""What a database says in place of rows, as one sentence that names the dataset and its connection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from airflow_ml_monitor.errors import DataError, SourceError

if TYPE_CHECKING:
    import sqlalchemy as sa

_REACH = "check that its database is up, and host, login and password of the connection"


@contextmanager
def source_errors(label: str) -> Iterator[None]:
    """Turn what a database driver raises inside into an error about ``label``, the dataset in words.

    :raises SourceError: the database cannot be reached or gave up; a later try may succeed.
    :raises DataError: it refuses what was asked of it.
    """
    import sqlalchemy as sa

    try:
        yield
    except sa.exc.DBAPIError as error:
        said = str(error.orig).strip() or type(error.orig).__name__
        if not _may_pass(error):
            raise DataError(f"{label} cannot be read: {said}") from error
        reason = said.splitlines()[0].rstrip(".")
        remedy = "try again" if getattr(error.orig, "pgcode", None) else _REACH
        raise SourceError(f"{label} cannot be read now: {reason}; {remedy}") from error


def _may_pass(error: sa.exc.DBAPIError) -> bool:
    import sqlalchemy as sa

    if getattr(error.orig, "sqlite_errorname", None) == "SQLITE_ERROR":  # so SQLite calls a wrong statement
        return False
    return error.connection_invalidated or isinstance(error, (sa.exc.OperationalError, sa.exc.InterfaceError))
