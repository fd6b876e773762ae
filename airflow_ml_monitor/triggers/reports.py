"""``ReportsTrigger``: looks for reports of other DAGs from the triggerer, while the gate holds no worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_ml_monitor.errors import MonitorError
from airflow_ml_monitor.hooks.store import store_behind
from airflow_ml_monitor.window import Window, as_utc

if TYPE_CHECKING:
    from airflow_ml_monitor.data import Connections


class ReportsTrigger(BaseTrigger):
    """Wait until a model has other current reports of a window than those known, or the deadline is over.

    A store that cannot be reached is asked again at the next look. Restarted, it starts over with the same deadline.

    :param about: ``model``, ``environment``, ``window``, ``kinds`` and ``model_version`` of the reports, plain JSON.
    :param known: ids of the reports that the gate has seen; ``None`` to wait for one look only: what it waits for is
        the state of a task, which is not in the store.
    :param store_conn_id: Airflow connection of the store.
    :param poke_interval: seconds between two looks.
    :param deadline: ISO 8601 time of the last look; the event gives it back.
    """

    def __init__(
        self,
        *,
        about: Mapping[str, Any],
        known: Collection[str] | None,
        store_conn_id: str,
        poke_interval: float,
        deadline: str,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.about = dict(about)
        self.known = None if known is None else sorted(known)
        self.store_conn_id = store_conn_id
        self.poke_interval = poke_interval
        self.deadline = deadline

    def serialize(self) -> tuple[str, dict[str, Any]]:
        # The path is part of what is stored while a task waits: it stays the same in later releases.
        names = ("about", "known", "store_conn_id", "poke_interval", "deadline")
        return "airflow_ml_monitor.triggers.reports.ReportsTrigger", {name: getattr(self, name) for name in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        deadline = as_utc(self.deadline, what="deadline")
        while True:
            left = (deadline - datetime.now(UTC)).total_seconds()
            await asyncio.sleep(max(min(self.poke_interval, left), 0.0))
            if self.known is None or left <= self.poke_interval or await self._has_others(self.known):
                yield TriggerEvent({"deadline": self.deadline})  # type: ignore[no-untyped-call]
                return

    async def _has_others(self, known: list[str]) -> bool:
        from airflow_ml_monitor.hooks.connections import outages, triggerer_connections

        passing: tuple[type[Exception], ...] = (MonitorError, *outages())
        try:
            connections = await triggerer_connections([self.store_conn_id])
            return await asyncio.to_thread(self._current, connections) != known
        except passing as error:
            self.log.warning("no look at the reports of %s: %s", self.about["model"], error)
            return False

    def _current(self, connections: Connections) -> list[str]:
        store = store_behind(self.store_conn_id, connections.engine(self.store_conn_id), auto_migrate=False)
        found = store.current_reports(**self.about | {"window": Window.of(self.about["window"])})
        return sorted(str(one.id) for one in found)
