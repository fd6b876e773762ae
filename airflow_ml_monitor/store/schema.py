"""The schema ``ml_monitor``: which revision it is at, and bringing it to the newest."""

from __future__ import annotations

import threading
from pathlib import Path

import sqlalchemy as sa

from airflow_ml_monitor.store.failures import missing_schema
from airflow_ml_monitor.store.tables import SCHEMA

HEAD = "0008"
"""The revision this version of the package writes to; a schema at a larger one works as well."""

_SCRIPTS = Path(__file__).parent / "migrations"
_RECORDED = sa.text(f"SELECT version_num FROM {SCHEMA}.alembic_version")
_LOCK_KEY = int.from_bytes(b"ml_monit", "big")

# Alembic keeps the migration it runs in a module-level variable: one at a time in a process.
_in_this_process = threading.Lock()


def recorded_revision(engine: sa.Engine) -> str | None:
    """Return the revision the schema is at, by one query; ``None`` where there is no such schema."""
    try:
        with engine.connect() as connection:
            return connection.execute(_RECORDED).scalar()
    except sa.exc.ProgrammingError as error:
        if missing_schema(error.orig):
            return None
        raise


def is_sufficient(revision: str | None) -> bool:
    """Whether this version of the package works on a schema at that revision."""
    return revision is not None and revision >= HEAD


def migrate(engine: sa.Engine) -> str:
    """Bring the schema to ``HEAD`` in one transaction and return the revision it is at then.

    Any number of processes may do so at once: one works, the others wait for it and find nothing left to do.
    """
    with _in_this_process, engine.begin() as connection:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK_KEY)))
        if not is_sufficient(_revision(connection)):
            _upgrade(connection)
        return _revision(connection) or HEAD


def _revision(connection: sa.Connection) -> str | None:
    if connection.scalar(sa.select(sa.func.to_regclass(f"{SCHEMA}.alembic_version"))) is None:
        return None
    return connection.execute(_RECORDED).scalar()


def _upgrade(connection: sa.Connection) -> None:
    from alembic import command
    from alembic.config import Config

    # Asked first, since IF NOT EXISTS needs the right to create schemas even where an administrator made this one.
    if connection.scalar(sa.select(sa.func.to_regnamespace(SCHEMA))) is None:
        connection.execute(sa.schema.CreateSchema(SCHEMA))
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
