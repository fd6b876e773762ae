"""The profile of a categorical or boolean column: exact counts of the reference's levels, and what lies outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from airflow_ml_monitor.data.arrays import as_arrow
from airflow_ml_monitor.errors import DataError
from airflow_ml_monitor.profile.arrays import (
    Counts,
    Flags,
    Hashes,
    Slots,
    dictionary_levels,
    hashes,
    index_counts,
    level_counts,
    level_names,
)
from airflow_ml_monitor.profile.kinds import Kind
from airflow_ml_monitor.profile.sketch import MOST_LEVELS, LevelSketch

NAMED_FROM = 10
"""Rows a level must have before its name is kept: levels are people's data. Rarer ones are known by a hash."""
_LONGEST_NAME = 100

_SCRAMBLE = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, eq=False, kw_only=True)
class LevelProfile:
    """Counts of a categorical or boolean column by level.

    :param hashes: the levels of the reference, by hash, ascending; the most frequent ``MOST_LEVELS`` where it has more.
    :param counts: rows of each.
    :param outside: rows and levels that are not among them: in a reference the rest, in a current profile the unseen.
    :param names: names of levels that have at least ``NAMED_FROM`` rows, by hash.
    """

    form: ClassVar[str] = "levels"

    kind: Kind
    hashes: Hashes
    counts: Counts
    outside: LevelSketch = field(default_factory=LevelSketch)
    names: Mapping[int, str] = field(default_factory=dict)
    rows: int = 0
    missing: int = 0

    @property
    def count(self) -> int:
        """Rows that have a level."""
        return self.rows - self.missing

    @property
    def levels(self) -> int:
        """Number of levels with rows; an estimate where more than ``MOST_LEVELS`` lie outside."""
        return int(np.count_nonzero(self.counts)) + self.outside.levels

    @classmethod
    def on(cls, levels: Hashes, kind: Kind) -> Self:
        """Return a profile of nothing, to count these levels (by hash)."""
        ordered = np.unique(levels)
        return cls(kind=kind, hashes=ordered, counts=np.zeros(len(ordered), np.int64))

    def empty(self) -> Self:
        """Return a profile of nothing that counts the same levels."""
        return replace(self, counts=np.zeros_like(self.counts), outside=LevelSketch(), names={}, rows=0, missing=0)

    def comparable(self, other: object) -> bool:
        """Whether the other counted the same levels."""
        return isinstance(other, LevelProfile) and np.array_equal(self.hashes, other.hashes)

    def __add__(self, other: Self) -> Self:
        if not self.comparable(other):
            raise DataError("two categorical profiles counted different levels; count both like one reference")
        return replace(
            self,
            counts=self.counts + other.counts,
            outside=self.outside + other.outside,
            names={**other.names, **self.names},
            rows=self.rows + other.rows,
            missing=self.missing + other.missing,
        )._forgetting()

    def _forgetting(self) -> Self:
        """Drop the names of levels that are not counted one by one any more."""
        if self.outside.complete:
            return self
        counted = {*self.hashes.tolist(), *self.outside.hashes.tolist()}
        return replace(self, names={key: name for key, name in self.names.items() if key in counted})

    def to_parts(self) -> tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]]]:
        """Return plain JSON and arrays; ``from_parts`` gives the same profile back."""
        outside, outside_arrays = self.outside.to_parts()
        header = {
            "kind": self.kind.value,
            "counts": [self.rows, self.missing],
            "outside": outside,
            "names": [[key, self.names[key]] for key in sorted(self.names)],
        }
        return header, {"hashes": self.hashes, "counts": self.counts, **outside_arrays}

    @classmethod
    def from_parts(cls, header: Mapping[str, Any], arrays: Mapping[str, np.ndarray[Any, Any]]) -> Self:
        rows, missing = header["counts"]
        return cls(
            kind=Kind(header["kind"]),
            hashes=arrays["hashes"],
            counts=arrays["counts"],
            outside=LevelSketch.from_parts(header["outside"], arrays),
            names=dict(header["names"]),
            rows=rows,
            missing=missing,
        )

    def summary(self) -> dict[str, Any]:
        """Return what a report shows of the column: rows, missing, levels, and the most frequent ones by name."""
        ranking = np.argsort(-self.counts, kind="stable")[:10]
        named = {self.names.get(int(self.hashes[i])): int(self.counts[i]) for i in ranking}
        named.pop(None, None)
        shown = {"kind": self.kind.value, "rows": self.rows, "missing": self.missing, "levels": self.levels}
        return shown | {"top": named}


class LevelCounter:
    """Counts Arrow arrays of one column into a ``LevelProfile``."""

    def __init__(self, start: LevelProfile) -> None:
        self._start = start
        self._counts, self._outside = start.counts.copy(), start.outside
        self._names = dict(start.names)
        self._named = np.isin(start.hashes, np.fromiter(start.names, np.uint64, len(start.names)))
        self._rows, self._missing = start.rows, start.missing
        self._dictionary: tuple[pa.Array, _Levels] | None = None

    def update(self, array: pa.Array) -> None:
        levels, counts = self._counted(array)
        self._rows += len(array)
        self._missing += len(array) - int(counts.sum())
        np.add.at(self._counts, levels.place[levels.listed], counts[levels.listed])
        self._name_listed(levels)
        outside = ~levels.listed & (counts > 0)
        if outside.any():
            self._outside = self._outside + LevelSketch.of(levels.hashes[outside], counts[outside])
            self._name_outside(levels, outside)

    def _counted(self, array: pa.Array) -> tuple[_Levels, Counts]:
        if not pa.types.is_dictionary(array.type):
            values, counts = level_counts(array)
            return _Levels.of(values, self._start.hashes), counts
        # The batches of a file share a dictionary: what is known of it is kept.
        if self._dictionary is None or not self._dictionary[0].equals(array.dictionary):
            values = dictionary_levels(array.dictionary)
            known = self._dictionary[1] if self._dictionary is not None else None
            levels = (
                _Levels.of(values, self._start.hashes) if known is None else known.of_others(values, self._start.hashes)
            )
            self._dictionary = array.dictionary, levels
        levels = self._dictionary[1]
        return levels, np.where(levels.there, index_counts(array), 0)

    def _name_listed(self, levels: _Levels) -> None:
        place = levels.place
        new = np.flatnonzero(levels.listed & (self._counts[place] >= NAMED_FROM) & ~self._named[place])
        self._name(levels, new)
        self._named[place[new]] = True

    def _name_outside(self, levels: _Levels, outside: Flags) -> None:
        place, kept = positions(self._outside.hashes, levels.hashes)
        outside &= kept
        outside[outside] = self._outside.counts[place[outside]] >= NAMED_FROM
        self._name(levels, np.flatnonzero(outside))

    def _name(self, levels: _Levels, which: Counts) -> None:
        if not len(which):
            return
        named = level_names(levels.values.take(as_arrow(which)))
        for key, name in zip(levels.hashes[which].tolist(), named, strict=True):
            self._names.setdefault(key, name[:_LONGEST_NAME])

    def finish(self) -> LevelProfile:
        return replace(
            self._start,
            counts=self._counts,
            outside=self._outside,
            names=self._names,
            rows=self._rows,
            missing=self._missing,
        )._forgetting()


@dataclass(frozen=True, slots=True, eq=False)
class _Levels:
    """Levels of an array: as texts, whether they are one (not null), by hash, and where they stand among the listed."""

    values: pa.Array
    there: Flags
    hashes: Hashes
    place: Counts
    listed: Flags

    @classmethod
    def of(cls, values: pa.Array, listed: Hashes) -> _Levels:
        there = np.ones(len(values), np.bool_)
        if values.null_count:
            there = np.from_dlpack(values.is_valid().cast(pa.uint8())).astype(np.bool_)
        found = hashes(values)
        place, here = positions(listed, found)
        return cls(values, there, found, place, here & there)

    def of_others(self, values: pa.Array, listed: Hashes) -> _Levels:
        """Return the levels of another array; those among these are not hashed again."""
        if not len(self.values) or self.values.type != values.type:
            return _Levels.of(values, listed)
        found = Slots.of(pc.index_in(values, value_set=self.values), "levels")
        which, new = found.values.astype(np.int64), np.flatnonzero(~found.present(0, len(values)))
        which[new] = 0
        of_new = _Levels.of(values.take(as_arrow(new)), listed)
        merged = []
        for name in ("there", "hashes", "place", "listed"):
            each = getattr(self, name)[which]
            each[new] = getattr(of_new, name)
            merged.append(each)
        return _Levels(values, *merged)


def positions(ordered: Hashes, wanted: Hashes) -> tuple[Counts, Flags]:
    """Return where each wanted hash stands among ordered ones, and whether it does (0 where it does not)."""
    place = np.searchsorted(ordered, wanted).astype(np.int64)
    place[place == len(ordered)] = 0
    there = ordered[place] == wanted if len(ordered) else np.zeros(len(wanted), np.bool_)
    return np.where(there, place, 0), there


def most_frequent(counted: LevelSketch) -> Hashes:
    """Return the levels a reference counts one by one: the most frequent, ties in an order that is no one's choice.

    Not in that of the hashes: those left over must stay a uniform sample, since a sketch counts them by the smallest.
    """
    ranking = np.lexsort((counted.hashes * _SCRAMBLE, -counted.counts))[:MOST_LEVELS]
    return counted.hashes[ranking]
