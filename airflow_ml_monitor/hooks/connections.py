"""Datasets' connection ids and URLs, answered by Airflow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_ml_monitor.data.connections import Connections
from airflow_ml_monitor.errors import ConfigurationError

if TYPE_CHECKING:
    from sqlalchemy import Engine


class AirflowConnections(Connections):
    """Engines from Airflow's database hooks, file systems from Airflow's object storage."""

    def engine(self, conn_id: str) -> Engine:
        """Return the SQLAlchemy engine of the hook behind an Airflow connection; made once per task run.

        :raises ConfigurationError: there is no such connection, or it leads to no database.
        """
        if conn_id not in self._engines:
            self._engines[conn_id] = _engine(conn_id)
        return super().engine(conn_id)

    def filesystem(self, url: str, conn_id: str | None = None) -> tuple[Any, str]:
        """Return the file system of a URL, with the credentials of ``conn_id`` or of the URL's own ``conn@``."""
        if "://" not in url:
            return super().filesystem(url)
        from airflow.sdk import ObjectStoragePath

        path = ObjectStoragePath(url, conn_id=conn_id)
        return path.fs, path.path


def get_connection(conn_id: str) -> Any:
    """Return an Airflow connection.

    :raises ConfigurationError: there is none of that id.
    """
    from airflow.sdk import BaseHook

    from airflow_ml_monitor.version_compat import AirflowNotFoundException

    try:
        return BaseHook.get_connection(conn_id)
    except AirflowNotFoundException as error:
        raise ConfigurationError(
            f"Airflow connection {conn_id!r} is not defined; add it: airflow connections add {conn_id} "
            "--conn-type postgres --conn-host HOST --conn-schema DATABASE --conn-login USER --conn-password PASSWORD"
        ) from error


def _engine(conn_id: str) -> Engine:
    from airflow.sdk import BaseHook

    from airflow_ml_monitor.hooks.store import postgres_engine

    connection = get_connection(conn_id)
    if connection.conn_type in ("postgres", "postgresql"):
        return postgres_engine(connection)
    hook: Any = BaseHook.get_hook(conn_id)
    if not hasattr(hook, "get_sqlalchemy_engine"):
        raise ConfigurationError(
            f"connection {conn_id!r} is of type {connection.conn_type!r}, which is no SQL database; "
            "give Table the id of one"
        )
    engine: Engine = hook.get_sqlalchemy_engine()
    return engine
