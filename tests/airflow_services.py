"""Airflow's own processes over the tests' metadata: API server, scheduler, DAG processor and triggerer, each started,
killed and started again at will."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

_COMMANDS = {
    "api-server": ("api-server", "--host", "127.0.0.1", "--workers", "1"),
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
    "triggerer": ("triggerer", "--skip-serve-logs"),
}
_ALL_IN_ONE = {"standalone": ("standalone",)}


class Services:
    """The processes that run, by name; the output of each is a file in ``logs``."""

    def __init__(self, environment: Mapping[str, str], port: int, logs: Path) -> None:
        self._environment = dict(environment)
        self._port = port
        self._logs = logs
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> None:
        extra = ("--port", str(self._port)) if name == "api-server" else ()
        with (self._logs / f"{name}.log").open("a") as log:
            self._running[name] = subprocess.Popen(
                [sys.executable, "-m", "airflow", *(_COMMANDS | _ALL_IN_ONE)[name], *extra],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self, name: str) -> None:
        """End a process and all that it started at once, as a machine that goes down does."""
        process = self._running.pop(name)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)

    def until(self, what: str, found: Callable[[], Any], seconds: float = 90.0) -> Any:
        """Return what is found at last.

        :raises AssertionError: it is not there after some seconds, or one of the processes has ended.
        """
        deadline = time.monotonic() + seconds
        while (value := found()) is None or value is False:
            ended = [name for name, process in self._running.items() if process.poll() is not None]
            assert not ended, f"waiting for {what}: {ended} ended; {self._tails()}"
            assert time.monotonic() < deadline, f"waited {seconds:.0f} s for {what}; {self._tails()}"
            time.sleep(0.3)
        return value

    def answers(self) -> bool:
        """Whether the API server does."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/api/v2/version", timeout=5):
                return True
        except OSError:
            return False

    def _tails(self) -> str:
        return "\n".join(f"{log.name}: {log.read_text()[-2000:]}" for log in sorted(self._logs.iterdir()))


@contextmanager
def services(
    dags: Path,
    folder: Path,
    settings: Mapping[str, Any],
    *,
    names: Sequence[str] = tuple(_COMMANDS),
    port: int | None = None,
) -> Iterator[Services]:
    """Run all of Airflow on a folder of DAGs; nothing of it stays.

    :param folder: where logs may be written.
    :param names: the processes to start; ``("standalone",)`` is one that starts the others.
    """
    port = port or free_port()
    folder.mkdir()
    running = Services({**os.environ, **_environment(dags, port), **settings}, port, folder)
    try:
        for name in names:
            running.start(name)
        running.until("the API server", running.answers, 420)
        yield running
    finally:
        for name in list(running._running):
            running.kill(name)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def _environment(dags: Path, port: int) -> dict[str, str]:
    return {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__FERNET_KEY": Fernet.generate_key().decode(),
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "2",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "5",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "5",
        "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
        "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "1",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",
    }
