"""``LogToMlflow``: every verdict in MLflow, given to a task as ``on_verdict``."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseNotifier

from airflow_ml_monitor.errors import ConfigurationError, MonitorError
from airflow_ml_monitor.hooks.connections import get_connection
from airflow_ml_monitor.mlflow.entry import Entry
from airflow_ml_monitor.mlflow.server import Server
from airflow_ml_monitor.mlflow.target import Target
from airflow_ml_monitor.mlflow.writing import log_entry
from airflow_ml_monitor.notifications.verdict import summary_of
from airflow_ml_monitor.operators._base import given, origin_of
from airflow_ml_monitor.operators.report_files import task_url
from airflow_ml_monitor.results import Report

if TYPE_CHECKING:
    from airflow.sdk import Context

_SECONDS = 60.0
_WHERE = ("run_id", "experiment", "registered_model", "version", "alias")


class LogToMlflow(BaseNotifier):
    """Writes metrics, tags and the page of a verdict to a run or model version of MLflow, for ``on_verdict``.

    Needs the extra ``mlflow``. What cannot be written is a warning in the task's log; the verdict stands. A retry that
    judges anew has a report of its own; one that only writes again changes nothing.

    :param run_id: a run that exists: the one that trained the model, say.
    :param experiment: the name of an experiment: one run in it for each environment, model and model version.
    :param registered_model: a model of the registry whose version gets the verdict as tags; the metrics go to the
        version's own run, or to ``run_id`` or ``experiment`` where one is given.
    :param version: its version; by default the model version of the report. ``alias`` names it by an alias.
    :param prefix: the first part of the metrics' names; the report's kind by default. Two tasks of a kind that write to
        one run need one each.
    :param tracking_uri: MLflow's address; or ``conn_id``, an Airflow connection of type ``http`` with its host, port,
        login and password (a password without a login is a token); by default ``MLFLOW_TRACKING_URI``.
    :param page: whether the report's page is written as well, a file of about 1 MB.
    :param seconds: how long all of it may take.
    :raises ConfigurationError: no place is named, or two that exclude each other.
    """

    template_fields: Sequence[str] = (*_WHERE, "prefix", "tracking_uri", "conn_id")

    def __init__(
        self,
        *,
        run_id: str | None = None,
        experiment: str | None = None,
        registered_model: str | None = None,
        version: str | None = None,
        alias: str | None = None,
        prefix: str | None = None,
        tracking_uri: str | None = None,
        conn_id: str | None = None,
        page: bool = True,
        seconds: float = _SECONDS,
        context: Context | None = None,
    ) -> None:
        super().__init__(context)
        self.run_id = run_id
        self.experiment = experiment
        self.registered_model = registered_model
        self.version = version
        self.alias = alias
        self.prefix = prefix
        self.tracking_uri = tracking_uri
        self.conn_id = conn_id
        self.page = page
        self.seconds = seconds
        # Wrong values are known while the DAG is parsed.
        self._target()
        Server(seconds=seconds)
        if tracking_uri and conn_id:
            raise ConfigurationError(
                f"tracking_uri={tracking_uri!r} and conn_id={conn_id!r} exclude each other; give one"
            )

    def __call__(self, *args: Any) -> None:
        """Write a verdict, given the report and the task context as ``on_verdict`` gives them."""
        if len(args) != 2 or not isinstance(args[0], Report):
            raise ConfigurationError("LogToMlflow writes verdicts; give it to a monitoring task as on_verdict=")
        report, context = args
        # Airflow renders templates in place; the next task of this process has other values.
        rendered = copy.copy(self)
        rendered.render_template_fields(context)
        rendered._write(report, context)

    def _write(self, report: Report, context: Context) -> None:
        try:
            entry = self._entry(report, context)
            page = report.to_html(ids=_ids(entry)) if self.page else None
            server = self._server()
            logged = log_entry(entry, self._target(), server, page=page)
        except MonitorError as error:
            known = (summary_of(context) or {}).get("report_id")
            self.log.warning("report %s is not in MLflow; the verdict stands: %s", known, error)
        else:
            self.log.info("report %s is in MLflow: %s/%s", entry.report_id, server.name, logged.path)

    def _entry(self, report: Report, context: Context) -> Entry:
        told = summary_of(context) or {}
        return Entry(
            report=report,
            prefix=given(self.prefix),
            report_id=told.get("report_id"),
            origin=origin_of(context),
            link=task_url(context),
        )

    def _target(self) -> Target:
        rendered = {name: given(getattr(self, name)) for name in _WHERE}
        return Target(**{name: None if value is None else str(value) for name, value in rendered.items()})

    def _server(self) -> Server:
        conn_id = given(self.conn_id)
        if conn_id is None:
            return Server(uri=given(self.tracking_uri), seconds=self.seconds)
        connection = get_connection(conn_id, example="http --conn-host HOST --conn-port 5000")
        return Server(
            uri=_address(connection),
            username=connection.login or None,
            password=connection.password or None,
            seconds=self.seconds,
        )


def _address(connection: Any) -> str:
    """Return the URL of an ``http`` connection; its host may be one already, its schema is ``http`` by default."""
    host = connection.host or ""
    address = host if "://" in host else f"{connection.schema or 'http'}://{host}"
    return f"{address}:{connection.port}" if connection.port else address


def _ids(entry: Entry) -> dict[str, str]:
    """Return where a report is from, for its page."""
    found = {"Report id": entry.report_id, **(entry.origin.ids if entry.origin else {}), "Log": entry.link}
    return {name: text for name, text in found.items() if text}
