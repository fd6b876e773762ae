"""What every monitoring operator does, whatever the outcome: compute, store, XCom, asset event, callbacks, gate."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperator

from airflow_ml_monitor import settings
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.hooks.store import MonitorStoreHook
from airflow_ml_monitor.operators.events import VerdictEvent
from airflow_ml_monitor.operators.gating import Gating, MonitoringFailed, show_command
from airflow_ml_monitor.operators.inputs import Inputs, Outcome, spare_memory
from airflow_ml_monitor.operators.lineage import check_results, facets, no_facets
from airflow_ml_monitor.operators.links import ReportLink
from airflow_ml_monitor.operators.report_files import write_page
from airflow_ml_monitor.operators.stats import emit
from airflow_ml_monitor.operators.verdict_callbacks import VerdictCallback, callbacks_of
from airflow_ml_monitor.operators.windows import resolve_window
from airflow_ml_monitor.results import Origin, Report, Status
from airflow_ml_monitor.window import Window, as_of_or_now

if TYPE_CHECKING:
    from uuid import UUID

    from airflow.providers.common.sql.operators.sql import SQLCheckResult
    from airflow.providers.openlineage.extractors import OperatorLineage
    from airflow.sdk import Asset, Context, ObjectStoragePath

    from airflow_ml_monitor.data import Dataset
    from airflow_ml_monitor.profile import Profile
    from airflow_ml_monitor.store import Store, StoredReport

__all__ = ["Inputs", "MonitoringFailed", "MonitoringOperator", "Outcome", "VerdictCallback"]


class MonitoringOperator(BaseOperator):
    """Base of all operators that judge something. A subclass says only what to compute.

    :param model: the model that reports, references, predictions and labels belong to.
    :param model_version: its version, where there is one.
    :param environment: ``prod``, ``staging``, ...; the ``[ml_monitor] environment`` option by default.
    :param window: event time to judge: a pair of times, ``{"start", "end"}`` or ``Last(timedelta)``, which ends at
        ``as_of`` where one is given, else at the end of the run's data interval or when the run was due: every try and
        task of a run has the same. By default it is read, in this order, from ``dag_run.conf["window"]``, the
        triggering asset events, the partition key and the data interval.
    :param as_of: the moment whose knowledge the verdict uses; now by default.
    :param store_conn_id: Airflow connection of the store; the ``[ml_monitor] store_conn_id`` option by default.
    :param on_fail: ``"fail"`` the task (no retry), ``"skip"`` what is downstream, or ``"record"`` and succeed.
    :param close_on: the statuses that count as failing. ``error`` always does: nothing passes that was not computed.
    :param emit: an asset that has an event, with the summary as its ``extra``, where the status is in ``emit_on``: DAGs
        scheduled on it start, and judge the event's window. The task must succeed with it (``on_fail="record"``) and
        not be mapped.
    :param emit_on: the statuses that are events.
    :param on_verdict: called with the report and the task context after every verdict, whatever it is.
    :param reports_path: a folder below which the page of every report is written: the text of an ``ObjectStoragePath``
        (``s3://connection@bucket/reports``). A page that cannot be written is a warning; the verdict stands.
    """

    template_fields: Sequence[str] = (
        *("model", "model_version", "environment", "window", "as_of"),
        *("store_conn_id", "reports_path"),
    )
    ui_color = "#e4f0e8"
    operator_extra_links = (ReportLink(),)
    kind: ClassVar[str]

    def __init__(
        self,
        *,
        model: str | None,
        model_version: str | None = None,
        environment: str | None = None,
        window: Any = None,
        as_of: Any = None,
        store_conn_id: str | None = None,
        on_fail: str = "fail",
        close_on: Collection[str] = ("fail", "error"),
        emit: Asset | None = None,
        emit_on: Collection[str] = ("fail",),
        on_verdict: VerdictCallback | Sequence[VerdictCallback] | None = None,
        reports_path: str | ObjectStoragePath | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.model = model
        self.model_version = model_version
        self.environment = environment
        self.window = window
        self.as_of = as_of
        self.store_conn_id = store_conn_id
        self.on_fail = on_fail
        self.close_on = close_on
        self.emit = emit
        self.emit_on = emit_on
        self.on_verdict = on_verdict
        self.reports_path = reports_path
        self._told: tuple[StoredReport, list[Dataset], Profile | None] | None = None
        # Wrong values are known while the DAG is parsed.
        callbacks_of(on_verdict)
        if self._event is not None:
            self.add_outlets([self._event.alias])

    @abstractmethod
    def compute(self, inputs: Inputs) -> Outcome:
        """Return the report of this run; called once per try, before anything is stored."""

    def earlier_reports(self, inputs: Inputs) -> list[Report]:
        """Return the current reports of this kind on the model."""
        found = inputs.store.current_reports(
            model=inputs.model, environment=inputs.environment, kinds=(self.kind,), model_version=inputs.model_version
        )
        return [stored.report for stored in found]

    def execute(self, context: Context) -> dict[str, Any]:
        event = self._event
        if event is not None:
            event.require_unmapped(context)
        spare_memory()
        hook = MonitorStoreHook(given(self.store_conn_id))
        hook.store.check()
        inputs = self.inputs(context, hook.store)
        started = time.perf_counter()
        outcome = self.compute(inputs)
        report = self._stamped(outcome.report, inputs, time.perf_counter() - started)
        stored = hook.store.write(
            report, origin_of(context), profile=outcome.profile, reference_name=outcome.reference_name
        )
        summary = summarise(stored) | self._page(stored, context)
        context["ti"].xcom_push(key="return_value", value=summary)
        self.log.info("%s\nreport %s", report.summary(), stored.id)
        if event is not None and event.add(summary, context):
            self.log.info("%s is an event of asset %r", report.status, event.asset.name)
        self._told = stored, inputs.datasets, outcome.profile
        self._count(stored)
        self._notify(report, context)
        if self._gating.stops(self.deciding_status(report)):
            self._gating.stop(report, self._commands(stored, hook.store_conn_id))
        return summary

    def deciding_status(self, report: Report) -> Status:
        """Return the status by which a report closes: its own, but where a gate takes a person's decision."""
        return report.status

    def get_openlineage_facets_on_complete(self, _task_instance: Any) -> OperatorLineage[Any, Any]:
        """Return the verdict as OpenLineage's facets, on success and on failure; none where nothing was judged."""
        if self._told is None:
            return no_facets()
        stored, datasets, profile = self._told
        return facets(stored.report, datasets, profile)

    @property
    def check_results(self) -> list[SQLCheckResult]:
        """The checks of the verdict as Airflow's own SQL checks keep theirs for its listeners; none before it."""
        if self._told is None:
            return []
        stored, datasets, _ = self._told
        return check_results(stored.report, datasets[0].label if datasets else None)

    @property
    def report_id(self) -> UUID | None:
        """The id of the report of this try; ``None`` before there is one."""
        return None if self._told is None else self._told[0].id

    def inputs(self, context: Context, store: Store) -> Inputs:
        """Return what this run is about.

        :raises WindowError: no rule gives a window.
        """
        from airflow_ml_monitor.hooks.connections import AirflowConnections

        as_of = as_of_or_now(given(self.as_of))
        return Inputs(
            context=context,
            store=store,
            connections=AirflowConnections(),
            model=self._require_model(given(self.model)),
            model_version=given(self.model_version),
            environment=given(self.environment) or settings.environment(),
            window=self.resolve_window(context, as_of),
            as_of=as_of,
        )

    def resolve_window(self, context: Context, as_of: datetime) -> Window | None:
        """Return the window by the rules of the ``window`` parameter."""
        fixed = as_of if given(self.as_of) is not None else None
        return resolve_window(given(self.window), context, fixed)

    @property
    def _gating(self) -> Gating:
        return Gating(self.on_fail, self.close_on)

    @property
    def _event(self) -> VerdictEvent | None:
        gating = self._gating
        return None if self.emit is None else VerdictEvent(self.emit, self.emit_on, gating)

    def _require_model(self, model: str | None) -> str:
        if not isinstance(model, str):
            raise ConfigurationError(
                f"task {self.task_id!r} needs model=, the name its reports are stored under; it is {self.model!r}"
            )
        return model

    def _where_to_look(self, stored: StoredReport) -> list[tuple[str, str]]:
        """Return what a person may want to see of a verdict that closed, and the id of the report that has it."""
        return [("this report", str(stored.id))]

    def _commands(self, stored: StoredReport, conn_id: str) -> list[str]:
        return [
            f"All checks of {what}: {show_command(report_id, conn_id)}"
            for what, report_id in self._where_to_look(stored)
        ]

    def _stamped(self, report: Report, inputs: Inputs, duration: float) -> Report:
        gate = {"on_fail": self.on_fail, "close_on": sorted(self._gating.close_on)}
        return replace(
            report,
            model=report.model or inputs.model or None,
            model_version=report.model_version or inputs.model_version,
            environment=inputs.environment,
            window=report.window or inputs.window,
            as_of=inputs.as_of,
            duration=duration,
            config={**report.config, "gate": gate},
        )

    def _page(self, stored: StoredReport, context: Context) -> dict[str, str]:
        folder = given(self.reports_path)
        if folder is None:
            return {}
        try:
            return {"report_path": write_page(stored, folder, context)}
        except Exception:  # a folder that cannot be reached must not lose a verdict
            said = "the page of report %s could not be written below reports_path=%r; the verdict stands"
            self.log.warning(said, stored.id, str(folder), exc_info=True)
            return {}

    def _count(self, stored: StoredReport) -> None:
        try:
            emit(stored)
        except Exception:  # a metric that cannot be sent must not change a verdict
            self.log.warning("the metrics of a report could not be sent; the verdict stands", exc_info=True)

    def _notify(self, report: Report, context: Context) -> None:
        for callback in callbacks_of(self.on_verdict):
            try:
                callback(report, context)
            except Exception:  # a message that cannot be sent must not change a verdict
                self.log.exception("on_verdict callback %r failed; the verdict stands", callback)


def given(value: Any) -> Any:
    """Return a parameter, or ``None`` for one that is blank or whose template rendered to nothing."""
    return None if isinstance(value, str) and value.strip() in ("", "None") else value


def origin_of(context: Context) -> Origin:
    """Return the task try that a context belongs to."""
    ti: Any = context["ti"]
    return Origin(
        dag_id=ti.dag_id,
        run_id=ti.run_id,
        task_id=ti.task_id,
        map_index=-1 if ti.map_index is None else ti.map_index,
        try_number=ti.try_number,
        attempt=str(ti.id),
    )


def summarise(stored: StoredReport, *, most: int = 20) -> dict[str, Any]:
    """Return the small JSON that goes to XCom: where the report is and what it says."""
    report = stored.report
    return {
        "report_id": str(stored.id),
        "kind": report.kind,
        "model": report.model,
        "model_version": report.model_version,
        "environment": report.environment,
        "status": report.status.value,
        "window": None if report.window is None else report.window.to_dict(),
        "as_of": report.as_of.isoformat(),
        "counts": report.counts,
        "headline": report.headline,
        "failed_checks": [failed.label for failed in report.with_status(Status.ERROR, Status.FAIL)[:most]],
        "reasons": [str(reason) for reason in report.reasons[:most]],
    }
