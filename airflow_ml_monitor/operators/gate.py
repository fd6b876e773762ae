"""``GateOperator``: let a DAG go on only when every report it depends on is there and none of them closes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.operators._base import Inputs, MonitoringOperator, Outcome
from airflow_ml_monitor.operators.estimated import proves_nothing, unproven
from airflow_ml_monitor.operators.instances import (
    Evidence,
    latest_runs,
    mapped_over_nothing,
    named,
    reports_of,
    states_of,
)
from airflow_ml_monitor.results import CheckResult, Report, Severity, Status
from airflow_ml_monitor.version_compat import AirflowRescheduleException
from airflow_ml_monitor.window import Window

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_ml_monitor.store import StoredReport


class GateOperator(MonitoringOperator):
    """Close on the reports of other tasks: this run's upstream monitoring tasks, or any DAG's, by model and window.

    By default it judges the reports of all monitoring tasks upstream of it in this run, mapped ones included, back to
    the gate that judged them. It runs when all upstream tasks are done, and closes also on a plain one that failed or
    was skipped (give another ``trigger_rule`` to leave those to Airflow). A task that is mapped over an empty list had
    nothing to judge: by itself that is ``insufficient``, and beside other reports it does not matter. With ``kinds``
    it judges the store's current reports of ``model`` and exactly this window, whichever DAG made them, never by wall
    time. A report that is missing closes the gate. An estimate may close it; that it passes proves nothing, so a gate
    with no other evidence is ``insufficient``.

    :param tasks: only these upstream tasks.
    :param kinds: judge across DAGs: the kinds of report that must be there (``{"data_quality", "drift"}``).
    :param wait: how long missing reports of other DAGs are waited for (the task reschedules, it holds no worker).
    :param poke_interval: how often to look while waiting.
    :param close_on: statuses that close; a deployment gate adds ``"insufficient"``.
    :raises ConfigurationError: ``kinds`` without ``model`` or with ``tasks``; either empty; ``wait`` without ``kinds``.
    """

    kind = "gate"
    ui_color = "#f7e8d0"

    def __init__(
        self,
        *,
        model: str | None = None,
        tasks: Collection[str] | None = None,
        kinds: Collection[str] | None = None,
        wait: timedelta | None = None,
        poke_interval: timedelta = timedelta(minutes=1),
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("trigger_rule", "all_done" if kinds is None else "none_failed")
        super().__init__(model=model, **kwargs)
        for name, given in (("tasks", tasks), ("kinds", kinds)):
            if isinstance(given, str) or (given is not None and not given):
                raise ConfigurationError(f"{name}={given!r} must be a list of names, and not an empty one")
        if kinds is not None and (model is None or tasks is not None):
            raise ConfigurationError("a gate across DAGs (kinds=) needs model= and takes no tasks=")
        if wait is not None and kinds is None:
            raise ConfigurationError(
                "wait= is for gates across DAGs (kinds=); upstream tasks of this run are waited for"
            )
        self.tasks = tasks
        self.kinds = kinds
        self.wait = wait
        self.poke_interval = poke_interval

    def compute(self, inputs: Inputs) -> Outcome:
        evidence = self._upstream(inputs) if self.kinds is None else self._across(inputs)
        if evidence.missing and self.wait is not None:
            self._wait(inputs.context, evidence)
        required = self._gating.closes(Status.INSUFFICIENT)
        judged = [check for report in evidence.reports for check in _judged(report, required)]
        models = ", ".join(sorted({str(one.report.model) for one in evidence.reports}))
        report = Report(
            kind=self.kind,
            results=(
                *judged,
                *(_missing(name, why) for name, why in evidence.missing.items()),
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

    def _require_model(self, model: str | None) -> str:
        return model or ""

    def _where_to_look(self, stored: StoredReport) -> list[tuple[str, str]]:
        closing = {
            result.check.rpartition(".")[0]: str(result.detail["report_id"])
            for result in stored.report.reasons
            if "report_id" in result.detail
        }
        return [*super()._where_to_look(stored), *((f"task {task}", report) for task, report in closing.items())]

    def _across(self, inputs: Inputs) -> Evidence:
        kinds = set(self.kinds or ())
        current = inputs.store.current_reports(
            model=inputs.model,
            model_version=inputs.model_version,
            environment=inputs.environment,
            window=inputs.window,
            kinds=kinds,
        )
        evidence = Evidence()
        for (dag_id, task_id), reports in latest_runs(current).items():
            states = states_of(inputs.context, task_id, dag_id=dag_id, run_id=reports[0].origin.run_id)
            # A run that Airflow has deleted cannot say what else there should be.
            known = states or {one.origin.map_index: "success" for one in reports}
            evidence.add(task_id, known, reports)
        for kind in kinds - {one.report.kind for one in current}:
            evidence.missing[kind] = f"the store has no {kind} report of {inputs.model} for {inputs.window}"
        return evidence

    def _upstream(self, inputs: Inputs) -> Evidence:
        evidence, upstream = Evidence(), _monitoring_upstream(self)
        for task_id in self._chosen(upstream):
            states = self._relevant(inputs.context, upstream[task_id])
            if mapped_over_nothing(inputs.context, upstream[task_id], states):
                evidence.idle.append(task_id)
                continue
            evidence.add(task_id, states, reports_of(inputs.context, task_id, inputs.store))
        if self.trigger_rule == "all_done":
            for task in self.upstream_list:
                if task.task_id not in upstream:
                    self._add_stopped(evidence, inputs.context, task)
        return evidence

    def _add_stopped(self, evidence: Evidence, context: Context, task: Any) -> None:
        for index, state in self._relevant(context, task).items():
            if state in ("failed", "upstream_failed", "skipped"):
                evidence.missing[named(task.task_id, index)] = f"the task upstream is {state}"

    def _relevant(self, context: Context, task: Any) -> dict[int, str]:
        """Return the states of a task's instances; in a mapped task group, of this instance's own only."""
        states, index = states_of(context, task.task_id), context["ti"].map_index
        group = self.get_closest_mapped_task_group()
        same = group is not None and task.get_closest_mapped_task_group() is group
        return {index: states.get(index, "not there")} if same and index is not None and index >= 0 else states

    def _chosen(self, upstream: dict[str, Any]) -> list[str]:
        found = sorted(upstream)
        if self.tasks is None and not found:
            raise ConfigurationError(
                f"gate {self.task_id!r} has no monitoring task upstream; put one there, or gate across DAGs by "
                "model= and kinds="
            )
        unknown = sorted(set(self.tasks or ()) - set(found))
        if unknown:
            raise ConfigurationError(
                f"gate {self.task_id!r} names tasks that are no monitoring tasks upstream of it: {', '.join(unknown)}; "
                f"there are {', '.join(found) or 'none'}"
            )
        return found if self.tasks is None else sorted(self.tasks)

    def _wait(self, context: Context, evidence: Evidence) -> None:
        now = datetime.now(UTC)
        started = context["ti"].get_first_reschedule_date(context) or now
        if self.wait is not None and now - started < self.wait:
            self.log.info("waiting for %s", "; ".join(evidence.missing.values()))
            raise AirflowRescheduleException(now + self.poke_interval)  # type: ignore[no-untyped-call]


def _monitoring_upstream(task: Any) -> dict[str, Any]:
    """Return the monitoring tasks upstream by id; behind a gate only those that it did not judge."""
    found: dict[str, Any] = {}
    answered: set[str] = set()
    seen: set[str] = set()
    ahead = list(task.upstream_list)
    while ahead:
        one = ahead.pop(0)
        if one.task_id in seen:
            continue
        seen.add(one.task_id)
        made_by = one.operator_class if getattr(one, "is_mapped", False) else type(one)
        if _is(made_by, MonitoringOperator):
            found[one.task_id] = one
        if _is(made_by, GateOperator):
            judged = _judged_by(one)
            if judged is None:
                continue
            answered |= judged
        ahead += one.upstream_list
    return {task_id: one for task_id, one in found.items() if task_id not in answered}


def _is(made_by: Any, kind: type) -> bool:
    return isinstance(made_by, type) and issubclass(made_by, kind)


def _judged_by(gate: Any) -> set[str] | None:
    """Return the ids of the tasks a gate judges; ``None`` for all that are upstream of it."""
    given = getattr(gate, "partial_kwargs", {})
    tasks, kinds = (getattr(gate, name, given.get(name)) for name in ("tasks", "kinds"))
    if kinds is not None:
        return set()
    return None if tasks is None else set(tasks)


def _judged(stored: StoredReport, required: bool) -> list[CheckResult]:
    """Return the checks that stop or worsen a report, named by its task; one that says so where there are none."""
    origin, report = stored.origin, stored.report
    task = named(origin.task_id, origin.map_index)
    where = {"report_id": str(stored.id), "model": report.model, "dag_id": origin.dag_id, "run_id": origin.run_id}
    if proves_nothing(report):
        return unproven(report, task, where)
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
        message=report.headline,
        detail=where,
    )
    return [verdict]


def _missing(name: str, why: str) -> CheckResult:
    return CheckResult(
        check=f"{name}.report",
        metric="status",
        status=Status.ERROR,
        message=f"missing: {why}; look at that task's log, then clear it and this gate",
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
