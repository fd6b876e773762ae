"""Distinct levels in bounded memory: those with the smallest hashes, each with its exact count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from airflow_ml_monitor.profile.arrays import Counts, Hashes

MOST_LEVELS = 10_000
GROUPS = 1_024


@dataclass(frozen=True, eq=False)
class LevelSketch:
    """Levels by hash, ascending, with their rows; all of them up to ``MOST_LEVELS``, then a uniform sample.

    A level kept in a merged sketch was kept in every part that saw it, so counts are exact and merging is associative
    (bottom-k sampling, Cohen & Kelley 2007).

    :param rows: rows of all levels, those no longer kept included.
    :param bound: hashes from here on were dropped; 0 while none was.
    :param groups: rows of all levels by the last ten bits of their hash: however many levels there are, one that takes
        much of the rows shows in its group.
    """

    hashes: Hashes = field(default_factory=lambda: np.zeros(0, np.uint64))
    counts: Counts = field(default_factory=lambda: np.zeros(0, np.int64))
    rows: int = 0
    bound: int = 0
    groups: Counts = field(default_factory=lambda: np.zeros(GROUPS, np.int64))

    @property
    def complete(self) -> bool:
        """Whether every level seen is kept."""
        return not self.bound

    @property
    def levels(self) -> int:
        """Number of levels seen; an estimate (1 % standard error) once the sketch is no longer complete."""
        if self.complete:
            return len(self.hashes)
        return round(len(self.hashes) / (self.bound / 2.0**64))

    @property
    def largest(self) -> int:
        """Rows of the most frequent level kept."""
        return int(self.counts.max(initial=0))

    @classmethod
    def of(cls, hashes: Hashes, counts: Counts) -> Self:
        """Return the sketch of levels; a hash may occur more than once."""
        return cls()._merged(hashes, counts, 0, _grouped(hashes, counts))

    def __add__(self, other: Self) -> Self:
        return self._merged(other.hashes, other.counts, other.bound, other.groups)

    def _merged(self, hashes: Hashes, counts: Counts, bound: int, groups: Counts) -> Self:
        both, place = np.unique(np.concatenate((self.hashes, hashes)), return_inverse=True)
        total = np.zeros(len(both), np.int64)
        np.add.at(total, place, np.concatenate((self.counts, counts)))
        limit = min((seen for seen in (self.bound, bound) if seen), default=0)
        if limit:
            below = int(np.searchsorted(both, np.uint64(limit), side="left"))
            both, total = both[:below], total[:below]
        if len(both) > MOST_LEVELS:
            limit = int(both[MOST_LEVELS])
            both, total = both[:MOST_LEVELS], total[:MOST_LEVELS]
        return type(self)(both, total, self.rows + int(groups.sum()), limit, self.groups + groups)

    def to_parts(self) -> tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]]]:
        arrays = {"outside": self.hashes, "outside_counts": self.counts}
        if not self.complete:
            arrays["outside_groups"] = self.groups
        return {"rows": self.rows, "bound": self.bound}, arrays

    @classmethod
    def from_parts(cls, header: Mapping[str, Any], arrays: Mapping[str, np.ndarray[Any, Any]]) -> Self:
        hashes, counts = arrays["outside"], arrays["outside_counts"]
        groups = arrays["outside_groups"] if header["bound"] else _grouped(hashes, counts)
        return cls(hashes, counts, header["rows"], header["bound"], groups)


def _grouped(hashes: Hashes, counts: Counts) -> Counts:
    groups = np.zeros(GROUPS, np.int64)
    np.add.at(groups, (hashes % np.uint64(GROUPS)).astype(np.int64), counts)
    return groups
