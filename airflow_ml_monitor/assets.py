"""For DAGs that verdicts start: ``require_verdict`` asks whether what is upstream, in another DAG, was let through."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from airflow_ml_monitor.hooks.store import MonitorStoreHook
from airflow_ml_monitor.operators.decided import deciding_status
from airflow_ml_monitor.operators.estimated import proves_nothing
from airflow_ml_monitor.operators.gating import MonitoringFailed, known_statuses, show_command
from airflow_ml_monitor.results import Status

if TYPE_CHECKING:
    from airflow.sdk import Asset, Context

    from airflow_ml_monitor.store import Store, StoredReport

__all__ = ["require_verdict"]

_SHOWN = 3
"""Reasons of a report that stops the run, in the message."""


def require_verdict(
    asset: Asset | str,
    *,
    allow: Collection[str] = ("pass", "warn"),
    store_conn_id: str | None = None,
    context: Context | None = None,
) -> list[StoredReport]:
    """Return the reports whose verdicts started this run by events of an asset; raise unless all let it go on.

    Airflow may merge several events into one run: each of them counts. An event is taken for a pointer only, since
    anybody may write one: the status is that of the report in the store, of the same task and window the latest. What a
    person decided on it counts. An estimate that passes is ``insufficient``, as at a gate. It fails closed: without an
    event, a report or a status that is allowed, it raises.

    :param asset: the asset that the verdicts are events of, or its name.
    :param allow: statuses that let the run go on; ``error`` cannot be one.
    :param store_conn_id: Airflow connection of the store; the ``[ml_monitor] store_conn_id`` option by default.
    :param context: of the task; the current one by default.
    :raises MonitoringFailed: something does not let the run go on. Not retried.
    :raises ConfigurationError: an unknown status.
    """
    if context is None:
        from airflow.sdk import get_current_context

        context = get_current_context()
    allowed = known_statuses("allow", allow) - {Status.ERROR}
    name = asset if isinstance(asset, str) else asset.name
    hook = MonitorStoreHook(store_conn_id)
    store = hook.store
    found = [(extra, _report(store, extra)) for extra in _events(context, name)]
    closed = [_why_closed(hook, report, extra, allowed) for extra, report in found]
    if not found:
        closed.append(f"no event of asset {name!r} started this run; schedule the DAG on it, or do not ask for it here")
    reasons = list(dict.fromkeys(why for why in closed if why is not None))
    if reasons:
        raise MonitoringFailed("\n  - ".join([f"asset {name!r} does not let this run go on:", *reasons]))
    return list({report.id: report for _, report in found if report is not None}.values())


def _events(context: Context, name: str) -> list[Mapping[str, Any]]:
    """Return the extra of each event of an asset that started the run."""
    run: Any = context["dag_run"]
    consumed = getattr(run, "consumed_asset_events", None) or ()
    return [event.extra or {} for event in consumed if event.asset.name == name]


def _report(store: Store, extra: Mapping[str, Any]) -> StoredReport | None:
    """Return the latest report of the task and window that an event tells of."""
    try:
        named = store.reports([UUID(str(extra.get("report_id")))])
    except ValueError:
        return None
    if not named:
        return None
    (first,) = named
    later = store.current_reports(
        model=str(first.report.model),
        environment=first.report.environment,
        window=first.report.window,
        kinds=(first.report.kind,),
        model_version=first.report.model_version,
    )
    return next((one for one in later if _task(one) == _task(first)), first)


def _task(stored: StoredReport) -> tuple[Any, ...]:
    origin = stored.origin
    return origin.dag_id, origin.task_id, origin.map_index, stored.report.model_version, stored.report.window


def _why_closed(
    hook: MonitorStoreHook, stored: StoredReport | None, event: Mapping[str, Any], allowed: set[Status]
) -> str | None:
    if stored is None:
        return (
            f"its event with the report_id {event.get('report_id')!r} points to no report in {hook.store.name}; only "
            "those of monitoring tasks do (emit=), each to the store that it was written to"
        )
    decision = hook.store.decisions([stored.id]).get(stored.id)
    unproven = proves_nothing(stored.report)
    status = Status.INSUFFICIENT if unproven else deciding_status(stored.report)
    if decision is not None and not decision.approved:
        return f"{stored.report.headline}; {decision}"
    approved = decision is not None and status is not Status.ERROR
    if approved or status in allowed:
        return None
    estimate = ["an estimate proves nothing until labels say it"] if unproven else []
    said = "; ".join([stored.report.headline, *estimate, *map(str, stored.report.reasons[:_SHOWN])])
    return f"{said}; all checks: {show_command(stored.id, hook.store_conn_id)}"
