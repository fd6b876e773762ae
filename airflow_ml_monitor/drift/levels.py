"""Two sides of a categorical column by level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from airflow_ml_monitor.drift.bins import cells
from airflow_ml_monitor.drift.measuring import aligned
from airflow_ml_monitor.drift.wording import percent, shown
from airflow_ml_monitor.profile.arrays import Counts, Hashes
from airflow_ml_monitor.profile.levels import NAMED_FROM, LevelProfile
from airflow_ml_monitor.profile.numeric import NumericProfile

_RARE = "a rare level"
_EXPECTED = 10


@dataclass(frozen=True, eq=False)
class Levels:
    """Counts of both sides, aligned.

    :param names: name of each level; ``None`` where it has too few rows to be named.
    :param complete: whether every level of the reference is known: only then can one be called unseen.
    """

    names: Sequence[str | None]
    reference: Counts
    current: Counts
    complete: bool = True

    @classmethod
    def of(cls, reference: LevelProfile, current: LevelProfile) -> Levels:
        """Return the levels of two profiles; those beyond what the profiles keep are one level, the last."""
        one, other = aligned(reference, current)
        names = {**current.names, **reference.names}
        outside: Hashes = np.union1d(reference.outside.hashes, current.outside.hashes)
        hashes = [*reference.hashes.tolist(), *outside.tolist()]
        return cls([*(names.get(key) for key in hashes), None], one, other, reference.outside.complete)

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
        return int(np.count_nonzero(self.reference))

    def name(self, index: int) -> str:
        """Return the name of a level in quotes; of a rare one only that it is rare."""
        name = self.names[index]
        enough = max(self.reference[index], self.current[index]) >= NAMED_FROM
        return repr(name) if name is not None and enough else _RARE

    def folded(self) -> tuple[Counts, Counts]:
        """Return the counts with levels folded into one of which the smaller side expects fewer than 10 rows.

        Which ones is judged by both sides together: chosen by the rows of one side, levels that are frequent there by
        chance alone would be kept, and chi-square would reject up to three times too often. Where the folded ones
        together are too few still, the rarest of the others joins them.
        """
        total = np.stack((self.reference, self.current))
        expected = total.sum(axis=0) * (min(self.n, self.m) / (self.n + self.m))
        order = np.argsort(-expected, kind="stable")
        kept = order[expected[order] >= _EXPECTED]
        rest = total.sum(axis=1) - total[:, kept].sum(axis=1)
        expected_rest = float(expected.sum() - expected[kept].sum())
        if len(kept) > 1 and 0 < expected_rest < _EXPECTED:
            rest, kept = rest + total[:, kept[-1]], kept[:-1]
        return np.append(self.reference[kept], rest[0]), np.append(self.current[kept], rest[1])

    def moves(self, most: int = 3) -> list[tuple[str, float, float]]:
        """Return the levels whose share moved most, with both shares; the largest move first."""
        was, now = self.reference / self.n, self.current / self.m
        order = np.argsort(-np.abs(now - was), kind="stable")[:most]
        return [(self.name(int(i)), float(was[i]), float(now[i])) for i in order if was[i] != now[i]]

    def story(self) -> str:
        """Return the largest moves in words."""
        told = [f"{name} {percent(was)} -> {percent(now)}" for name, was, now in self.moves()]
        return ", ".join(told) or "every level has the share it had"

    def detail(self) -> dict[str, Any]:
        return {"levels": self.in_reference, "moves": [[name, was, now] for name, was, now in self.moves(5)]}


def _cell_name(profile: NumericProfile, cell: int) -> str:
    edges = profile.edges.values
    if cell % 2:
        return shown(profile, float(edges[cell // 2]))
    known = edges[profile.at > 0]
    return f"other than {', '.join(shown(profile, float(value)) for value in known[:5])}"
