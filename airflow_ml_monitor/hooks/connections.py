"""Datasets' connection ids and URLs, answered by Airflow."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from airflow_ml_monitor.data.connections import Connections
from airflow_ml_monitor.errors import ConfigurationError, SourceError

if TYPE_CHECKING:
    from sqlalchemy import URL, Engine

_CONNECT_SECONDS = 10


class AirflowConnections(Connections):
    """Engines from Airflow's database hooks, file systems from Airflow's object storage."""

    def engine(self, conn_id: str) -> Engine:
        """Return the SQLAlchemy engine of the hook behind an Airflow connection; made once per task run.

        :raises ConfigurationError: there is no such connection, or it leads to no database.
        """
        if conn_id not in self._engines:
            self._engines[conn_id] = _engine(get_connection(conn_id))
        return super().engine(conn_id)

    def filesystem(self, url: str, conn_id: str | None = None) -> tuple[Any, str]:
        """Return the file system of a URL, with the credentials of ``conn_id`` or of the URL's own ``conn@``."""
        if "://" not in url:
            return super().filesystem(url)
        from airflow.sdk import ObjectStoragePath

        path = ObjectStoragePath(url, conn_id=conn_id)
        return path.fs, path.path


_POSTGRES = "postgres --conn-host HOST --conn-schema DATABASE --conn-login USER --conn-password PASSWORD"


def get_connection(conn_id: str, *, example: str = _POSTGRES) -> Any:
    """Return an Airflow connection.

    :param example: type and options of the command that would add it.
    :raises ConfigurationError: there is none of that id.
    """
    from airflow.sdk import BaseHook

    from airflow_ml_monitor.version_compat import AirflowNotFoundException

    try:
        return BaseHook.get_connection(conn_id)
    except AirflowNotFoundException as error:
        raise _undefined(conn_id, example) from error


async def triggerer_connections(conn_ids: Iterable[str]) -> Connections:
    """Return the engines behind Airflow connections, asked for without holding up the triggerer.

    :raises ConfigurationError: there is none of an id, or it leads to no database.
    """
    from airflow.sdk import BaseHook

    from airflow_ml_monitor.version_compat import AirflowNotFoundException

    engines: dict[str, Engine] = {}
    for conn_id in conn_ids:
        try:
            connection = await BaseHook.aget_connection(conn_id)
        except AirflowNotFoundException as error:
            raise _undefined(conn_id) from error
        engines[conn_id] = await asyncio.to_thread(_engine, connection)
    return Connections(engines)


def outages() -> tuple[type[Exception], ...]:
    """Return the errors of a database or an Airflow that cannot be reached now and may be soon."""
    from airflow.sdk.exceptions import AirflowRuntimeError

    return (SourceError, AirflowRuntimeError, OSError)


def _undefined(conn_id: str, example: str = _POSTGRES) -> ConfigurationError:
    command = f"airflow connections add {conn_id} --conn-type {example}"
    return ConfigurationError(f"Airflow connection {conn_id!r} is not defined; add it: {command}")


def _engine(connection: Any) -> Engine:
    conn_id = connection.conn_id
    if connection.conn_type in ("postgres", "postgresql"):
        return postgres_engine(connection)
    hook = _hook(connection)
    if not hasattr(hook, "get_sqlalchemy_engine"):
        raise ConfigurationError(
            f"connection {conn_id!r} is of type {connection.conn_type!r}, which is no SQL database; "
            "give Table the id of one"
        )
    engine: Engine = hook.get_sqlalchemy_engine()
    return engine


def _hook(connection: Any) -> Any:
    from airflow_ml_monitor.version_compat import AirflowException

    try:
        return connection.get_hook()
    except (AirflowException, ImportError) as error:
        raise ConfigurationError(
            f"connection {connection.conn_id!r} is of type {connection.conn_type!r}, of which no provider is installed "
            f"here ({error}); install it, or correct the type"
        ) from error


def postgres_engine(connection: Any, *, pool: Mapping[str, Any] | None = None) -> Engine:
    """Return a SQLAlchemy engine on psycopg2 for an Airflow ``postgres`` connection; nothing is connected yet.

    Host may be a folder with a Unix socket. What the connection's extra holds goes to the driver, as ``PostgresHook``
    does it (``sslmode``, ``options``, ``keepalives``, ``iam``...).

    :param pool: arguments of a SQLAlchemy pool, for a process that keeps connections open; without them none is kept.
    :raises ConfigurationError: the connection is of another type.
    """
    import sqlalchemy as sa

    if connection.conn_type not in ("postgres", "postgresql"):
        raise ConfigurationError(
            f"connection {connection.conn_id!r} is of type {connection.conn_type!r}; give one of type 'postgres'"
        )
    url, arguments = _driver_s(connection)
    # No pool by default: a pooled connection would be shared by the processes that fork after its first use.
    return sa.create_engine(
        url,
        connect_args={"application_name": "airflow-ml-monitor", "connect_timeout": _CONNECT_SECONDS, **arguments},
        hide_parameters=True,
        **(pool or {"poolclass": sa.NullPool}),
    )


def _driver_s(connection: Any) -> tuple[URL, dict[str, Any]]:
    """Return the URL and further arguments of an Airflow ``postgres`` connection, as psycopg2 takes them."""
    import sqlalchemy as sa

    extra = dict(connection.extra_dejson)
    if _is_libpq_s(extra):
        login, secret, host, port = connection.login, connection.password, connection.host, connection.port
        return sa.URL.create("postgresql+psycopg2", login, secret, host, port, connection.schema), extra
    # Importing the hook takes 11 MB and a tenth of a second: only where the extra has what it alone understands.
    from airflow.providers.postgres.hooks.postgres import PostgresHook

    hook = PostgresHook(postgres_conn_id=connection.conn_id, connection=connection)
    arguments = {name: value for name, value in extra.items() if name not in PostgresHook.ignored_extra_options}
    return hook.sqlalchemy_url.set(drivername="postgresql+psycopg2"), arguments


def _is_libpq_s(extra: Mapping[str, Any]) -> bool:
    """Whether PostgreSQL's own client knows all options of an extra; it alone has the list of its version."""
    from psycopg2 import ProgrammingError
    from psycopg2.extensions import make_dsn

    try:
        make_dsn(**extra)
    except ProgrammingError:
        return False
    return True
