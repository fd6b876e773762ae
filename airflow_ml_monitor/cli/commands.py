"""What the commands do. Each takes its parsed arguments and prints."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from uuid import UUID

from airflow_ml_monitor.errors import ConfigurationError, StoreError

if TYPE_CHECKING:
    from airflow_ml_monitor.store import Store, StoredReport


def migrate(args: argparse.Namespace) -> None:
    """Make the store's schema or bring it to the newest revision."""
    store = _store(args)
    print(f"{store.name} is at revision {store.migrate()} of the schema ml_monitor")


def show(args: argparse.Namespace) -> None:
    """Print a stored report and its checks."""
    key = _uuid(args.report_id)
    store = _store(args)
    found = store.reports([key])
    if not found:
        raise StoreError(
            f"no report {key} is in {store.name}; check the id, and that this is the store it was written to"
        )
    text = json.dumps(_plain(found[0]), indent=2) if args.output == "json" else _text(found[0])
    sys.stdout.write(text + "\n")


def _store(args: argparse.Namespace) -> Store:
    """Return the store the arguments name; it is not migrated unless asked for."""
    if args.url is not None and args.conn_id is not None:
        raise ConfigurationError("--url and --conn-id both name a store; give one of them")
    if args.url is not None:
        return _store_at(args.url)
    from airflow_ml_monitor.hooks.store import MonitorStoreHook

    # Outside tasks, Airflow looks into its metadata for a connection only in a process that says so, as its own do.
    os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")
    return MonitorStoreHook(args.conn_id, auto_migrate=False).store


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
    engine = sa.create_engine(parsed.set(drivername="postgresql+psycopg2"), poolclass=sa.NullPool)
    return Store(engine, auto_migrate=False)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ConfigurationError(
            f"{text!r} is not a report id; it looks like 0f8fad5b-d9cb-569f-a165-70867728950e"
        ) from None


def _plain(stored: StoredReport) -> dict[str, Any]:
    about = {"id": str(stored.id), "origin": asdict(stored.origin), "written_at": stored.written_at.isoformat()}
    return about | {"profile_hash": stored.profile_hash} | stored.report.to_dict()


def _text(stored: StoredReport) -> str:
    report, origin = stored.report, stored.origin
    task = origin.task_id if origin.map_index < 0 else f"{origin.task_id}[{origin.map_index}]"
    about = {
        "report": stored.id,
        "environment": report.environment,
        "model": " ".join(part for part in (report.model, report.model_version) if part),
        "window": report.window or "all rows",
        "as of": report.as_of.isoformat(timespec="seconds"),
        "task": f"{origin.dag_id}.{task}, run {origin.run_id}, try {origin.try_number}",
        "reference": report.reference,
        "rows": " against ".join(
            f"{rows:,}" for rows in (report.rows_current, report.rows_reference) if rows is not None
        ),
        "written": stored.written_at.isoformat(timespec="seconds"),
    }
    lines = [report.headline, *(f"  {name:<12} {value}" for name, value in about.items() if value)]
    return "\n".join([*lines, "checks", *(f"  - {result}" for result in report.results)])
