"""One message per incident: when a verdict is worth one."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from airflow_ml_monitor.results import Report, Status

if TYPE_CHECKING:
    from airflow_ml_monitor.store.messages import Event, Message

_WELL = (Status.PASS, Status.WARN)


def event_of(report: Report, last: Message | None, alert_on: Collection[str]) -> Event | None:
    """Return what a verdict is to people who were last told ``last``; ``None`` where it is nothing new to them.

    ``first``: it fails, and they know of no incident. ``change``: it fails otherwise than they know, by its status or
    the checks behind it; values alone change nothing. ``recovery``: it is well, and they know of an incident. A
    verdict that says too little (``insufficient``) ends no incident, and neither does one about an earlier window.

    :param alert_on: the statuses that fail; a status among them is never well.
    """
    known = last is not None and last.event != "recovery"
    if report.status in alert_on:
        if last is None or not known:
            return "first"
        return None if (last.status, last.reasons) == (report.status.value, reasons_of(report)) else "change"
    if last is None or not known or report.status not in _WELL or last.is_after(report.window):
        return None
    return "recovery"


def reasons_of(report: Report) -> tuple[str, ...]:
    """Return the names of the checks behind a status, sorted."""
    return tuple(sorted({reason.label for reason in report.reasons}))
