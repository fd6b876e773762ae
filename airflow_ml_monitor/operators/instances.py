"""Task instances, and which stored report speaks for which: what a gate goes by.

XCom alone is no proof: Airflow clears it when a try starts, so a task that was cleared and never started again still
shows the report of its earlier try. An instance's state tells.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from airflow_ml_monitor.operators.gating import Gating
from airflow_ml_monitor.results import task_name

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_ml_monitor.store import Store, StoredReport

UNMAPPED = -1


@dataclass
class Evidence:
    """The reports a gate judges, what should have one and has not: name -> why; and tasks that had nothing to judge."""

    reports: list[StoredReport] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    idle: list[str] = field(default_factory=list)

    def add(self, task_id: str, states: Mapping[int, str], reports: Iterable[StoredReport]) -> None:
        """Take over one task: for each of its instances the report that speaks for it, or that there is none."""
        by_index = {report.origin.map_index: report for report in reports}
        for index, state in states.items() or [(UNMAPPED, "not there")]:
            report = by_index.get(index)
            if report is not None and speaks(report, state):
                self.reports.append(report)
            else:
                self.missing[task_name(task_id, index)] = f"the task is {state} and has no report of that"


def speaks(report: StoredReport, state: str) -> bool:
    """Whether a report is what its task instance, now in ``state``, came to.

    A success always stored its report. A failed or skipped one did where the report's verdict is what failed or skipped
    it; any other report of it is of an earlier try.
    """
    if state in ("failed", "skipped"):
        return Gating.of(report.report).closes(report.report.status)
    return state == "success"


def concerned(
    states: Mapping[int, str], reports: Iterable[StoredReport], made: Iterable[StoredReport]
) -> dict[int, str]:
    """Return the states of those instances of a task that a gate over some of its reports is about.

    One that came to a report of something else, as tasks mapped over windows or models do, is not missing; one that
    came to none might have been about the same.

    :param reports: those that the gate judges; ``made`` all that the task made in that run.
    """
    judged = {one.origin.map_index for one in reports}
    others = {one.origin.map_index for one in made if speaks(one, states.get(one.origin.map_index, ""))}
    # A judged instance that the run no longer has speaks for nothing.
    known = dict.fromkeys(judged, "removed") | dict(states)
    return {index: state for index, state in known.items() if index in judged or index not in others}


def states_of(
    context: Context, task_id: str, *, dag_id: str | None = None, run_id: str | None = None
) -> dict[int, str]:
    """Return the states of a task's instances by map index, of this run by default; vanished ones are left out."""
    ti: Any = context["ti"]
    dag, run = dag_id or ti.dag_id, run_id or ti.run_id
    found = ti.get_task_states(dag_id=dag, task_ids=[task_id], run_ids=[run]).get(run, {})
    by_index = {
        UNMAPPED if key == task_id else int(key.removeprefix(f"{task_id}_")): str(state) for key, state in found.items()
    }
    return {index: state for index, state in sorted(by_index.items()) if state != "removed"}


def mapped_over_nothing(context: Context, task: Any, states: Mapping[int, str]) -> bool:
    """Whether a task has no instance because a list that it, or the task group it is in, is mapped over is empty."""
    if dict(states) not in ({}, {UNMAPPED: "skipped"}):  # the first where it was cleared, and had some before
        return False
    return any(_is_empty(context, expanded) for expanded in _expanded(task))


def _expanded(task: Any) -> Iterator[Any]:
    """Give what a task and the task group around it are mapped over, as Airflow keeps it."""
    if getattr(task, "is_mapped", False):
        yield getattr(task, "op_kwargs_expand_input", task.expand_input)  # the first of decorated tasks
    group = task.get_closest_mapped_task_group()
    if group is not None:
        yield group._expand_input


def _is_empty(context: Context, expanded: Any) -> bool:
    """Whether a list that is written in the DAG, or that an upstream task returned, has nothing in it."""
    written = expanded.value.values() if isinstance(expanded.value, Mapping) else [expanded.value]
    returned = [context["ti"].xcom_pull(task_ids=one.task_id, key=key) for one, key in expanded.iter_references()]
    return any(isinstance(value, (list, tuple, Mapping)) and not value for value in [*written, *returned])


def reports_of(context: Context, task_id: str, store: Store) -> list[StoredReport]:
    """Return the stored reports that a task of this run named in XCom."""
    pulled = context["ti"].xcom_pull(task_ids=task_id)
    summaries = pulled if isinstance(pulled, (list, tuple)) else [pulled]
    ids = [UUID(summary["report_id"]) for summary in summaries if isinstance(summary, dict) and "report_id" in summary]
    return [report for report in store.reports(ids) if report.origin.task_id == task_id]


def latest_runs(reports: Collection[StoredReport]) -> dict[tuple[str, str], list[StoredReport]]:
    """Return the reports by DAG and task, of each the latest run's only."""
    last = {(one.origin.dag_id, one.origin.task_id): one for one in sorted(reports, key=lambda one: one.written_at)}
    return {
        task: [
            one
            for one in reports
            if (one.origin.dag_id, one.origin.task_id, one.origin.run_id) == (*task, newest.origin.run_id)
        ]
        for task, newest in last.items()
    }
