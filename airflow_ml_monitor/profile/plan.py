"""The first pass over a reference: where each column is to be counted."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

import numpy as np
import pyarrow as pa

from airflow_ml_monitor.data.arrays import as_arrow
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.profile.arrays import Counts, Floats, hashes, level_counts, numbers
from airflow_ml_monitor.profile.columns import ColumnProfile
from airflow_ml_monitor.profile.edges import MOST_EDGES, choose_edges
from airflow_ml_monitor.profile.kernel import LARGEST
from airflow_ml_monitor.profile.kinds import ColumnType, Kind
from airflow_ml_monitor.profile.levels import LevelProfile, most_frequent
from airflow_ml_monitor.profile.numeric import NumericProfile
from airflow_ml_monitor.profile.plain import PlainProfile
from airflow_ml_monitor.profile.sketch import LevelSketch
from airflow_ml_monitor.profile.text import DESCRIPTORS, TextProfile, descriptors, looks_like_text

SEED = 20_130_204
"""Of the sample that edges of a large reference come from: the same reference gives the same edges."""
_SAMPLE = 1 << 17
_MOST_CANDIDATES = 1 << 20
_WANTED = (Kind.NUMERIC, Kind.CATEGORICAL, Kind.BOOLEAN, Kind.DATETIME, Kind.TEXT, Kind.OTHER)


class Planner(Protocol):
    """Sees a column of the reference once and says where to count it."""

    def update(self, array: pa.Array) -> None: ...

    def finish(self) -> ColumnProfile: ...


class NumericPlanner:
    """Keeps up to ``_SAMPLE`` values, beyond that a uniform sample of as many, and all distinct values while few."""

    def __init__(self, kind: Kind, column: str) -> None:
        self._kind, self._column = kind, column
        self._kept: list[Floats] = []
        self._size, self._rate = 0, 1.0
        self._distinct: Floats | None = np.zeros(0)
        self._random = np.random.default_rng(SEED)

    def update(self, array: pa.Array) -> None:
        if self._distinct is not None:
            array = self._seen(array)
        if self._rate < 1.0:
            array = array.take(as_arrow(self._places(len(array), self._rate)))
        self._keep(_measurable(numbers(array, self._column)))
        while self._size > _SAMPLE:
            everything = np.concatenate(self._kept)
            self._kept, self._size = [], 0
            self._rate /= 2
            self._keep(everything[self._places(len(everything), 0.5)])

    def _seen(self, array: pa.Array) -> pa.Array:
        """Count distinct values up to the number that are all made edges; return what is to be kept of the array."""
        values = _measurable(numbers(array, self._column))
        few = len(np.unique(values[: 4 * MOST_EDGES])) <= MOST_EDGES
        if few and self._distinct is not None:
            found = np.union1d(self._distinct, np.from_dlpack(as_arrow(values).unique()))
            few = len(found) <= MOST_EDGES
            self._distinct = found
        if not few:
            self._distinct = None
        return as_arrow(values)

    def _keep(self, values: Floats) -> None:
        self._kept.append(values)
        self._size += len(values)

    def _places(self, count: int, share: float) -> Counts:
        """Draw each of so many places with this probability, by the gaps between those drawn."""
        gaps = self._random.geometric(share, size=int(count * share + 6 * (count * share) ** 0.5 + 10))
        places = np.cumsum(gaps) - 1
        return places[: np.searchsorted(places, count)]

    def finish(self) -> NumericProfile:
        values = np.concatenate(self._kept) if self._kept else np.zeros(0)
        return NumericProfile.on(choose_edges(values, self._distinct), self._kind)


def _measurable(values: Floats) -> Floats:
    if not len(values) or -LARGEST < values.min() <= values.max() < LARGEST:
        return values
    return values[np.abs(values) < LARGEST]  # NaN compares false


class LevelPlanner:
    """Counts levels to find the most frequent; beyond a million of them the rarest are forgotten."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._hashes, self._counts = np.zeros(0, np.uint64), np.zeros(0, np.int64)
        self._waiting: list[tuple[np.ndarray, np.ndarray]] = []

    def update(self, array: pa.Array) -> None:
        values, counts = level_counts(array)
        self._waiting.append((hashes(values), counts))
        if sum(len(found) for found, _ in self._waiting) > _MOST_CANDIDATES // 4:
            self._count()

    def _count(self) -> None:
        found = np.concatenate([self._hashes, *(keys for keys, _ in self._waiting)])
        counts = np.concatenate([self._counts, *(count for _, count in self._waiting)])
        self._waiting = []
        self._hashes, place = np.unique(found, return_inverse=True)
        self._counts = np.zeros(len(self._hashes), np.int64)
        np.add.at(self._counts, place, counts)
        if len(self._hashes) > _MOST_CANDIDATES:
            kept = np.sort(np.argsort(-self._counts, kind="stable")[: _MOST_CANDIDATES // 2])
            self._hashes, self._counts = self._hashes[kept], self._counts[kept]

    def finish(self) -> ColumnProfile:
        self._count()
        return LevelProfile.on(most_frequent(LevelSketch(self._hashes, self._counts)), self._kind)


class TextPlanner:
    """Plans what describes the texts like numbers."""

    def __init__(self, column: str) -> None:
        self._column = column
        self._planners = {name: NumericPlanner(Kind.NUMERIC, column) for name in DESCRIPTORS}

    def update(self, array: pa.Array) -> None:
        for name, values in descriptors(array, self._column).items():
            self._planners[name].update(as_arrow(values))

    def finish(self) -> ColumnProfile:
        return TextProfile(described={name: planner.finish() for name, planner in self._planners.items()})


class StringPlanner:
    """Takes a column of strings for free text or for levels, by its first values; then plans it as that."""

    def __init__(self, column: str) -> None:
        self._column = column
        self._planner: Planner | None = None

    def update(self, array: pa.Array) -> None:
        if self._planner is None and len(array) > array.null_count:
            text = looks_like_text(*level_counts(array))
            self._planner = TextPlanner(self._column) if text else LevelPlanner(Kind.CATEGORICAL)
        if self._planner is not None:
            self._planner.update(array)

    def finish(self) -> ColumnProfile:
        return (self._planner or LevelPlanner(Kind.CATEGORICAL)).finish()


class PlainPlanner:
    """For columns that are not compared: there is nothing to plan."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind

    def update(self, array: pa.Array) -> None:
        """Nothing in the values matters."""

    def finish(self) -> ColumnProfile:
        return PlainProfile(kind=self._kind)


def kinds_for(types: Mapping[str, ColumnType], columns: list[str], wanted: Mapping[str, str] | None) -> dict[str, Kind]:
    """Return the kind each column is counted as: the one wanted, or the one its type says.

    :raises ConfigurationError: a wanted kind that does not exist, or one for a column that is not counted.
    """
    kinds = {name: types[name].kind for name in columns}
    for name, kind in (wanted or {}).items():
        if name not in kinds:
            raise ConfigurationError(f"kinds= names column {name!r}, which is not counted; columns: {columns}")
        if kind not in _WANTED:
            raise ConfigurationError(f"kinds={{{name!r}: {kind!r}}} is not known; use {', '.join(_WANTED)}")
        kinds[name] = Kind(kind)
    return kinds


def planners(kinds: Mapping[str, Kind], wanted: Collection[str]) -> dict[str, Planner]:
    """Return one planner a column.

    :param wanted: columns whose kind was asked for: strings among them are not judged by their values.
    """
    return {
        name: StringPlanner(name) if kind is Kind.CATEGORICAL and name not in wanted else _planner(kind, name)
        for name, kind in kinds.items()
    }


def _planner(kind: Kind, column: str) -> Planner:
    if kind in (Kind.NUMERIC, Kind.DATETIME):
        return NumericPlanner(kind, column)
    if kind in (Kind.CATEGORICAL, Kind.BOOLEAN):
        return LevelPlanner(kind)
    if kind is Kind.TEXT:
        return TextPlanner(column)
    return PlainPlanner(kind)
