"""An Airflow of the benchmark's own: a PostgreSQL, Airflow's tables and its API server, but no scheduler.

Imports no Airflow: what starts the measured processes must stay small.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flight_delay.demo_airflow import free_port
from flight_delay.demo_environment import Place, configure_airflow, migrate_airflow, postgres

_DAGS = Path(__file__).with_name("dags")
_STARTS_WITHIN = 120.0


@contextmanager
def airflow() -> Iterator[Place]:
    """Start it, its DAGs and data made; nothing of it stays. Children find it by this process's environment."""
    with tempfile.TemporaryDirectory(prefix="overhead-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # as root the server runs as another user, who must be able to reach its data
        place = Place(folder)
        place.airflow.mkdir()
        with postgres(place) as databases:
            configure_airflow(place, databases)
            _settings(folder)
            migrate_airflow(place)
            _quietly(place, "-m", "overhead.data", name, databases.url(databases.warehouse))
            _quietly(place, "-m", "airflow", "dags", "reserialize")
            with _api_server(place):
                yield place


def _settings(folder: Path) -> None:
    port = free_port()
    os.environ |= {
        "AIRFLOW__CORE__DAGS_FOLDER": str(_DAGS),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(_DAGS.with_name("plugins")),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__EXECUTION_API__JWT_EXPIRATION_TIME": "86400",
        "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "86400",  # of the workloads' tokens
        "OVERHEAD_DATA": str(folder),
        "PYTHONPATH": str(_DAGS.parents[1]),
        "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
    }
    # Installed packages have their bytecode; the first round, which does not count, writes it.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def _quietly(place: Place, *arguments: str) -> None:
    with place.log.open("a") as log:
        subprocess.run([sys.executable, *arguments], check=True, stdout=log, stderr=subprocess.STDOUT)


@contextmanager
def _api_server(place: Place) -> Iterator[None]:
    command = [sys.executable, "-m", "airflow", "api-server", "--host", "127.0.0.1", "--workers", "1"]
    with place.log.open("a") as log:
        server = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait(server, place)
        yield
    finally:
        server.terminate()
        server.wait(30)


def _wait(server: subprocess.Popen[bytes], place: Place) -> None:
    url, until = os.environ["AIRFLOW__API__BASE_URL"] + "/api/v2/version", time.monotonic() + _STARTS_WITHIN
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            if server.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"Airflow's API server did not start:\n{place.log.read_text()[-2000:]}") from None
        time.sleep(0.2)
