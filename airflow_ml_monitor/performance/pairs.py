"""The rows that two models answered: only those that both did are compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from airflow_ml_monitor.data.arrays import flags_as_arrow
from airflow_ml_monitor.performance.cohort import Cohort
from airflow_ml_monitor.performance.evaluate import Evaluation
from airflow_ml_monitor.performance.label_keys import KeyIndex, KeyReader, Positions
from airflow_ml_monitor.performance.scoring import Read, Scoring
from airflow_ml_monitor.results import CheckResult, Limits, Status
from airflow_ml_monitor.window import Window


@dataclass(frozen=True)
class Side:
    """One of the two: its cohort and answers.

    :param table: the rows of the cohort that are not void, one per answer.
    """

    scoring: Scoring
    cohort: Cohort
    read: Read
    table: pa.Table

    @classmethod
    def of(cls, evaluation: Evaluation, window: Window | None) -> Side:
        cohort, read = evaluation.read(window)
        return cls(evaluation.scoring, cohort, read, cohort.table.filter(flags_as_arrow(~cohort.void)))

    def __len__(self) -> int:
        return len(self.table)


@dataclass(frozen=True)
class Pairs:
    """Which rows of the two have the same key, and a usable answer of both.

    :param champion: the place of each such row among the champion's, in their order; ``challenger`` among its.
    :param keys: how many keys either has.
    """

    champion: Positions
    challenger: Positions
    keys: int

    @classmethod
    def of(cls, champion: Side, challenger: Side, on: str | Sequence[str]) -> Pairs:
        """Match two sides by their keys, of which each has every one once."""
        reader = KeyReader([on] if isinstance(on, str) else list(on))
        theirs = KeyIndex(reader.read(challenger.table, "the challenger's predictions"))
        found = theirs.find(reader.read(champion.table, "the champion's predictions"))
        row = np.empty(len(theirs), dtype=np.int64)
        row[theirs.of_rows] = np.arange(len(theirs))
        place = np.where(found < 0, -1, row[found]) if len(row) else found
        both = (place >= 0) & champion.read.valid
        both[both] = challenger.read.valid[place[both]]
        keys = len(champion) + len(challenger) - int((place >= 0).sum())
        return cls(np.flatnonzero(both), place[both], keys)

    def __len__(self) -> int:
        return len(self.champion)


def paired(champion: Side, challenger: Side, pairs: Pairs) -> CheckResult:
    """Return the check that both answered the same rows."""
    unpaired = pairs.keys - len(pairs)
    said = f"{len(pairs):,} rows are answered by both"
    if unpaired:
        who = " and ".join(_by(champion, challenger, pairs))
        said = f"{unpaired:,} of {pairs.keys:,} rows are not answered by both: {who}; let both answer all rows"
    return CheckResult(
        check="pairs",
        metric="unpaired_rows",
        status=Status.FAIL if unpaired else Status.PASS if len(pairs) else Status.INSUFFICIENT,
        required=True,
        value=float(unpaired),
        limits=Limits(upper=0),
        n_reference=len(champion),
        n_current=len(challenger),
        message=said + _unusable("champion", champion) + _unusable("challenger", challenger),
    )


def _by(champion: Side, challenger: Side, pairs: Pairs) -> list[str]:
    sides = (("champion", champion), ("challenger", challenger))
    only = {name: int(side.read.valid.sum()) - len(pairs) for name, side in sides}
    said = [f"{count:,} by the {name} only" for name, count in only.items() if count]
    neither = pairs.keys - len(pairs) - sum(only.values())
    return [*said, f"{neither:,} by neither so that it can be used"] if neither else said


def _unusable(name: str, side: Side) -> str:
    """Say which answers cannot be used, and why."""
    listed = ", ".join(f"{count:,} with {reason}" for reason, count in side.read.invalid_answers.items())
    return f"; not usable of the {name}: {listed}" if listed else ""
