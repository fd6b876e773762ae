"""``MonitorStoreHook``: the store behind an ordinary ``postgres`` connection."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook

from airflow_ml_monitor import settings
from airflow_ml_monitor.errors import MonitorError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from airflow_ml_monitor.store import Store


class MonitorStoreHook(BaseHook):
    """Gives the ``Store`` behind a ``postgres`` connection.

    :param store_conn_id: the connection; by default the one of ``[ml_monitor] store_conn_id``.
    :param auto_migrate: make or upgrade the schema on first use; by default ``[ml_monitor] auto_migrate``.
    :param pool: arguments of a SQLAlchemy pool, for a process that keeps connections open; tasks keep none.
    """

    conn_name_attr = "store_conn_id"
    default_conn_name = "ml_monitor_default"

    def __init__(
        self,
        store_conn_id: str | None = None,
        *,
        auto_migrate: bool | None = None,
        pool: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.store_conn_id = store_conn_id or settings.store_conn_id()
        self._auto_migrate = auto_migrate
        self._pool = pool

    @cached_property
    def store(self) -> Store:
        """The store; nothing is connected yet.

        :raises ConfigurationError: the connection is not defined or is not a ``postgres`` one.
        """
        from airflow_ml_monitor.hooks.connections import get_connection, postgres_engine

        engine = postgres_engine(get_connection(self.store_conn_id), pool=self._pool)
        return store_behind(self.store_conn_id, engine, auto_migrate=self._auto_migrate)

    def get_conn(self) -> Store:
        return self.store

    def test_connection(self) -> tuple[bool, str]:
        """Tell whether the store can be reached and holds its schema, and if not, why."""
        try:
            self.store.check()
        except MonitorError as error:
            return False, str(error)
        return True, f"{self.store.name} is ready"


def store_behind(conn_id: str, engine: Engine, *, auto_migrate: bool | None = None) -> Store:
    """Return the store in a database, which its messages call by the Airflow connection; nothing is connected yet.

    :param auto_migrate: make or upgrade the schema on first use; by default ``[ml_monitor] auto_migrate``.
    """
    from airflow_ml_monitor.store import Store
    from airflow_ml_monitor.store.failures import described

    migrates = settings.auto_migrate() if auto_migrate is None else auto_migrate
    return Store(
        engine, auto_migrate=migrates, name=f"the store behind connection {conn_id!r} ({described(engine.url)})"
    )
