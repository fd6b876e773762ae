"""A tracking server, reached within a time limit."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from airflow_ml_monitor.errors import ConfigurationError, TrackingError

if TYPE_CHECKING:
    from mlflow import MlflowClient

Found = TypeVar("Found")

_LONGEST_ERROR = 300

# MLflow's own are 120 seconds and seven retries with growing pauses, for each of about ten requests.
_PATIENCE = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT": "30",
}
# MLflow reports its use to its makers unless told not to.
_QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true"}


@dataclass(frozen=True, kw_only=True)
class Server:
    """Where MLflow is, and how long it may take.

    What the environment says stands: MLflow's own variables for the address, the credentials, the time limit and the
    retries of a request are used where they are set and nothing is given here.

    :param uri: MLflow's tracking URI; ``MLFLOW_TRACKING_URI`` by default.
    :param username: with ``password``, for a server that asks who it is; a password alone is a token.
    :param seconds: how long all requests about one verdict may take together.
    :raises ConfigurationError: ``seconds`` is not positive.
    """

    uri: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    seconds: float = 60.0

    def __post_init__(self) -> None:
        if not self.seconds > 0:
            raise ConfigurationError(f"seconds={self.seconds!r} is no time to reach MLflow in; give a positive number")

    @property
    def name(self) -> str:
        """The address without credentials."""
        return _without_credentials(self.uri or os.environ.get("MLFLOW_TRACKING_URI") or "no address")

    def ask(self, questions: Callable[[MlflowClient], Found]) -> Found:
        """Return what questions to the server gave.

        :raises TrackingError: it refused, cannot be reached, or did not answer in time; what is then under way is left
            to itself.
        :raises ConfigurationError: MLflow is not installed, or no server is named: it would write into the folder of
            the process.
        """
        with _environment({name: os.environ.get(name, value) for name, value in _QUIET.items()}):
            _import_mlflow()  # takes seconds, which are not the server's
        return self._within_time(lambda: self._asked(questions))

    def _asked(self, questions: Callable[[MlflowClient], Found]) -> Found:
        from mlflow.exceptions import MlflowException

        given = {name: os.environ.get(name, value) for name, value in _PATIENCE.items()}
        with _environment(given | self._credentials()):
            try:
                return questions(self._client())
            except (MlflowException, OSError) as error:
                raise TrackingError(f"MLflow at {self.name}: {_in_short(error)}") from error

    def _client(self) -> MlflowClient:
        import mlflow

        if not (self.uri or mlflow.is_tracking_uri_set()):
            raise ConfigurationError(
                "no MLflow server is named; give tracking_uri= or conn_id=, or set MLFLOW_TRACKING_URI"
            )
        return mlflow.MlflowClient(tracking_uri=self.uri)

    def _within_time(self, work: Callable[[], Found]) -> Found:
        result: Future[Found] = Future()

        def run() -> None:
            try:
                result.set_result(work())
            except BaseException as error:  # noqa: BLE001 - it is raised where the result is asked for
                result.set_exception(error)

        # A daemon: a request that hangs must not keep the task's process.
        threading.Thread(target=run, name="mlflow", daemon=True).start()
        try:
            return result.result(self.seconds)
        except TimeoutError:
            raise TrackingError(f"MLflow at {self.name} did not answer within {self.seconds:g} s") from None

    def _credentials(self) -> dict[str, str | None]:
        if self.password is None:
            return {}
        names = ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN")
        values = (self.username, self.password, None) if self.username else (None, None, self.password)
        return dict(zip(names, values, strict=True))


def _import_mlflow() -> None:
    try:
        import mlflow  # noqa: F401
    except ImportError as error:
        raise ConfigurationError(f"MLflow is not installed ({error}); install airflow-ml-monitor[mlflow]") from None


@contextmanager
def _environment(values: Mapping[str, str | None]) -> Iterator[None]:
    """Set variables (``None`` unsets one) and put back what was; MLflow takes these settings in no other way."""
    before = {name: os.environ.get(name) for name in values}
    _set(values)
    try:
        yield
    finally:
        _set(before)


def _set(values: Mapping[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _in_short(error: Exception) -> str:
    return _without_credentials(" ".join(str(error).split()))[:_LONGEST_ERROR]


def _without_credentials(text: str) -> str:
    return re.sub(r"://[^/@\s]*@", "://", text)
