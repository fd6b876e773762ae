"""``LabelsArrivedTrigger``: labels that arrive are events of an asset, so that they start a DAG without a schedule."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from airflow_ml_monitor import settings
from airflow_ml_monitor.errors import MonitorError
from airflow_ml_monitor.hooks.store import store_behind

if TYPE_CHECKING:
    from airflow_ml_monitor.data import Connections, Dataset
    from airflow_ml_monitor.performance.arrivals_watch import ArrivalMark, Arrivals, ArrivalWatch
    from airflow_ml_monitor.store import Store

_LONGEST_PAUSE = 600.0
_MOST_LOOKS = 10
"""After so many looks a batch is told of, though rows are still arriving."""


class LabelsArrivedTrigger(BaseEventTrigger):
    """Watch the arrival of labels in a table, for an ``AssetWatcher``: one event for each batch.

    A batch is over when a look finds no more rows than the one before it, or after ten looks. How far it has come is
    kept in the store, under a digest of what is watched, as soon as Airflow has the event: restarted, it goes on from
    there and tells of no arrival twice. Only a triggerer that is killed between the two tells of the last batch again.
    A new watch tells of the labels that are there. What cannot be reached is asked again, after ever longer pauses.

    The event, plain JSON: ``rows`` (rows of labels that came), ``newest`` (the latest arrival), ``as_of``, and
    ``windows`` (those whose labels have come or changed; ``None`` without ``predictions``).

    :param labels: a ``Table`` with an ``arrived_at_column``.
    :param predictions: a ``Table`` with a ``time_column``, to tell the windows; all of ``since`` are read for that.
    :param on: the key that a prediction and its label share.
    :param every: the length of a window, and ``since`` and ``timezone``: as for ``PendingWindowsOperator``; a number
        is of seconds.
    :param label: column of the label.
    :param void: the predictions that never get a label.
    :param poke_interval: seconds between two looks.
    :param store_conn_id: Airflow connection of the store.
    :raises ConfigurationError: what cannot be watched.
    """

    def __init__(
        self,
        *,
        labels: Dataset | Mapping[str, Any],
        predictions: Dataset | Mapping[str, Any] | None = None,
        on: str | Sequence[str] = (),
        every: timedelta | float | str | None = None,
        since: datetime | timedelta | float | str | None = None,
        timezone: str | None = None,
        label: str = "label",
        void: str | Mapping[str, Any] | None = None,
        poke_interval: float = 60.0,
        store_conn_id: str | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.watch = _watch(labels, predictions, on, every, since, timezone, label, void)
        self.poke_interval = poke_interval
        self.store_conn_id = store_conn_id

    def serialize(self) -> tuple[str, dict[str, Any]]:
        # The path is part of what Airflow stores: it stays the same in later releases.
        plain = self.watch.to_dict()
        windows = plain.pop("windows") or dict.fromkeys(("every", "since", "timezone"))
        arguments = {**plain, **windows, "poke_interval": self.poke_interval, "store_conn_id": self.store_conn_id}
        # As texts: Airflow 3.2 gives mappings within arguments back with other keys.
        texts = {name: json.dumps(value) for name, value in arguments.items() if isinstance(value, dict)}
        return "airflow_ml_monitor.triggers.labels_arrived.LabelsArrivedTrigger", arguments | texts

    async def run(self) -> AsyncIterator[TriggerEvent]:
        progress, pause = _Progress(self.watch), self.poke_interval
        while True:
            event = None
            try:
                event = await self._step(progress)
                pause = self.poke_interval
            except _mendable() as error:  # a watch that ends would miss all that comes later
                pause = min(2 * pause, max(_LONGEST_PAUSE, self.poke_interval))
                self.log.warning("no look at the arrivals in %s, again in %.0f s: %s", self._where, pause, error)
            if event is not None:
                yield TriggerEvent(event)  # type: ignore[no-untyped-call]
                progress.told()
                continue  # what was told is kept before anything else
            await asyncio.sleep(pause)

    async def _step(self, progress: _Progress) -> dict[str, Any] | None:
        from airflow_ml_monitor.hooks.connections import triggerer_connections

        store_id = self.store_conn_id or settings.store_conn_id()
        ids = {store_id, self.watch.labels.conn_id}
        if self.watch.predictions is not None:
            ids.add(self.watch.predictions.conn_id)
        connections = await triggerer_connections(ids)
        return await asyncio.to_thread(progress.step, connections, store_id)

    @property
    def _where(self) -> str:
        return self.watch.labels.label


@dataclass
class _Progress:
    """How far a running trigger has come."""

    watch: ArrivalWatch
    mark: ArrivalMark | None = None
    found: Arrivals | None = None
    looks: int = 0
    loaded: bool = False
    unsaved: bool = False

    def step(self, connections: Connections, store_id: str) -> dict[str, Any] | None:
        """Look once, and return the event of a batch that is over."""
        store = store_behind(store_id, connections.engine(store_id))
        self._keep(store)
        as_of = datetime.now(UTC)
        found = self.watch.look(connections, self.mark, as_of)
        self.looks = self.looks + 1 if found else 0
        over = found is not None and (found == self.found or self.looks >= _MOST_LOOKS)
        self.found = found
        if not over or found is None:
            return None
        windows = self.watch.touched(connections, self.mark, as_of)
        return {
            "rows": found.rows,
            "newest": found.mark.newest.isoformat(),
            "as_of": as_of.isoformat(),
            "windows": None if windows is None else [window.to_dict() for window in windows],
        }

    def told(self) -> None:
        """Take what was found as told."""
        assert self.found is not None
        self.mark, self.found, self.looks, self.unsaved = self.found.mark, None, 0, True

    def _keep(self, store: Store) -> None:
        from airflow_ml_monitor.performance.arrivals_watch import ArrivalMark

        if not self.loaded:
            kept = store.arrival_mark(self.watch.key)
            self.mark, self.loaded = None if kept is None else ArrivalMark(*kept), True
        if self.unsaved and self.mark is not None:
            store.save_arrival_mark(self.watch.key, self.mark.newest, self.mark.recent)
            self.unsaved = False


def _mendable() -> tuple[type[Exception], ...]:
    """Return the errors that may be gone at a later look: an outage, a table or a privilege that is not there yet."""
    from airflow_ml_monitor.hooks.connections import outages

    return (MonitorError, *outages())


def _read(stored: Any) -> Any:
    """Return what ``serialize`` made a text of; anything else as it is."""
    return json.loads(stored) if isinstance(stored, str) and stored.startswith("{") else stored


def _watch(
    labels: Any, predictions: Any, on: Any, every: Any, since: Any, timezone: str | None, label: str, void: Any
) -> ArrivalWatch:
    from airflow_ml_monitor.data import as_dataset
    from airflow_ml_monitor.performance.arrivals_watch import ArrivalWatch
    from airflow_ml_monitor.performance.arrivals_windows import WindowGrid

    labels, predictions, void = (_read(each) for each in (labels, predictions, void))
    made: Any = None if predictions is None else as_dataset(predictions)
    grid = None
    if every is not None:
        length, begin = (timedelta(seconds=each) if isinstance(each, (int, float)) else each for each in (every, since))
        zone = timezone or (made.timezone if made is not None else None) or "UTC"
        grid = WindowGrid(every=length, since=timedelta(weeks=52) if begin is None else begin, timezone=zone)
    said: Any = as_dataset(labels)
    keys = (on,) if isinstance(on, str) else tuple(on)
    return ArrivalWatch(labels=said, predictions=made, windows=grid, on=keys, label=label, void=void)
