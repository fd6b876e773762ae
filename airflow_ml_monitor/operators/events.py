"""Verdicts as asset events: a DAG scheduled on the asset starts when a verdict asks for it."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from airflow.sdk import Asset, AssetAlias

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.operators.gating import Gating, known_statuses

if TYPE_CHECKING:
    from airflow.sdk import Context


class VerdictEvent:
    """The rule of one task: which statuses are events of which asset.

    A plain outlet has an event whenever its task succeeds; through an alias there is one only where it is added.

    :param asset: the asset; its name is the alias's as well.
    :param statuses: statuses that are events.
    :raises ConfigurationError: no asset, an unknown status, or one that raises under ``gating``: Airflow drops the
        events of a task that does not succeed.
    """

    def __init__(self, asset: Any, statuses: Collection[str], gating: Gating) -> None:
        if not isinstance(asset, Asset):
            raise ConfigurationError(f"emit={asset!r} is no asset; give one: Asset('churn_degraded')")
        self.asset = asset
        self.statuses = known_statuses("emit_on", statuses)
        lost = sorted(status.value for status in self.statuses if gating.stops(status))
        if lost:
            given = f"emit_on={', '.join(lost)} with on_fail={gating.on_fail!r}"
            raise ConfigurationError(
                f"{given} could never be an event: Airflow has events of tasks that succeed only; "
                'use on_fail="record" and a gate downstream'
            )

    @property
    def alias(self) -> AssetAlias:
        return AssetAlias(self.asset.name)

    def require_unmapped(self, context: Context) -> None:
        """Raise for an instance of a mapped task.

        :raises ConfigurationError: it is one; each instance would start the consumers by itself.
        """
        ti: Any = context["ti"]
        if ti.map_index is not None and ti.map_index >= 0:
            raise ConfigurationError(
                f"task {ti.task_id!r} is mapped and emits {self.asset.name!r}; judge its instances together by an "
                "unmapped GateOperator downstream and let that emit"
            )

    def add(self, summary: dict[str, Any], context: Context) -> bool:
        """Add the event where the summary's status asks for it; it is emitted once the task has succeeded."""
        if summary["status"] not in self.statuses:
            return False
        context["outlet_events"][self.alias].add(self.asset, extra=summary)
        return True
