"""The store that a command line names."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from airflow_ml_monitor.errors import ConfigurationError

if TYPE_CHECKING:
    from airflow_ml_monitor.store import Store


def store_of(args: argparse.Namespace) -> Store:
    """Return the store the arguments name; it is not migrated unless asked for."""
    if args.url is not None and args.conn_id is not None:
        raise ConfigurationError("--url and --conn-id both name a store; give one of them")
    if args.url is not None:
        return _store_at(args.url)
    from airflow_ml_monitor.hooks.store import MonitorStoreHook

    # Outside tasks, Airflow looks into its metadata for a connection only in a process that says so, as its own do.
    os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")
    return MonitorStoreHook(args.conn_id, auto_migrate=False).store


def environment_of(args: argparse.Namespace) -> str:
    """Return the environment the arguments name, or the one that is configured."""
    if args.environment:
        return str(args.environment)
    from airflow_ml_monitor import settings

    return settings.environment()


def _store_at(url: str) -> Store:
    import sqlalchemy as sa

    from airflow_ml_monitor.store import Store

    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        # The text is not repeated: it may hold a password.
        raise ConfigurationError(
            "--url is not a SQLAlchemy URL; write it like postgresql://user@host/database"
        ) from None
    if parsed.get_backend_name() not in ("postgresql", "postgres"):
        raise ConfigurationError(f"--url is of {parsed.get_backend_name()!r}; the store needs a postgresql:// one")
    if "@" in (parsed.host or ""):
        # Neither is the host: what stands before the last @ is of the password.
        raise ConfigurationError("--url has more than one @; write one that is in the user or password as %40")
    engine = sa.create_engine(parsed.set(drivername="postgresql+psycopg2"), poolclass=sa.NullPool)
    return Store(engine, auto_migrate=False)
