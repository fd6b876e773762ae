"""How datasets reach what they name: connection ids to SQLAlchemy engines, URLs to file systems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow_ml_monitor.errors import ConfigurationError

if TYPE_CHECKING:
    from sqlalchemy import Engine


class Connections:
    """Where a dataset's connection id leads. The Airflow face has its own that asks Airflow.

    :param engines: connection id -> SQLAlchemy engine or URL, for use outside Airflow.
    """

    def __init__(self, engines: Mapping[str, Engine | str] | None = None) -> None:
        self._engines: dict[str, Any] = dict(engines or {})

    def engine(self, conn_id: str) -> Engine:
        """Return the engine behind a connection id.

        :raises ConfigurationError: no connection of that id was given.
        """
        import sqlalchemy as sa

        if conn_id not in self._engines:
            known = ", ".join(sorted(self._engines)) or "none"
            raise ConfigurationError(
                f"connection {conn_id!r} is not defined (known: {known}); "
                f"pass connections=Connections({{{conn_id!r}: <SQLAlchemy URL or engine>}})"
            )
        if isinstance(self._engines[conn_id], str):
            self._engines[conn_id] = sa.create_engine(self._engines[conn_id])
        engine: Engine = self._engines[conn_id]
        return engine

    def filesystem(self, url: str, conn_id: str | None = None) -> tuple[Any, str]:
        """Return the fsspec file system of a URL or local path, and the path on it.

        :raises ConfigurationError: the URL's scheme has no fsspec file system installed.
        """
        from fsspec.core import url_to_fs

        try:
            filesystem, path = url_to_fs(url)
        except (ValueError, ImportError) as error:
            raise ConfigurationError(f"no file system for {url!r}: {error}") from error
        return filesystem, path
