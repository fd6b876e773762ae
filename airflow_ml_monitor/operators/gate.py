"""``GateOperator``: let a DAG go on only when every report it depends on is there and none of them closes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.operators._base import Inputs, MonitoringOperator, Outcome
from airflow_ml_monitor.results import CheckResult, Report, Status
from airflow_ml_monitor.version_compat import AirflowRescheduleException
from airflow_ml_monitor.window import Window

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_ml_monitor.store import StoredReport


class GateOperator(MonitoringOperator):
    """Close on the reports of other tasks: this run's upstream monitoring tasks, or any DAG's, by model and window.

    By default it judges the reports of all monitoring tasks upstream of it in this run, back to the gate before it,
    mapped ones included. With ``kinds`` it judges the store's current reports of ``model`` and exactly this window,
    whichever DAG made them, never by wall time. A report that is missing closes the gate.

    :param tasks: only these upstream tasks.
    :param kinds: judge across DAGs: the kinds of report that must be there (``{"data_quality", "drift"}``).
    :param wait: how long missing reports of other DAGs are waited for (the task reschedules, it holds no worker).
    :param poke_interval: how often to look while waiting.
    :param close_on: statuses that close; a deployment gate adds ``"insufficient"``.
    :raises ConfigurationError: ``kinds`` without ``model``, or with ``tasks``; ``wait`` without ``kinds``.
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
        kwargs.setdefault("trigger_rule", "none_failed" if kinds else "all_done")
        super().__init__(model=model, **kwargs)
        if isinstance(kinds, str) or isinstance(tasks, str):
            raise ConfigurationError(f"kinds and tasks are lists of names, not one text: {kinds!r}, {tasks!r}")
        if kinds and (model is None or tasks is not None):
            raise ConfigurationError("a gate across DAGs (kinds=) needs model= and takes no tasks=")
        if wait is not None and not kinds:
            raise ConfigurationError(
                "wait= is for gates across DAGs (kinds=); upstream tasks of this run are waited for"
            )
        self.tasks = tasks
        self.kinds = kinds
        self.wait = wait
        self.poke_interval = poke_interval

    def compute(self, inputs: Inputs) -> Outcome:
        stored, missing = self._across(inputs) if self.kinds else self._upstream(inputs.context, inputs)
        if missing and self.wait is not None:
            self._wait(inputs.context, missing)
        required = self._gating.closes(Status.INSUFFICIENT)
        results = [check for report in stored for check in _judged(report, required)]
        report = Report(
            kind=self.kind,
            results=(*results, *map(_missing, missing)),
            model=self.model or ", ".join(sorted({str(one.report.model) for one in stored})) or self.dag_id,
            window=inputs.window if self.kinds else _span(stored),
            config={"reports": [str(one.id) for one in stored], "kinds": sorted(self.kinds or ())},
        )
        return Outcome(report=report)

    def resolve_window(self, context: Context, as_of: datetime) -> Window | None:
        """Return the window across DAGs; in this run the reports themselves say theirs."""
        return super().resolve_window(context, as_of) if self.kinds else None

    def _model(self) -> str:
        return self.model or ""

    def _across(self, inputs: Inputs) -> tuple[list[StoredReport], list[str]]:
        kinds = set(self.kinds or ())
        stored = inputs.store.current_reports(
            model=str(self.model), environment=inputs.environment, window=inputs.window, kinds=kinds
        )
        absent = kinds - {one.report.kind for one in stored}
        return stored, [f"{kind} report of {self.model} for {inputs.window}" for kind in sorted(absent)]

    def _upstream(self, context: Context, inputs: Inputs) -> tuple[list[StoredReport], list[str]]:
        """Return the stored reports of this run's upstream monitoring tasks, and what should be there and is not.

        XCom says which reports are of the tasks' last tries: Airflow clears it when a task starts again, so that a
        report of an earlier try never speaks for a later one that crashed.
        """
        task_ids = self._upstream_ids()
        stored: list[StoredReport] = []
        missing: list[str] = []
        for task_id in task_ids:
            states = _states(context, task_id)
            reports = inputs.store.reports(_report_ids(context, task_id))
            stored += reports
            if len(reports) < max(len(states), 1):
                missing.append(_absence(task_id, states, len(reports)))
        return stored, missing

    def _upstream_ids(self) -> list[str]:
        found = sorted(_monitoring_upstream(self))
        if self.tasks is None:
            if not found:
                raise ConfigurationError(
                    f"gate {self.task_id!r} has no monitoring task upstream; put one there, or gate across DAGs by "
                    "model= and kinds="
                )
            return found
        unknown = sorted(set(self.tasks) - set(found))
        if unknown:
            raise ConfigurationError(
                f"gate {self.task_id!r} names tasks that are no monitoring tasks upstream of it: {', '.join(unknown)}; "
                f"there are {', '.join(found) or 'none'}"
            )
        return sorted(self.tasks)

    def _wait(self, context: Context, missing: Sequence[str]) -> None:
        now = datetime.now(UTC)
        started = context["ti"].get_first_reschedule_date(context) or now
        if self.wait is not None and now - started < self.wait:
            self.log.info("waiting for %s", "; ".join(missing))
            raise AirflowRescheduleException(now + self.poke_interval)  # type: ignore[no-untyped-call]


def _monitoring_upstream(task: Any) -> Iterator[str]:
    """Yield the ids of monitoring tasks upstream, not looking past a gate: it answers for what is before it."""
    seen: set[str] = set()
    ahead = list(task.upstream_list)
    while ahead:
        one = ahead.pop()
        if one.task_id in seen:
            continue
        seen.add(one.task_id)
        made_by = one.operator_class if getattr(one, "is_mapped", False) else type(one)
        monitoring = isinstance(made_by, type) and issubclass(made_by, MonitoringOperator)
        if monitoring:
            yield one.task_id
        if not (monitoring and issubclass(made_by, GateOperator)):
            ahead += one.upstream_list


def _states(context: Context, task_id: str) -> dict[str, str]:
    ti: Any = context["ti"]
    states: dict[str, dict[str, str]] = ti.get_task_states(dag_id=ti.dag_id, task_ids=[task_id], run_ids=[ti.run_id])
    return states.get(ti.run_id, {})


def _report_ids(context: Context, task_id: str) -> list[UUID]:
    pulled = context["ti"].xcom_pull(task_ids=task_id)
    summaries = pulled if isinstance(pulled, (list, tuple)) else [pulled]
    return [UUID(summary["report_id"]) for summary in summaries if isinstance(summary, dict) and "report_id" in summary]


def _absence(task_id: str, states: dict[str, str], found: int) -> str:
    came = ", ".join(sorted({str(state) for state in states.values()})) or "not run"
    return f"report of task {task_id} ({found} of {max(len(states), 1)} there; task {came})"


def _judged(stored: StoredReport, required: bool) -> list[CheckResult]:
    """Return the checks that stop or worsen a report, named by its task; one that says so where there are none."""
    origin, report = stored.origin, stored.report
    task = origin.task_id if origin.map_index < 0 else f"{origin.task_id}[{origin.map_index}]"
    where = {"report_id": str(stored.id), "model": report.model, "dag_id": origin.dag_id, "run_id": origin.run_id}
    if report.status in (Status.ERROR, Status.FAIL, Status.WARN):
        return [
            replace(
                reason,
                segment=task if reason.segment is None else f"{task} / {reason.segment}",
                detail={**reason.detail, **where},
            )
            for reason in report.reasons
        ]
    verdict = CheckResult(
        check=report.kind,
        metric="status",
        segment=task,
        status=report.status,
        required=required,
        n_current=report.rows_current,
        message=report.headline,
        detail=where,
    )
    return [verdict]


def _missing(what: str) -> CheckResult:
    return CheckResult(
        check="report",
        metric="status",
        segment=what,
        status=Status.ERROR,
        message="missing: it was not computed or not stored; look at that task's log, then clear it and this gate",
    )


def _span(stored: Sequence[StoredReport]) -> Window | None:
    windows = [one.report.window for one in stored if one.report.window is not None]
    return Window(min(w.start for w in windows), max(w.end for w in windows)) if windows else None
