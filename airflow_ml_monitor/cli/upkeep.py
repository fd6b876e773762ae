"""``prune`` and ``erase``: what leaves the store, after a question."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from airflow_ml_monitor.cli.stores import store_of
from airflow_ml_monitor.cli.windows import moment_before
from airflow_ml_monitor.errors import ConfigurationError

if TYPE_CHECKING:
    import sqlalchemy as sa

    from airflow_ml_monitor.store import Store
    from airflow_ml_monitor.store.upkeep import Removed


def prune(args: argparse.Namespace) -> None:
    """Delete old reports; references stay."""
    from airflow_ml_monitor.store.upkeep import prune as remove

    before = moment_before(args.older_than)
    store = store_of(args)

    def removed(connection: sa.Connection) -> Removed:
        return remove(
            connection,
            before=before,
            model=args.model,
            environment=args.environment,
            kinds=args.kind,
            superseded=args.superseded,
        )

    _remove(args, store, removed, f"written before {before:%Y-%m-%d %H:%M} UTC")


def erase(args: argparse.Namespace) -> None:
    """Delete all that is stored of a model."""
    from airflow_ml_monitor.store.upkeep import erase as remove

    where = f" in environment {args.environment}" if args.environment else " in every environment"
    store = store_of(args)
    _remove(
        args,
        store,
        lambda connection: remove(connection, model=args.model, environment=args.environment),
        f"of model {args.model}{where}",
    )


def _remove(args: argparse.Namespace, store: Store, remove: Callable[[sa.Connection], Removed], which: str) -> None:
    """Delete in one transaction, which is undone where it was only to be shown or the answer is no."""
    with store.begin() as connection:
        found = remove(connection)
        asked = found.anything and not args.yes
        kept = args.dry_run or (asked and not _agreed(f"{found} {which} will be deleted from {store.name}"))
        if kept:
            connection.rollback()
    print(f"{'nothing was deleted; there are ' if kept else 'deleted: '}{found} {which}")


def _agreed(what: str) -> bool:
    if not sys.stdin.isatty():
        raise ConfigurationError(f"{what}; give --yes to agree, or --dry-run to only look")
    return input(f"{what}. Go on? [y/N] ").strip().lower() in ("y", "yes")
