"""Errors of the database as one sentence that says which store, what happened and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
import sqlalchemy as sa

from airflow_ml_monitor.errors import StoreError
from airflow_ml_monitor.store.tables import SCHEMA

MIGRATE = (
    "run `airflow ml-monitor migrate` or `python -m airflow_ml_monitor migrate`, "
    "with --conn-id or --url where it is not the default store"
)

_NOT_ALLOWED = "42501"
_TOO_LONG = "57014"
_REFUSED = re.compile(r"permission denied for (table|view|schema) (\S+)")
# An insert asks for SELECT too: it returns when the row was written.
_NEEDED = {"SELECT": "SELECT", "COPY": "INSERT", "INSERT": "SELECT and INSERT", "UPDATE": "SELECT and UPDATE"}
_NOT_THERE = {"3F000", "42P01", "42703"}


def described(url: sa.URL) -> str:
    """Return where a database is and as whom it is used; never the password."""
    host = url.host or url.query.get("host") or "the default host"
    place = f"{host}:{url.port}" if url.port else str(host)
    return f"database {url.database!r} on {place!r} as user {url.username!r}"


@contextmanager
def store_errors(store: str) -> Iterator[None]:
    """Turn what the database driver raises inside into a ``StoreError`` about ``store``, the store in words."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        raise StoreError(_sentence(store, error.orig or error)) from error.orig
    except psycopg2.Error as error:
        raise StoreError(_sentence(store, error)) from error


def unreachable(error: BaseException | None) -> bool:
    """Whether a driver's error says that there was no server to talk to, or that it let nobody in."""
    return isinstance(error, psycopg2.OperationalError) and error.pgcode is None


def missing_schema(error: BaseException | None) -> bool:
    """Whether a driver's error says that a schema, table or column does not exist."""
    return getattr(error, "pgcode", None) in _NOT_THERE


def _sentence(store: str, error: BaseException) -> str:
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
    if missing_schema(error):
        return f"{store} does not hold the tables this version needs ({reason}); {MIGRATE}"
    if getattr(error, "pgcode", None) == _NOT_ALLOWED:
        return f"{store} does not allow this: {reason}; {_remedy(reason, error)}"
    if getattr(error, "pgcode", None) == _TOO_LONG:
        return f"{store} took too long: {reason}; ask for less, or try again when it is less busy"
    if unreachable(error):
        return f"{store} cannot be reached: {reason}; check that the server is up and the connection is right"
    return f"{store} did not do what was asked: {reason}"


def _remedy(reason: str, error: BaseException) -> str:
    """Say which privilege the statement that was refused asks for, or who may run it."""
    verb = _verb(error)
    refused = _REFUSED.search(reason)
    if refused is None or verb not in _NEEDED:
        return f"grant it to the role, or {MIGRATE} as a role that may"
    kind, name = refused.groups()
    privilege, place = ("USAGE", name) if kind == "schema" else (_NEEDED[verb], f"{SCHEMA}.{name}")
    return f"grant {privilege} on {kind} {place} to the role (docs/store.md lists all that a role needs)"


def _verb(error: BaseException) -> str:
    query = getattr(getattr(error, "cursor", None), "query", None) or b""
    return (query.decode(errors="replace").split() or [""])[0].upper()
