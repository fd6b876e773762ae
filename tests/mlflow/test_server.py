"""A tracking server that is not there, hangs, or is named wrongly."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Iterator

import pytest

from airflow_ml_monitor.errors import ConfigurationError, TrackingError
from airflow_ml_monitor.mlflow import Server


def asked(server: Server) -> float:
    """Ask for experiments, which cannot be had; return how long that took."""
    import mlflow  # noqa: F401 - its import is not what is measured

    started = time.monotonic()
    with pytest.raises(TrackingError, match=r"^MLflow at http://127\.0\.0\.1:"):
        server.ask(lambda client: client.search_experiments())
    return time.monotonic() - started


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def test_a_server_that_is_down_is_given_up_within_seconds() -> None:
    assert asked(Server(uri=f"http://127.0.0.1:{free_port()}")) < 10


def test_a_server_that_hangs_is_given_up_in_time(silent: int) -> None:
    assert asked(Server(uri=f"http://127.0.0.1:{silent}", seconds=1)) < 5


def test_an_error_does_not_tell_the_password() -> None:
    server = Server(uri=f"http://ann:secret@127.0.0.1:{free_port()}")
    with pytest.raises(TrackingError) as told:
        server.ask(lambda client: client.search_experiments())
    assert "secret" not in str(told.value)
    assert "secret" not in repr(Server(uri="http://mlflow", username="ann", password="secret"))


def test_without_a_server_nothing_is_written_into_the_folder_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with pytest.raises(ConfigurationError, match="no MLflow server is named"):
        Server().ask(lambda client: client.search_experiments())


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(ConfigurationError, match=r"install airflow-ml-monitor\[mlflow\]$"):
        Server(uri="http://127.0.0.1:1").ask(lambda client: client.search_experiments())


def test_the_environment_is_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "theirs")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "77")
    before = dict(os.environ)
    server = Server(uri="http://127.0.0.1:1", username="ann", password="secret")
    names = ("USERNAME", "PASSWORD", "TOKEN")
    inside = server.ask(
        lambda client: (
            [os.environ.get(f"MLFLOW_TRACKING_{name}") for name in names],
            os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"],
        )
    )
    assert inside == (["ann", "secret", None], "77")
    assert dict(os.environ) == before


def test_no_time_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="seconds=0"):
        Server(seconds=0)
