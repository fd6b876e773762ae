"""Pages of reports as files, wherever an ``ObjectStoragePath`` leads."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_ml_monitor.store import StoredReport

_NOT_IN_NAMES = re.compile(r"[^\w.=-]+")
_LONGEST_NAME = 100


def write_page(stored: StoredReport, folder: Any, context: Context) -> str:
    """Write a stored report's page below a folder, and return its path.

    It is ``<folder>/<model>/<kind>_<start of the window>_<report id>.html``: a report has one file, however often it is
    written.

    :param folder: an ``ObjectStoragePath`` or the text of one: ``s3://connection@bucket/reports``, ``file:///srv/reports``.
    """
    from airflow.sdk import ObjectStoragePath

    report = stored.report
    window = "all" if report.window is None else f"{report.window.start:%Y%m%dT%H%M%SZ}"
    path = ObjectStoragePath(str(folder)) / _name(report.model) / f"{_name(report.kind)}_{window}_{stored.id}.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(report.to_html(ids=ids_of(stored, context)).encode("utf-8"))
    return str(path)


def ids_of(stored: StoredReport, context: Context) -> dict[str, str]:
    """Return where a report is from: its id, the task try, and the address of its log."""
    address = task_url(context)
    return stored.ids | ({"Log": address} if address else {})


def task_url(context: Context) -> str | None:
    """Return the address of the task try in Airflow's UI, where Airflow says it."""
    address = getattr(context.get("ti"), "log_url", None)
    return str(address) if address else None


def _name(text: str | None) -> str:
    """Return a text as a name of a file or a folder: no separator, nothing hidden, not too long."""
    return _NOT_IN_NAMES.sub("_", text or "none").lstrip(".")[:_LONGEST_NAME] or "_"
