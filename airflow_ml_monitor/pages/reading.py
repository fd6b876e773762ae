"""The store as the pages read it: kept by each process for a minute, in transactions that cannot write or run long."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_ml_monitor import settings
from airflow_ml_monitor.errors import StoreError
from airflow_ml_monitor.hooks.connections import get_connection
from airflow_ml_monitor.hooks.store import MonitorStoreHook

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from airflow_ml_monitor.store import Store

KEPT_SECONDS = 60.0
"""After so long Airflow is asked for the connection again, so that a changed one is seen."""

STATEMENT_SECONDS = 10.0
"""Longest that one query of a page may take."""

_TO_DO = "try again in a moment; if it stays, whoever runs Airflow finds out why in the log of its API server"
_log = logging.getLogger(__name__)
_POOL = {"pool_size": 4, "max_overflow": 12, "pool_timeout": 5, "pool_pre_ping": True, "pool_recycle": 300}


@dataclass(frozen=True)
class _Kept:
    store: Store
    uri: str
    until: float


class KeptStore:
    """The store behind Airflow's connection, with a few open connections of its own; safe to share by threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: _Kept | None = None

    @property
    def store(self) -> Store:
        """The store, whose schema is never made or changed from here.

        :raises ConfigurationError: the connection is not defined, or is not a ``postgres`` one.
        """
        with self._lock:
            if self._kept is None or time.monotonic() >= self._kept.until:
                self._kept = _asked(self._kept)
            return self._kept.store

    def forget(self) -> None:
        """Ask Airflow for the connection, and the store for its schema, when it is needed next."""
        with self._lock:
            if self._kept is not None:
                self._kept.store.dispose()
            self._kept = None

    def after_fork(self) -> None:
        """Leave the parent's connections, and its lock, to the parent."""
        self._lock = threading.Lock()
        if self._kept is not None:
            self._kept.store.engine.dispose(close=False)
        self._kept = None


def _asked(kept: _Kept | None) -> _Kept:
    conn_id, until = settings.store_conn_id(), time.monotonic() + KEPT_SECONDS
    uri = get_connection(conn_id).get_uri()
    if kept is not None and kept.uri == uri:
        return _Kept(kept.store, uri, until)
    if kept is not None:
        kept.store.dispose()
    store = MonitorStoreHook(conn_id, auto_migrate=False, pool=_POOL).store
    store.name = f"the store behind connection {conn_id!r}"
    return _Kept(store, uri, until)


of_this_process = KeptStore()
os.register_at_fork(after_in_child=of_this_process.after_fork)


@contextmanager
def reading() -> Iterator[Connection]:
    """Give a connection to the store that can only read, and tells times in UTC; nothing is written, whatever its role
    may do.

    Where the store is, and as whom it is read, is for the server's log: whoever sees a page may not know it.

    :raises StoreError: the database cannot be reached, does not hold the schema, or takes too long.
    :raises ConfigurationError: the connection is not defined, or is not a ``postgres`` one.
    """
    from sqlalchemy import exc, text

    from airflow_ml_monitor.store.failures import described, unreachable

    store = of_this_process.store
    try:
        with store.begin() as connection:
            limit = round(1000 * STATEMENT_SECONDS)
            connection.execute(
                text(f"SET TRANSACTION READ ONLY; SET LOCAL statement_timeout = {limit}; SET LOCAL timezone = 'UTC'")
            )
            yield connection
    except exc.TimeoutError as error:
        raise StoreError(f"{store.name} is asked by too many pages at once; try again in a moment") from error
    except StoreError as error:
        of_this_process.forget()
        _log.error("%s; it is in %s", error, described(store.engine.url))
        if unreachable(error.__cause__):
            raise StoreError(f"{store.name} cannot be reached; {_TO_DO}") from error
        raise
