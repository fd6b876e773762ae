"""Two sides of a categorical column by level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np

from airflow_ml_monitor.drift.bins import cells, folded
from airflow_ml_monitor.drift.measuring import aligned
from airflow_ml_monitor.drift.wording import percent, shown
from airflow_ml_monitor.profile.arrays import Counts, Floats, Hashes
from airflow_ml_monitor.profile.levels import NAMED_FROM, LevelProfile
from airflow_ml_monitor.profile.numeric import NumericProfile
from airflow_ml_monitor.profile.sketch import GROUPS

_RARE = "a rare level"
_LUMPED = "levels too many to count one by one"


@dataclass(frozen=True, slots=True, eq=False)
class _Names(Sequence[str | None]):
    """The names of levels by hash, looked up one at a time: of ten thousand, a report tells three."""

    hashes: Hashes
    known: Sequence[Mapping[int, str]]
    others: Sequence[str | None]

    def __len__(self) -> int:
        return len(self.hashes) + len(self.others)

    @overload
    def __getitem__(self, index: int) -> str | None: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str | None]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str | None] | None:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        if index >= len(self.hashes):
            return self.others[index - len(self.hashes)]
        key = int(self.hashes[index])
        return next((names[key] for names in self.known if key in names), None)


@dataclass(frozen=True, eq=False)
class Levels:
    """Counts of both sides, aligned.

    :param names: name of each level; ``None`` where it has too few rows to be named.
    :param complete: whether every level of the reference is known: only then can one be called unseen.
    :param lumped: how many entries at the end are not of one level each.
    :param seen: number of levels of the reference, an estimate if not ``complete``; by default those counted.
    """

    names: Sequence[str | None]
    reference: Counts
    current: Counts
    complete: bool = True
    lumped: int = 0
    seen: int | None = None

    @classmethod
    def of(cls, reference: LevelProfile, current: LevelProfile) -> Levels:
        """Return the levels of two profiles; those beyond what the profiles keep are one level, the last."""
        one, other = aligned(reference, current)
        outside: Hashes = np.union1d(reference.outside.hashes, current.outside.hashes)
        hashes = np.concatenate((reference.hashes, outside))
        return cls(
            _Names(hashes, (reference.names, current.names), [None]),
            one,
            other,
            reference.outside.complete,
            lumped=1,
            seen=reference.levels,
        )

    @classmethod
    def in_groups(cls, reference: LevelProfile, current: LevelProfile) -> Levels:
        """Return the levels of two profiles so that no row is unaccounted for, however many levels there are: those
        that the reference counts one by one, all others in groups by hash."""
        if reference.outside.complete and current.outside.complete:
            return cls.of(reference, current)
        one, other = (np.concatenate((profile.counts, profile.outside.groups)) for profile in (reference, current))
        names = _Names(reference.hashes, (reference.names, current.names), _group_names(current))
        return cls(names, one, other, complete=False, lumped=GROUPS, seen=reference.levels)

    @classmethod
    def of_numbers(cls, reference: NumericProfile, current: NumericProfile) -> Levels:
        """Return the values of a numeric column of few values as levels; what lies between them as others."""
        one, other = cells(reference), cells(current)
        there = np.flatnonzero(one + other)
        return cls([_cell_name(reference, int(i)) for i in there], one[there], other[there])

    @property
    def n(self) -> int:
        return int(self.reference.sum())

    @property
    def m(self) -> int:
        return int(self.current.sum())

    @property
    def count(self) -> int:
        """Levels that have rows on any side."""
        return int(np.count_nonzero(self.reference + self.current))

    @property
    def in_reference(self) -> int:
        return int(np.count_nonzero(self.reference)) if self.seen is None else self.seen

    def single(self, counts: Counts) -> Counts:
        """Return the counts of single levels alone."""
        return counts[: len(counts) - self.lumped]

    def name(self, index: int) -> str:
        """Return the name of a level in quotes; of a rare one only that it is rare."""
        if index >= len(self.names) - self.lumped:
            name = self.names[index]
            return _LUMPED if name is None else f"{name!r} and the rare levels counted with it"
        name = self.names[index]
        enough = max(self.reference[index], self.current[index]) >= NAMED_FROM
        return repr(name) if name is not None and enough else _RARE

    def folded(self) -> tuple[Counts, Counts]:
        """Return the counts with rare levels folded into one, as ``bins.folded`` does."""
        return folded(self.reference, self.current)

    def moves(self, most: int = 3) -> list[tuple[str, float, float]]:
        """Return the levels whose share moved most, with both shares; the largest move first."""
        was, now = self.reference / self.n, self.current / self.m
        order = _largest(np.abs(now - was), most)
        return [(self.name(int(i)), float(was[i]), float(now[i])) for i in order if was[i] != now[i]]

    def story(self) -> str:
        """Return the largest moves in words."""
        told = [f"{name} {percent(was)} -> {percent(now)}" for name, was, now in self.moves()]
        return ", ".join(told) or "every level has the share it had"

    def detail(self) -> dict[str, Any]:
        return {"levels": self.in_reference, "moves": [[name, was, now] for name, was, now in self.moves(5)]}


def _largest(values: Floats, most: int) -> Counts:
    """Return the places of the largest values, the largest first, of equal ones the first."""
    if most >= len(values):
        return np.argsort(-values, kind="stable")
    least = np.partition(values, len(values) - most)[len(values) - most]
    among = np.flatnonzero(values >= least)
    return among[np.argsort(-values[among], kind="stable")[:most]]


def _group_names(profile: LevelProfile) -> list[str | None]:
    """Return, by group, the level that has most of its rows, where it is known and may be named."""
    names: list[str | None] = [None] * GROUPS
    outside = profile.outside
    for key, count in zip(outside.hashes.tolist(), outside.counts.tolist(), strict=True):
        if count >= NAMED_FROM and 2 * count > outside.groups[key % GROUPS]:
            names[key % GROUPS] = profile.names.get(key)
    return names


def _cell_name(profile: NumericProfile, cell: int) -> str:
    edges = profile.edges.values
    if cell % 2:
        return shown(profile, float(edges[cell // 2]))
    known = edges[profile.at > 0]
    return f"other than {', '.join(shown(profile, float(value)) for value in known[:5])}"
