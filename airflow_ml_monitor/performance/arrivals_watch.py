"""Watching labels arrive: what has come since a watch last told of them, and which windows it is about."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from airflow_ml_monitor.data.connections import Connections
from airflow_ml_monitor.data.dataset import dataset_from_dict
from airflow_ml_monitor.data.table import Table
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance.arrivals_windows import WindowGrid
from airflow_ml_monitor.performance.label_join import LabelJoin
from airflow_ml_monitor.window import Window, as_utc

OVERLAP = timedelta(hours=1)
"""Rows that are committed late, with an arrival up to so long before the latest one told of, are noticed as well."""


@dataclass(frozen=True)
class ArrivalMark:
    """How far a watch has come.

    :param newest: the latest arrival it has told of.
    :param recent: how many rows arrived in the hour up to then.
    """

    newest: datetime
    recent: int


@dataclass(frozen=True)
class Arrivals:
    """What has come since a mark.

    :param rows: how many rows of labels.
    :param mark: where the watch is once it has told of them.
    """

    rows: int
    mark: ArrivalMark


@dataclass(frozen=True, kw_only=True)
class ArrivalWatch:
    """The labels that are watched, and the predictions by which they belong to windows.

    :param labels: a table with an ``arrived_at_column``.
    :param predictions: a table with a ``time_column``; ``None`` leaves the windows out.
    :param windows: into which the predictions' time is divided.
    :raises ConfigurationError: datasets that cannot be watched, or predictions without windows.
    """

    labels: Table
    predictions: Table | None = None
    windows: WindowGrid | None = None
    on: tuple[str, ...] = ()
    label: str = "label"
    void: str | Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        for name in ("labels", "predictions"):
            dataset = getattr(self, name)
            if not isinstance(dataset, Table) and not (name == "predictions" and dataset is None):
                raise ConfigurationError(f"{name}={dataset!r} cannot be watched; the triggerer reads a Table only")
        if self.labels.arrived_at_column is None:
            raise ConfigurationError(f"{self.labels.label} needs arrived_at_column=, the time at which a row was known")
        if (self.predictions is None) != (self.windows is None):
            raise ConfigurationError("predictions= and every= go together: windows divide the time of the predictions")
        if self.predictions is not None:
            LabelJoin.of(on=self.on, label=self.label, delay=timedelta(0), void=self.void)

    @property
    def key(self) -> str:
        """The name of its mark: a digest of what is watched."""
        return hashlib.sha256(json.dumps(self.to_dict(), sort_keys=True, default=str).encode()).hexdigest()

    def look(self, connections: Connections, mark: ArrivalMark | None, as_of: datetime) -> Arrivals | None:
        """Return what has come since a mark, all there is without one; ``None`` for nothing.

        :raises DataError: no such table or column.
        """
        import numpy as np

        since = None if mark is None else mark.newest - OVERLAP
        arrived = self._arrived(connections, since, as_of)
        if not len(arrived):
            return None
        newest = as_utc(arrived.max().astype("datetime64[us]").item().isoformat() + "+00:00")
        if mark is None:
            rows = len(arrived)
        else:
            newest = max(newest, mark.newest)
            told = arrived <= _plain(mark.newest)
            # Fewer than then: rows were deleted, and nothing has come.
            rows = int((~told).sum()) + max(int((told & (arrived > _plain(since))).sum()) - mark.recent, 0)
        if not rows:
            return None
        recent = int(np.count_nonzero(arrived > _plain(newest - OVERLAP)))
        return Arrivals(rows, ArrivalMark(newest, recent))

    def touched(self, connections: Connections, mark: ArrivalMark | None, as_of: datetime) -> list[Window] | None:
        """Return the windows whose labels have come or changed since a mark; ``None`` where there are no windows."""
        from airflow_ml_monitor.performance.arrivals import labels_by_window

        if self.windows is None:
            return None
        windows = self.windows.until(as_of)
        told = as_utc("1900-01-01T00:00:00+00:00") if mark is None else mark.newest
        counted = labels_by_window(
            self.predictions,
            self.labels,
            windows=windows,
            on=self.on,
            label=self.label,
            void=self.void,
            as_of=as_of,
            known_at=dict.fromkeys(windows, told),
            connections=connections,
        )
        return [each.window for each in counted if each.gained or each.changed]

    def _arrived(self, connections: Connections, since: datetime | None, as_of: datetime) -> Any:
        """Return the moments of arrival from a moment on."""
        import numpy as np
        import pyarrow as pa

        from airflow_ml_monitor.data.times import not_before
        from airflow_ml_monitor.performance.prediction_rows import moments_of

        column = str(self.labels.arrived_at_column)
        rows = self.labels.open(as_of=as_of, connections=connections)
        rows.require([column])
        also = [] if since is None else [not_before(self.labels, rows.full_schema, column, since)]
        batches = rows.run(rows.select([column], also), [column])
        found = [moments_of(rows, column, pa.Table.from_batches([batch])) for batch in batches]
        known = np.concatenate([np.zeros(0, dtype="datetime64[us]"), *(each for each in found if each is not None)])
        return known[~np.isnat(known)]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types; ``from_dict`` gives an equal one back."""
        return {
            "labels": self.labels.to_dict(),
            "predictions": None if self.predictions is None else self.predictions.to_dict(),
            "windows": None if self.windows is None else self.windows.to_dict(),
            "on": list(self.on),
            "label": self.label,
            "void": self.void if self.void is None or isinstance(self.void, str) else dict(self.void),
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> ArrivalWatch:
        read: dict[str, Any] = {
            "labels": dataset_from_dict(plain["labels"]),
            "predictions": None if plain["predictions"] is None else dataset_from_dict(plain["predictions"]),
            "windows": None if plain["windows"] is None else WindowGrid.from_dict(plain["windows"]),
            "on": tuple(plain["on"]),
        }
        return cls(**{**plain, **read})


def _plain(moment: datetime | None) -> Any:
    import numpy as np

    assert moment is not None
    return np.datetime64(moment.replace(tzinfo=None), "us")
