"""``monitoring_gate``: quality, drift and the gate before any task, by one call."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from inspect import signature
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from airflow.sdk import TaskGroup

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.operators._base import MonitoringOperator
from airflow_ml_monitor.operators.data_quality import DataQualityOperator
from airflow_ml_monitor.operators.drift import DriftOperator
from airflow_ml_monitor.operators.gate import GateOperator

if TYPE_CHECKING:
    from airflow.sdk import XComArg

_NOTHING: Mapping[str, Any] = MappingProxyType({})


def monitoring_gate(
    group_id: str = "monitoring",
    *,
    data: Any = None,
    suite: Any = None,
    reference: str | None = None,
    window: Any = None,
    over: Mapping[str, Any] | Sequence[Mapping[str, Any]] | XComArg | None = None,
    on_fail: str | None = None,
    close_on: Collection[str] | None = None,
    quality: Mapping[str, Any] | None = _NOTHING,
    drift: Mapping[str, Any] | None = _NOTHING,
    gate: Mapping[str, Any] = _NOTHING,
    approval: Mapping[str, Any] | None = None,
    **common: Any,
) -> TaskGroup:
    """Return the task group ``quality`` and ``drift``, then ``gate``: ``monitoring_gate(...) >> train``.

    Both record their verdicts, and the gate decides over them; with ``approval`` a person is asked before it does.

    :param group_id: the group's id, and so the start of its tasks' ids: ``monitoring.gate``.
    :param data: the dataset that both judge.
    :param suite: what quality expects of it.
    :param reference: name of the stored reference that both compare with; drift needs one.
    :param window: the window that both judge; by default the run's own.
    :param over: map both tasks: parameter -> its values, or an upstream task's list of them, for each combination; or
        a list of mappings (an upstream task's output too), each the parameters of one instance. The gate judges all.
    :param on_fail: what the gate does when it closes; ``close_on`` the statuses it closes on; both as ``GateOperator``
        has them. ``emit`` and ``emit_on`` are the gate's as well: the group's verdict is one event.
    :param quality: further parameters of ``DataQualityOperator``, which win over all others; ``None`` for no such task.
    :param drift: the same of ``DriftOperator``; ``gate`` of ``GateOperator``.
    :param approval: parameters of ``VerdictApprovalOperator``, ``{}`` for its defaults: the task ``approval`` between
        those that judge and the gate; by default nobody is asked.
    :param common: parameters of all three: ``model``, ``environment``, ``as_of``, ``retries``, ``pool``, ...
    :raises ConfigurationError: neither quality nor drift; drift without a reference; parameters that are no mapping.
    """
    if quality is None and drift is None:
        raise ConfigurationError(f"task group {group_id!r} has neither quality nor drift; a gate needs what it judges")
    _require_mappings(quality=quality, drift=drift, gate=gate, approval=approval)
    # What is not given stays with the DAG's default_args.
    rule = {**_given(on_fail=on_fail, close_on=close_on), **_taken(common, "emit", "emit_on")}
    shared = {"on_fail": "record", **_given(data=data, reference=reference, window=window), **common}
    with TaskGroup(group_id) as group:
        judging = []
        if quality is not None:
            given = {"task_id": "quality", **shared, **_given(suite=suite), **quality}
            judging.append(_task(DataQualityOperator, given, over))
        if drift is not None:
            _require_reference({**group.dag.default_args, **shared, **drift}, over)
            judging.append(_task(DriftOperator, {"task_id": "drift", **shared, **drift}, over))
        closing = GateOperator(**{"task_id": "gate", **rule, **common, **gate})
        if approval is None:
            judging >> closing
        else:
            judging >> _asking(approval, common) >> closing
    return group


def _asking(approval: Mapping[str, Any], common: Mapping[str, Any]) -> Any:
    """Return the task that asks, with what the group has in common but for the parameters of verdicts."""
    from airflow_ml_monitor.operators.approval import VerdictApprovalOperator

    of_verdicts = set(signature(MonitoringOperator.__init__).parameters) - {"store_conn_id"}
    shared = {name: value for name, value in common.items() if name not in of_verdicts}
    return VerdictApprovalOperator(**{"task_id": "approval", **shared, **approval})


def _task(operator: type[MonitoringOperator], given: Mapping[str, Any], over: Any) -> Any:
    if over is None:
        return operator(**given)
    partial = operator.partial(**given)
    return partial.expand(**over) if isinstance(over, Mapping) else partial.expand_kwargs(over)


def _require_mappings(**parts: Any) -> None:
    for name, parameters in parts.items():
        if parameters is not None and not isinstance(parameters, Mapping):
            raise ConfigurationError(f"{name}={parameters!r} is no mapping of parameters; give {{}} for the defaults")


def _require_reference(given: Mapping[str, Any], over: Any) -> None:
    mapped = over is not None and (not isinstance(over, Mapping) or "reference" in over)  # lists are read by the tasks
    if "reference" not in given and not mapped:
        raise ConfigurationError(
            "drift compares with a stored reference; give reference= its name, or drift=None to judge quality only"
        )


def _taken(parameters: dict[str, Any], *names: str) -> dict[str, Any]:
    """Take parameters out by name, and return those that were there."""
    return {name: parameters.pop(name) for name in names if name in parameters}


def _given(**parameters: Any) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if value is not None}
