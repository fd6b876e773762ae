"""Draw, estimate, and count the intervals that hold the truth."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from airflow_ml_monitor.performance.intervals.proportions import wilson
from airflow_ml_monitor.performance.registry import estimate, find_metric

from intervals.cases import Case

TRUTH_ROWS = 1_000_000
LEAST, MOST = 0.93, 0.975


@dataclass(frozen=True)
class Covered:
    """How often the intervals of a metric held the truth.

    :param held: shape (replications,): 1 where it did, 0 where not, NaN where there was no interval.
    :param naive: the same with every row taken as standing alone.
    """

    metric: str
    rows: int
    truth: float
    held: np.ndarray
    naive: np.ndarray
    method: str

    @property
    def rate(self) -> float:
        return float(np.nanmean(self.held)) if self.intervals else float("nan")

    @property
    def intervals(self) -> int:
        return int((~np.isnan(self.held)).sum())

    @property
    def as_asked(self) -> bool:
        """Whether the rate may be within 93 to 97.5 %, as far as so many replications tell."""
        lower, upper = wilson(float(np.nansum(self.held)), self.intervals, 0.95)
        return upper >= LEAST and lower <= MOST


@functools.cache
def truths(case: Case, metrics: tuple[str, ...], seed: int) -> dict[str, float]:
    """Return the metrics of very many rows."""
    answers = case.draw(np.random.default_rng([seed, 0]), TRUTH_ROWS).as_alike()
    found = {name: estimate(find_metric(name, case.problem), answers).value for name in metrics}
    return {name: value for name, value in found.items() if value is not None}


def study(case: Case, rows: int, replications: int, *, metrics: Collection[str] = (), seed: int = 0) -> list[Covered]:
    """Return how often the intervals of each metric held the truth in a case."""
    names = tuple(name for name in case.metrics if not metrics or name in metrics)
    truth = truths(case, names, seed)
    held = {(name, naive): np.full(replications, np.nan) for name in truth for naive in (False, True)}
    methods = {name: Counter[str]() for name in truth}
    for replication in range(replications):
        answers = case.draw(np.random.default_rng([seed, rows, replication]), rows)
        for (name, naive), found in held.items():
            if naive and answers.alike:
                continue
            one = estimate(find_metric(name, case.problem), answers.as_alike() if naive else answers)
            if one.interval is not None:
                found[replication] = one.interval.lower <= truth[name] <= one.interval.upper
            if not naive:
                methods[name][one.method.split(";")[0]] += 1
    return [
        Covered(name, rows, truth[name], held[name, False], held[name, True], methods[name].most_common(1)[0][0])
        for name in truth
    ]
