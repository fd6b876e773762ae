"""The rows that two models answered: only those that both did are compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from airflow_ml_monitor.performance.cohort import Cohort
from airflow_ml_monitor.performance.evaluate import Evaluation
from airflow_ml_monitor.performance.scoring import Read, Scoring
from airflow_ml_monitor.results import CheckResult, Limits, Status
from airflow_ml_monitor.window import Window


@dataclass(frozen=True)
class Side:
    """One of the two: its cohort and answers, by key."""

    scoring: Scoring
    cohort: Cohort
    read: Read
    keys: pd.Index[Any]

    @classmethod
    def of(cls, evaluation: Evaluation, window: Window | None) -> Side:
        cohort, read = evaluation.read(window)
        names = [evaluation.on] if isinstance(evaluation.on, str) else list(evaluation.on)
        frame = cohort.frame.loc[~cohort.void, names]
        keys = pd.Index(frame[names[0]]) if len(names) == 1 else pd.MultiIndex.from_frame(frame)
        return cls(evaluation.scoring, cohort, read, keys)

    @property
    def frame(self) -> pd.DataFrame:
        """The rows of the keys, in their order."""
        return self.cohort.frame[~self.cohort.void]

    @property
    def answered(self) -> pd.Index[Any]:
        """The keys with an answer that can be used."""
        return self.keys[self.read.valid]


def pairs(champion: Side, challenger: Side, common: int) -> CheckResult:
    """Return the check that both answered the same rows.

    :param common: how many rows both have a usable answer to.
    """
    everything = champion.keys.union(challenger.keys, sort=False)
    unpaired = len(everything) - common
    said = f"{common:,} rows are answered by both"
    if unpaired:
        who = " and ".join(_by(champion, challenger, unpaired))
        said = f"{unpaired:,} of {len(everything):,} rows are not answered by both: {who}; let both answer all rows"
    return CheckResult(
        check="pairs",
        metric="unpaired_rows",
        status=Status.FAIL if unpaired else Status.PASS if common else Status.INSUFFICIENT,
        required=True,
        value=float(unpaired),
        limits=Limits(upper=0),
        n_reference=len(champion.keys),
        n_current=len(challenger.keys),
        message=said + _unusable("champion", champion) + _unusable("challenger", challenger),
    )


def _by(champion: Side, challenger: Side, unpaired: int) -> list[str]:
    sides = (("champion", champion, challenger), ("challenger", challenger, champion))
    only = {name: len(one.answered.difference(other.answered, sort=False)) for name, one, other in sides}
    said = [f"{count:,} by the {name} only" for name, count in only.items() if count]
    neither = unpaired - sum(only.values())
    return [*said, f"{neither:,} by neither so that it can be used"] if neither else said


def _unusable(name: str, side: Side) -> str:
    """Say which answers cannot be used, and why."""
    listed = ", ".join(f"{count:,} with {reason}" for reason, count in side.read.invalid_answers.items())
    return f"; not usable of the {name}: {listed}" if listed else ""
