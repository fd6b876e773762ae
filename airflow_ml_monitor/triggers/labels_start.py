"""``LabelsStartTrigger``: waits for labels from the start, for a task that no worker has begun."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_ml_monitor.errors import MonitorError
from airflow_ml_monitor.triggers.labels import LabelsTrigger
from airflow_ml_monitor.window import Window, as_utc

GRACE = timedelta(minutes=10)
"""So long after the deadline Airflow gives up a trigger that has not answered: no triggerer may be running."""


class LabelsStartTrigger(BaseTrigger):
    """Wait for labels as ``LabelsTrigger`` does, and look at once, of a ``LabelsSensor`` that the scheduler deferred.

    Airflow renders the first four from the task's templates, in the triggerer. The deadline counts from the deferral,
    also when a triggerer is restarted.

    :param predictions: a ``Table`` as JSON; ``labels`` likewise.
    :param window: a pair of times, or ``{"start", "end"}``.
    :param as_of: the moment whose knowledge counts, or nothing.
    :param wait: what else ``LabelWait.to_dict()`` has.
    :param poke_interval: seconds between two looks; :param timeout: seconds of waiting.
    """

    def __init__(
        self,
        *,
        predictions: Mapping[str, Any],
        labels: Mapping[str, Any],
        window: Any,
        as_of: str | None,
        wait: Mapping[str, Any],
        poke_interval: float,
        timeout: float,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.predictions = predictions
        self.labels = labels
        self.window = window
        self.as_of = as_of
        self.wait = wait
        self.poke_interval = poke_interval
        self.timeout = timeout

    def serialize(self) -> tuple[str, dict[str, Any]]:
        # The path is part of what is stored while a task waits: it stays the same in later releases.
        names = ("predictions", "labels", "window", "as_of", "wait", "poke_interval", "timeout")
        return "airflow_ml_monitor.triggers.labels_start.LabelsStartTrigger", {n: getattr(self, n) for n in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        try:
            watching = self._watching()
        except MonitorError as error:
            failed = {"ready": False, "timed_out": False, "error": True, "message": str(error)}
            yield TriggerEvent(failed)  # type: ignore[no-untyped-call]
            return
        async for event in watching.run():
            yield event

    def _watching(self) -> LabelsTrigger:
        blank = self.as_of is None or self.as_of.strip() in ("", "None")
        wait = {
            **self.wait,
            "predictions": self.predictions,
            "labels": self.labels,
            "window": Window.of(self.window).to_dict(),
            "as_of": None if blank else as_utc(str(self.as_of), what="as_of").isoformat(),
        }
        given_up: datetime | None = getattr(self, "timeout_after", None)
        deadline = datetime.now(UTC) + timedelta(seconds=self.timeout) if given_up is None else given_up - GRACE
        watching = LabelsTrigger(
            wait=wait, poke_interval=self.poke_interval, deadline=deadline.isoformat(), timeout=self.timeout
        )
        watching.looks_at_once = True
        return watching
