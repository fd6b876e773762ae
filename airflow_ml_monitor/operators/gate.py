"""``GateOperator``: let a DAG go on only when every report it depends on is there and none of them closes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.hooks.store import MonitorStoreHook
from airflow_ml_monitor.operators._base import Inputs, MonitoringOperator, Outcome, given
from airflow_ml_monitor.operators.decided import decided, deciding_status
from airflow_ml_monitor.operators.estimated import proves_nothing, unproven
from airflow_ml_monitor.operators.instances import Evidence, concerned, latest_runs, states_of
from airflow_ml_monitor.operators.upstream import GATE, upstream_evidence
from airflow_ml_monitor.results import CheckResult, Report, Severity, Status
from airflow_ml_monitor.version_compat import AirflowRescheduleException
from airflow_ml_monitor.window import Window, as_utc

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_ml_monitor.store import Decision, StoredReport
    from airflow_ml_monitor.triggers.reports import ReportsTrigger

_LOOK = "look at that task's log, then clear it and this gate"
_SHOWN = 3
"""Reasons of a report that is insufficient, in the gate's message."""


class GateOperator(MonitoringOperator):
    """Close on the reports of other tasks: this run's upstream monitoring tasks, or any DAG's, by model and window.

    By default it judges the reports of all monitoring tasks upstream of it in this run, mapped ones included, back to
    the gate that judged them. It runs when all upstream tasks are done, and closes also on a plain one that failed or
    was skipped (give another ``trigger_rule`` to leave those to Airflow). A task that is, or whose task group is,
    mapped over an empty list had nothing to judge: by itself that is ``insufficient``, and beside other reports it
    does not matter. With ``kinds`` it judges the store's current reports of ``model`` and exactly this window,
    whichever DAG made them, never by wall time. A report that is missing closes the gate. What a person decided on a
    report (``VerdictApprovalOperator``) counts: an approved one is let through, and shown as a warning that says by
    whom; a refused one closes. An estimate may close it; that it passes proves nothing, so a gate with no other
    evidence is ``insufficient``.

    :param tasks: only these upstream tasks.
    :param kinds: judge across DAGs: the kinds of report that must be there (``{"data_quality", "drift"}``).
    :param wait: how long missing reports of other DAGs are waited for; the task reschedules, it holds no worker.
    :param poke_interval: how often to look while waiting.
    :param deferrable: wait in the triggerer, which starts the task only when there is another report.
    :param close_on: statuses that close; a deployment gate adds ``"insufficient"``.
    :raises ConfigurationError: ``kinds`` without ``model`` or with ``tasks``; either empty; ``wait`` without ``kinds``;
        ``wait`` or ``poke_interval`` is no length of time.
    """

    kind = GATE
    ui_color = "#f7e8d0"

    def __init__(
        self,
        *,
        model: str | None = None,
        tasks: Collection[str] | None = None,
        kinds: Collection[str] | None = None,
        wait: timedelta | None = None,
        poke_interval: timedelta = timedelta(minutes=1),
        deferrable: bool = False,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("trigger_rule", "all_done" if kinds is None else "none_failed")
        super().__init__(model=model, **kwargs)
        for name, names in (("tasks", tasks), ("kinds", kinds)):
            if isinstance(names, str) or (names is not None and not names):
                raise ConfigurationError(f"{name}={names!r} must be a list of names, and not an empty one")
        if kinds is not None and (model is None or tasks is not None):
            raise ConfigurationError("a gate across DAGs (kinds=) needs model= and takes no tasks=")
        if deferrable and wait is None:
            raise ConfigurationError(
                "deferrable=True is for a gate that waits; give wait= a time such as timedelta(hours=6)"
            )
        if wait is not None and kinds is None:
            raise ConfigurationError(
                "wait= is for gates across DAGs (kinds=); upstream tasks of this run are waited for"
            )
        _require_spans(wait, poke_interval)
        self.tasks = tasks
        self.kinds = kinds
        self.wait = wait
        self.poke_interval = poke_interval
        self.deferrable = deferrable
        self._deadline: str | None = None
        self._seen: list[str] = []

    def execute(self, context: Context, event: dict[str, Any] | None = None) -> dict[str, Any]:
        self._deadline = None if event is None else event["deadline"]
        return super().execute(context)

    def compute(self, inputs: Inputs) -> Outcome:
        evidence = self._evidence(inputs)
        if evidence.missing and self.wait is not None:
            self._wait(inputs, evidence)
        required = self._gating.closes(Status.INSUFFICIENT)
        decisions = inputs.store.decisions([one.id for one in evidence.reports])
        judged = [check for one in evidence.reports for check in _judged(one, required, decisions.get(one.id))]
        models = ", ".join(sorted({str(one.report.model) for one in evidence.reports}))
        report = Report(
            kind=self.kind,
            results=(
                *judged,
                *(_missing(name, why, self.kinds or ()) for name, why in evidence.missing.items()),
                *(_idle(name) for name in evidence.idle),
            ),
            model=inputs.model or models or self.dag_id,
            window=_span(evidence.reports) if self.kinds is None else inputs.window,
            config={"reports": [str(one.id) for one in evidence.reports], "kinds": sorted(self.kinds or ())},
        )
        return Outcome(report=report)

    def resolve_window(self, context: Context, as_of: datetime) -> Window | None:
        """Return the window across DAGs; in this run the reports themselves say theirs."""
        return None if self.kinds is None else super().resolve_window(context, as_of)

    def deciding_status(self, report: Report) -> Status:
        """Return the status of what no person let through."""
        return deciding_status(report)

    def _require_model(self, model: str | None) -> str:
        return model or ""

    def _where_to_look(self, stored: StoredReport) -> list[tuple[str, str]]:
        closing = {
            result.check.rpartition(".")[0]: str(result.detail["report_id"])
            for result in stored.report.reasons
            if "report_id" in result.detail
        }
        return [*super()._where_to_look(stored), *((f"task {task}", report) for task, report in closing.items())]

    def _evidence(self, inputs: Inputs) -> Evidence:
        if self.kinds is None:
            return upstream_evidence(self, inputs.context, inputs.store, tasks=self.tasks)
        return self._across(inputs)

    def _across(self, inputs: Inputs) -> Evidence:
        kinds = set(self.kinds or ())
        current = inputs.store.current_reports(
            model=inputs.model,
            model_version=inputs.model_version,
            environment=inputs.environment,
            window=inputs.window,
            kinds=kinds,
        )
        self._seen = [str(one.id) for one in current]
        evidence = Evidence()
        for (dag_id, task_id), reports in latest_runs(current).items():
            run_id = reports[0].origin.run_id
            states = states_of(inputs.context, task_id, dag_id=dag_id, run_id=run_id)
            made = inputs.store.run_reports(dag_id=dag_id, run_id=run_id, task_ids=[task_id])
            # A run that Airflow has deleted cannot say what else there should be.
            kept = {one.origin.map_index: "success" for one in reports}
            known = concerned(states, reports, made) if states else kept
            evidence.add(task_id, known, reports)
        for kind in kinds - {one.report.kind for one in current}:
            evidence.missing[kind] = f"the store has no {kind} report of {inputs.model} for {inputs.window}"
        return evidence

    def _wait(self, inputs: Inputs, evidence: Evidence) -> None:
        now = datetime.now(UTC)
        started = inputs.context["ti"].get_first_reschedule_date(inputs.context) or now
        deadline = started + (self.wait or timedelta(0)) if self._deadline is None else as_utc(self._deadline)
        if now >= deadline:
            return
        self.log.info(
            "waiting until %s: %s", deadline.isoformat(timespec="seconds"), "; ".join(evidence.missing.values())
        )
        if self.deferrable:
            self.defer(trigger=self._trigger(inputs, evidence, deadline), method_name="execute")
        raise AirflowRescheduleException(now + self.poke_interval)  # type: ignore[no-untyped-call]

    def _trigger(self, inputs: Inputs, evidence: Evidence, deadline: datetime) -> ReportsTrigger:
        from airflow_ml_monitor.triggers.reports import ReportsTrigger

        # Where every kind is there, what is missing is of a task that still runs: the store may never tell of it.
        lacking = any(kind in evidence.missing for kind in self.kinds or ())
        about = {
            "model": inputs.model,
            "model_version": inputs.model_version,
            "environment": inputs.environment,
            "window": None if inputs.window is None else inputs.window.to_dict(),
            "kinds": sorted(self.kinds or ()),
        }
        return ReportsTrigger(
            about=about,
            known=self._seen if lacking else None,
            store_conn_id=MonitorStoreHook(given(self.store_conn_id)).store_conn_id,
            poke_interval=self.poke_interval.total_seconds(),
            deadline=deadline.isoformat(),
        )


def _require_spans(wait: Any, poke_interval: Any) -> None:
    """Refuse what is no length of time while the DAG is parsed: it is first used on the day that a report is late."""
    for name, span in (("wait", wait), ("poke_interval", poke_interval)):
        if not (isinstance(span, timedelta) and span >= timedelta(0)) and (name, span) != ("wait", None):
            raise ConfigurationError(f"{name}={span!r} is no length of time; give one such as timedelta(hours=6)")


def _judged(stored: StoredReport, required: bool, decision: Decision | None) -> list[CheckResult]:
    """Return the checks a gate makes of one report, named by its task, what a person decided on it considered."""
    origin, report = stored.origin, stored.report
    task = origin.task
    where = {"report_id": str(stored.id), "model": report.model, "dag_id": origin.dag_id, "run_id": origin.run_id}
    checks = unproven(report, task, where) if proves_nothing(report) else _found(report, required, task, where)
    return decided(checks, report, decision, task=task, where=where)


def _found(report: Report, required: bool, task: str, where: dict[str, Any]) -> list[CheckResult]:
    """Return the checks that stop or worsen a report; one that says so where there are none."""
    if report.status in (Status.ERROR, Status.FAIL, Status.WARN):
        return [
            replace(reason, check=f"{task}.{reason.check}", detail={**reason.detail, **where})
            for reason in report.reasons
        ]
    verdict = CheckResult(
        check=f"{task}.{report.kind}",
        metric="status",
        status=report.status,
        required=required,
        n_current=report.rows_current,
        message="; ".join([report.headline, *map(str, report.reasons[:_SHOWN])]),
        detail=where,
    )
    return [verdict]


def _missing(name: str, why: str, kinds: Collection[str]) -> CheckResult:
    # Of a kind that nobody reported it is not known which task should have.
    next_step = "run the task that makes it, then clear this gate" if name in kinds else _LOOK
    return CheckResult(
        check=f"{name}.report",
        metric="status",
        status=Status.ERROR,
        message=f"missing: {why}; {next_step}",
    )


def _idle(name: str) -> CheckResult:
    return CheckResult(
        check=f"{name}.report",
        metric="status",
        status=Status.INSUFFICIENT,
        severity=Severity.INFO,
        message="nothing to judge: the list that the task is mapped over is empty",
    )


def _span(stored: Sequence[StoredReport]) -> Window | None:
    windows = [one.report.window for one in stored if one.report.window is not None]
    return Window(min(w.start for w in windows), max(w.end for w in windows)) if windows else None
