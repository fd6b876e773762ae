"""What a database or a file says in place of rows, as one sentence that names the dataset."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from airflow_ml_monitor.data.locations import without_passwords
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
        cause = error.orig or error
        if not _may_pass(error):
            raise DataError(f"{label} cannot be read: {without_passwords(str(cause)).strip()}") from error
        remedy = "try again" if getattr(cause, "pgcode", None) else _REACH
        raise SourceError(f"{label} cannot be read now: {_first_line(cause)}; {remedy}") from error


@contextmanager
def file_errors(what: str, file_format: str) -> Iterator[None]:
    """Turn what goes wrong with files inside into an error about ``what``, the files in words.

    :raises DataError: a file is not of its format.
    :raises SourceError: it cannot be reached, or is damaged: file systems and Arrow say both alike.
    """
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        remedy = "check the file or give format="
        raise DataError(f"{what} cannot be read as {file_format}: {_first_line(error)}; {remedy}") from error
    except OSError as error:
        remedy = "check that it is whole, and that the place where it is can be reached"
        raise SourceError(f"{what} cannot be read now: {_first_line(error)}; {remedy}") from error


def _first_line(error: BaseException) -> str:
    lines = without_passwords(str(error)).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__


def _may_pass(error: sa.exc.DBAPIError) -> bool:
    import sqlalchemy as sa

    if getattr(error.orig, "sqlite_errorname", None) == "SQLITE_ERROR":  # so SQLite calls a wrong statement
        return False
    return error.connection_invalidated or isinstance(error, (sa.exc.OperationalError, sa.exc.InterfaceError))
