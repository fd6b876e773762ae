"""``LabelsTrigger``: looks for labels from the triggerer, while the task that waits for them takes up no worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_ml_monitor.errors import MonitorError
from airflow_ml_monitor.window import as_utc

if TYPE_CHECKING:
    from airflow_ml_monitor.performance.label_wait import LabelLook, LabelWait


class LabelsTrigger(BaseTrigger):
    """Look for the labels of a window until they are there or the deadline is over.

    A database that cannot be reached is asked again at the next look. Restarted, it starts over with the same deadline.
    Its one event is plain JSON: ``ready``, ``timed_out``, ``error``, ``message``, and what the last look found.

    :param wait: ``LabelWait.to_dict()`` of what is waited for; both datasets are tables.
    :param poke_interval: seconds between two looks; more while the labels are not due.
    :param deadline: ISO 8601 time of the last look.
    :param timeout: the seconds of waiting that end at the deadline, for the message.
    """

    def __init__(self, *, wait: Mapping[str, Any], poke_interval: float, deadline: str, timeout: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.wait = dict(wait)
        self.poke_interval = poke_interval
        self.deadline = deadline
        self.timeout = timeout
        self.looks_at_once = False

    def serialize(self) -> tuple[str, dict[str, Any]]:
        # The path is part of what is stored while a task waits: it stays the same in later releases.
        arguments = {name: getattr(self, name) for name in ("wait", "poke_interval", "deadline", "timeout")}
        return "airflow_ml_monitor.triggers.labels.LabelsTrigger", arguments

    async def run(self) -> AsyncIterator[TriggerEvent]:
        yield TriggerEvent(await self._watch())  # type: ignore[no-untyped-call]

    async def _watch(self) -> dict[str, Any]:
        deadline = as_utc(self.deadline, what="deadline")
        outage = "there was no look"
        try:
            wait = await asyncio.to_thread(_read, self.wait)
            if wait.deadline is not None:
                deadline = min(deadline, max(wait.deadline, datetime.now(UTC)))
            while True:
                if not self.looks_at_once:  # whoever deferred has looked
                    await asyncio.sleep(self._pause(wait, deadline))
                self.looks_at_once = False
                last = datetime.now(UTC) >= deadline
                look = await self._look(wait)
                if isinstance(look, str):
                    outage = look
                elif look.ready or last:
                    return self._found(look)
                if last:
                    return _event(timed_out=True, message=f"labels of {wait.window}: the last look failed: {outage}")
        except MonitorError as error:
            return _event(error=True, message=str(error))

    def _pause(self, wait: LabelWait, deadline: datetime) -> float:
        now = datetime.now(UTC)
        left = max((deadline - now).total_seconds(), 0.0)
        return min(max(self.poke_interval, wait.patience(now).total_seconds()), left)

    async def _look(self, wait: LabelWait) -> LabelLook | str:
        """Look once; the text says why that was not possible this time.

        :raises MonitorError: it never will be.
        """
        from airflow_ml_monitor.hooks.connections import outages, triggerer_connections

        ids = {table.conn_id for table in (wait.predictions, wait.labels)}  # type: ignore[attr-defined]
        try:
            connections = await triggerer_connections(ids)
            look = await asyncio.to_thread(wait.look, connections)
        except outages() as error:
            self.log.warning("no look at the labels of %s: %s", wait.window, error)
            return str(error).strip()
        self.log.info("%s", look)
        return look

    def _found(self, look: LabelLook) -> dict[str, Any]:
        message = str(look) if look.ready else look.gave_up(timedelta(seconds=self.timeout))
        return _event(timed_out=not look.ready, message=message) | look.to_dict()


def _read(wait: Mapping[str, Any]) -> LabelWait:
    from airflow_ml_monitor.performance.label_wait import LabelWait  # pandas with it, which takes a second to load

    return LabelWait.from_dict(wait)


def _event(*, timed_out: bool = False, error: bool = False, message: str) -> dict[str, Any]:
    return {"ready": False, "timed_out": timed_out, "error": error, "message": message}
