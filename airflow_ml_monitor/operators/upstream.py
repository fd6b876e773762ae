"""The monitoring tasks upstream of a gate or an approval in its run, and the reports that speak for them."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.operators._base import MonitoringOperator
from airflow_ml_monitor.operators.instances import Evidence, mapped_over_nothing, reports_of, states_of
from airflow_ml_monitor.results import task_name

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_ml_monitor.store import Store

GATE = "gate"
"""The kind of report that a gate makes, by which gates are known."""


def upstream_evidence(task: Any, context: Context, store: Store, *, tasks: Collection[str] | None) -> Evidence:
    """Return what this run's monitoring tasks upstream of a task reported, back to the gate that judged them.

    :param tasks: only these.
    :raises ConfigurationError: there is no such task.
    """
    evidence, upstream = Evidence(), _monitoring_upstream(task)
    for task_id in _chosen(task, upstream, tasks):
        states = _relevant(task, context, upstream[task_id])
        if mapped_over_nothing(context, upstream[task_id], states):
            evidence.idle.append(task_id)
            continue
        evidence.add(task_id, states, reports_of(context, task_id, store))
    if task.trigger_rule == "all_done":
        for one in task.upstream_list:
            if one.task_id not in upstream:
                _add_stopped(evidence, task, context, one)
    return evidence


def _add_stopped(evidence: Evidence, task: Any, context: Context, plain: Any) -> None:
    for index, state in _relevant(task, context, plain).items():
        if state in ("failed", "upstream_failed", "skipped"):
            evidence.missing[task_name(plain.task_id, index)] = f"the task upstream is {state}"


def _relevant(task: Any, context: Context, other: Any) -> dict[int, str]:
    """Return the states of a task's instances; in a mapped task group, of this instance's own only."""
    states, index = states_of(context, other.task_id), context["ti"].map_index
    group = task.get_closest_mapped_task_group()
    same = group is not None and other.get_closest_mapped_task_group() is group
    return {index: states.get(index, "not there")} if same and index is not None and index >= 0 else states


def _chosen(task: Any, upstream: dict[str, Any], tasks: Collection[str] | None) -> list[str]:
    found, who = sorted(upstream), f"{getattr(task, 'kind', 'task')} {task.task_id!r}"
    if tasks is None and not found:
        raise ConfigurationError(
            f"{who} has no monitoring task upstream; put one there, or gate across DAGs by model= and kinds="
        )
    unknown = sorted(set(tasks or ()) - set(found))
    if unknown:
        raise ConfigurationError(
            f"{who} names tasks that are no monitoring tasks upstream of it: {', '.join(unknown)}; "
            f"there are {', '.join(found) or 'none'}"
        )
    return found if tasks is None else sorted(tasks)


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
        made_by = class_of(one)
        if issubclass(made_by, MonitoringOperator):
            found[one.task_id] = one
            if made_by.kind == GATE:
                judged = _judged_by(one)
                if judged is None:
                    continue
                answered |= judged
        ahead += one.upstream_list
    return {task_id: one for task_id, one in found.items() if task_id not in answered}


def class_of(task: Any) -> type:
    """Return the operator of a task, mapped or not."""
    made_by = task.operator_class if getattr(task, "is_mapped", False) else type(task)
    return made_by if isinstance(made_by, type) else object


def _judged_by(gate: Any) -> set[str] | None:
    """Return the ids of the tasks a gate judges; ``None`` for all that are upstream of it."""
    given = getattr(gate, "partial_kwargs", {})
    tasks, kinds = (getattr(gate, name, given.get(name)) for name in ("tasks", "kinds"))
    if kinds is not None:
        return set()
    return None if tasks is None else set(tasks)
