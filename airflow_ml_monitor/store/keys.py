"""The key of a report: what makes writing it twice the same as writing it once."""

from __future__ import annotations

import json
from uuid import UUID, uuid5

from airflow_ml_monitor.results import Origin, Report

_NAMESPACE = UUID("6f0e1a4e-5d1b-5a44-9c3f-3d2b6a7c8e90")


def report_id(report: Report, origin: Origin) -> UUID:
    """Return the id under which a report of one task try is stored: a UUIDv5, the same for the same key.

    The key is what was judged (environment, model and version, kind, window, as_of) and the try that did (dag, run,
    task, map index, try number, attempt). What was found is not part of it.
    """
    window = None if report.window is None else [report.window.start.isoformat(), report.window.end.isoformat()]
    judged = [report.environment, report.model, report.model_version, report.kind, window, report.as_of.isoformat()]
    task_try = [origin.dag_id, origin.run_id, origin.task_id, origin.map_index, origin.try_number, origin.attempt]
    return uuid5(_NAMESPACE, json.dumps([judged, task_try]))
