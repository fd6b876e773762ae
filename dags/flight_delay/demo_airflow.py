"""A whole Airflow on this machine: scheduler, triggerer, DAG processor and API server, started and stopped together."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flight_delay.demo_environment import Place

_STARTS_WITHIN = 300.0
_GUARD = Path(__file__).with_name("demo_guard.py")
_COMPONENTS = ("metadatabase", "scheduler", "triggerer", "dag_processor")


class AirflowError(Exception):
    """Airflow did not do what was asked."""


@dataclass(frozen=True)
class Airflow:
    """A running Airflow, reached by its REST API on loopback."""

    port: int
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Call the REST API and return what it answers.

        :raises AirflowError: it refuses.
        """
        token = self._ask("GET", "/auth/token", None, {})["access_token"]
        return self._ask(method, f"/api/v2{path}", body, {"Authorization": f"Bearer {token}"})

    @property
    def healthy(self) -> bool:
        """Whether all its parts are at work."""
        try:
            health = self._ask("GET", "/api/v2/monitor/health", None, {})
        except AirflowError:
            return False
        return all(health.get(name, {}).get("status") == "healthy" for name in _COMPONENTS)

    def require_running(self) -> None:
        """Raise where it has ended.

        :raises AirflowError: it has.
        """
        if self.process.poll() is not None:
            raise AirflowError(f"Airflow ended with exit code {self.process.returncode}; its log says why")

    def _ask(self, method: str, path: str, body: Any, headers: dict[str, str]) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.url + path, data=data, method=method, headers={"Content-Type": "application/json", **headers}
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                answer: dict[str, Any] = json.loads(response.read())
                return answer
        except urllib.error.HTTPError as error:
            raise AirflowError(f"{method} {path} answered {error.code}: {error.read().decode()[:300]}") from None
        except OSError as error:
            raise AirflowError(f"{method} {path} was not answered ({error}); Airflow's log says why") from None


@contextmanager
def running(place: Place, port: int) -> Iterator[Airflow]:
    """Start ``airflow standalone`` over the demo's metadata, wait until all of it is at work, and stop it at the end.

    It does not outlive this process, not even one that is killed.

    :raises AirflowError: it ended, or was not ready in five minutes; the log says why.
    """
    require_free(port)
    with place.log.open("a") as log:
        process = subprocess.Popen(
            [sys.executable, "-P", str(_GUARD), sys.executable, "-m", "airflow", "standalone"],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **_settings(port)},
            start_new_session=True,  # Ctrl-C reaches us, who stop it in order
        )
    airflow = Airflow(port, process)
    try:
        _wait_until_healthy(airflow, place)
        yield airflow
    finally:
        process.communicate(b"\n")


def free_port() -> int:
    """Return a port of loopback that nothing listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def require_free(port: int) -> None:
    """Raise where something listens on a port of loopback.

    :raises AirflowError: it does.
    """
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("127.0.0.1", port))
        except OSError as error:
            raise AirflowError(f"port {port} of 127.0.0.1 is taken ({error}); choose another with PORT=...") from None


def _settings(port: int) -> dict[str, str]:
    beside_python = str(Path(sys.executable).parent)  # standalone looks for the command airflow on the path
    return {
        "PATH": os.pathsep.join([beside_python, os.environ.get("PATH", os.defpath)]),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "2",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(free_port()),
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(free_port()),
    }


def _wait_until_healthy(airflow: Airflow, place: Place) -> None:
    until = time.monotonic() + _STARTS_WITHIN
    while not airflow.healthy:
        if airflow.process.poll() is not None:
            raise AirflowError(f"Airflow ended with exit code {airflow.process.returncode}; {place.log} says why")
        if time.monotonic() > until:
            raise AirflowError(f"Airflow was not ready within {_STARTS_WITHIN:.0f} s; {place.log} says why")
        time.sleep(0.5)
