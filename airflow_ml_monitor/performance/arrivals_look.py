"""One look at the labels of many windows: how long labels take, whether they stay away, and which windows are due."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from airflow_ml_monitor.data.connections import Connections
from airflow_ml_monitor.data.dataset import Dataset
from airflow_ml_monitor.performance.arrivals import labels_by_window
from airflow_ml_monitor.performance.arrivals_due import DueWindow, LastVerdict, Rejudging
from airflow_ml_monitor.performance.delays import known_delay
from airflow_ml_monitor.performance.delays_learnt import Delay
from airflow_ml_monitor.performance.delays_outage import recent_label_outage
from airflow_ml_monitor.results import CheckResult
from airflow_ml_monitor.window import Window


@dataclass(frozen=True, kw_only=True)
class ArrivalsLook:
    """What is looked at, and the moment whose knowledge counts.

    :param windows: windows that are over at ``as_of``, in the order of time.
    :param join: ``on``, ``label`` and ``void``, as for ``labels_by_window``.
    """

    predictions: Dataset
    labels: Dataset
    windows: tuple[Window, ...]
    as_of: datetime
    join: Mapping[str, Any]
    connections: Connections

    def delay(self, given: Delay) -> timedelta | str:
        """Return the delay that counts: a given one, or the one learnt, from these windows where it says no other.

        :raises NoRowsError: it is not identified, and there is no fallback.
        """
        return known_delay(given, *self._datasets, windows=self.windows, **self._question)

    def due(self, rule: Rejudging, judged: Mapping[Window, LastVerdict], delay: Delay) -> list[DueWindow]:
        """Return the windows that are due.

        :param judged: the last verdict on each window that has one.
        """
        if not self.windows:
            return []
        known = labels_by_window(
            *self._datasets,
            windows=self.windows,
            delay=self.delay(delay),
            known_at={window: last.as_of for window, last in judged.items()},
            **self._question,
        )
        return rule.due(known, judged, self.as_of)

    def outage(self, since: timedelta) -> CheckResult:
        """Return the check whether labels have stayed away for so long.

        The window that is not yet over is looked at as well: most labels that come now may be of it.
        """
        windows = list(self.windows)
        if windows and windows[-1].end < self.as_of:
            windows.append(Window(windows[-1].end, self.as_of))
        return recent_label_outage(*self._datasets, windows=windows, since=since, **self._question)

    @property
    def _datasets(self) -> tuple[Dataset, Dataset]:
        return self.predictions, self.labels

    @property
    def _question(self) -> dict[str, Any]:
        return {**self.join, "as_of": self.as_of, "connections": self.connections}
