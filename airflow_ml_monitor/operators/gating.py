"""What a status does to a DAG: let it go on, fail the task, or skip what is downstream."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, NoReturn

from airflow_ml_monitor import settings
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.results import Status
from airflow_ml_monitor.version_compat import COMMAND_LINE, AirflowFailException, AirflowSkipException

if TYPE_CHECKING:
    from airflow_ml_monitor.results import Report

_WAYS = ("fail", "skip", "record")


def show_command(report_id: object, store_conn_id: str) -> str:
    """Return the command that shows a report, for whoever reads that it closed."""
    elsewhere = "" if store_conn_id == settings.store_conn_id() else f" --conn-id {store_conn_id}"
    return f"{COMMAND_LINE} show {report_id}{elsewhere}"


class MonitoringFailed(AirflowFailException):
    """A verdict closed the gate. Not retried: the same data would give the same verdict."""


class Gating:
    """The rule of one task: which statuses close, and what closing does.

    :param on_fail: ``"fail"``, ``"skip"`` or ``"record"``.
    :param close_on: statuses that close. ``error`` always does.
    :raises ConfigurationError: an unknown way or status.
    """

    def __init__(self, on_fail: str, close_on: Collection[str]) -> None:
        if on_fail not in _WAYS:
            raise ConfigurationError(f"on_fail={on_fail!r} is not known; use one of {', '.join(map(repr, _WAYS))}")
        self.on_fail = on_fail
        self.close_on = known_statuses("close_on", close_on) | {Status.ERROR}

    def closes(self, status: Status) -> bool:
        return status in self.close_on

    def stops(self, status: Status) -> bool:
        """Whether a task with that verdict fails or is skipped."""
        return self.closes(status) and self.on_fail != "record"

    @classmethod
    def of(cls, report: Report) -> Gating:
        """Return the rule of the task that made a report, as its configuration has it."""
        rule = report.config.get("gate", {})
        return cls(rule.get("on_fail", "fail"), rule.get("close_on", ("fail", "error")))

    def stop(self, report: Report, commands: Sequence[str]) -> NoReturn:
        """Raise what stops the DAG, with what the report says.

        :param commands: what to run to see more, for the message.
        :raises MonitoringFailed: ``on_fail`` is ``"fail"``.
        :raises AirflowSkipException: ``on_fail`` is ``"skip"``.
        """
        message = "\n".join([report.summary(), *commands])
        raise MonitoringFailed(message) if self.on_fail == "fail" else AirflowSkipException(message)


def known_statuses(name: str, statuses: Collection[str]) -> set[Status]:
    """Return statuses as such; ``name`` is the parameter they were given by.

    :raises ConfigurationError: one text, or an unknown status.
    """
    if isinstance(statuses, str):
        raise ConfigurationError(f"{name}={statuses!r} is one text; give a set of statuses: {{{statuses!r}}}")
    unknown = sorted(set(map(str, statuses)) - {status.value for status in Status})
    if unknown:
        known = ", ".join(status.value for status in Status)
        raise ConfigurationError(f"{name} has unknown statuses {', '.join(unknown)}; known: {known}")
    return {Status(status) for status in statuses}
