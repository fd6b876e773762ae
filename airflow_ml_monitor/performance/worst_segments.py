"""Finding the segments where a model is worst: one half of the rows grows a shallow tree, the other half judges it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from airflow_ml_monitor import numerals
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance.answers import Answers, Numbers, Problem
from airflow_ml_monitor.performance.conditions import encode, leaf_conditions
from airflow_ml_monitor.performance.find_segments import FindSegments
from airflow_ml_monitor.performance.reference import LEAST_LABELS
from airflow_ml_monitor.performance.registry import Metric, find_metric
from airflow_ml_monitor.performance.scoring import Scoring
from airflow_ml_monitor.results import CheckResult, Interval, Limits, Severity, Status

_SEED = 0
_LEAST_SHARE = 0.02
"""Of the rows that grow the tree, in each leaf: a part of fewer is of no use to anybody."""
_LEAST_GAIN = 10.0
"""Of a split, in variances of the loss of one row: the best of 32 or so splits of noise gains about 2 log 32 = 7."""

Leaves = NDArray[np.int64]


class Part(NamedTuple):
    """A part of the rows, and how much greater its mean loss is than that of the others."""

    conditions: str
    excess: float
    interval: Interval
    p_value: float
    p_adjusted: float
    loss: float
    rows: int
    others: int


@dataclass(frozen=True, kw_only=True)
class Search:
    """How the worst segments are searched.

    :param min_completeness: the share of labels from which those that are there decide; ``None`` for all of them.
    """

    wanted: FindSegments
    metric: Metric
    confidence: float
    min_completeness: float | None

    def find(self, frame: pd.DataFrame, answers: Answers) -> list[CheckResult]:
        """Return a check per part that is worse than the other rows, the worst first, and one that counts them.

        :param frame: holds the columns, a row per answer.
        """
        known = ~np.isnan(answers.y)
        least = 4 * LEAST_LABELS
        if known.sum() < least:
            said = f"{int(known.sum()):,} labels are too few to look for the worst segments, {least} are needed"
            return [self._counted(None, 0, int(known.sum()), said)]
        assert self.metric.row_loss is not None, "loss_of has seen to it"
        loss = self.metric.row_loss(answers.take(known))
        leaves, conditions = _grown(frame[known], self.wanted, loss)
        judging = _judging(len(loss))
        parts = _judged(leaves[judging], loss[judging], conditions, self)
        worse = [one for one in parts if one.excess > self.wanted.worse_by and one.p_adjusted <= 1 - self.confidence]
        worse.sort(key=lambda one: -one.excess)
        decided = bool(known.mean() >= (self.min_completeness or 1.0)) or self.wanted.severity is Severity.INFO
        found = [self._check(one, decided, len(parts)) for one in worse]
        said = f"{len(worse)} of {len(parts)} parts that a tree found by {', '.join(self.wanted.columns)} are worse"
        if not parts:
            said = "a tree finds no part of the rows with a loss of its own"
        return [*found, self._counted(len(worse), len(parts), int(known.sum()), said)]

    def _check(self, part: Part, decided: bool, parts: int) -> CheckResult:
        said = (
            f"its mean {self._loss} is {numerals.number(part.loss)}, {numerals.number(part.excess)} more than that of "
            f"the {part.others:,} other rows that judge"
        )
        return CheckResult(
            check="worst_segment",
            metric="excess_loss",
            status=Status.FAIL if decided else Status.INSUFFICIENT,
            severity=self.wanted.severity,
            segment=part.conditions,
            value=part.excess,
            limits=Limits(upper=self.wanted.worse_by),
            interval=part.interval,
            p_value=part.p_value,
            p_adjusted=part.p_adjusted,
            n_reference=part.others,
            n_current=part.rows,
            message=said if decided else f"{said}; labels are missing, so that is provisional",
            detail={"loss": self._loss, "mean": part.loss, "interval_method": "Welch", "parts": parts},
        )

    def _counted(self, worse: int | None, parts: int, labels: int, said: str) -> CheckResult:
        return CheckResult(
            check="worst_segments",
            metric="segments",
            status=Status.INSUFFICIENT if worse is None else Status.PASS,
            severity=Severity.INFO,
            value=None if worse is None else float(worse),
            n_current=labels,
            message=said,
            detail={"loss": self._loss, "parts": parts, "columns": list(self.wanted.columns), "seed": _SEED},
        )

    @property
    def _loss(self) -> str:
        return "share of wrong answers" if self.metric.name == "accuracy" else self.metric.name


def loss_of(wanted: FindSegments, scoring: Scoring) -> Metric:
    """Return the metric whose losses per row a search is by.

    :raises ConfigurationError: it is no mean of losses per row, or needs probabilities that there are none of.
    """
    scored = {Problem.BINARY: "brier", Problem.MULTICLASS: "log_loss"}.get(scoring.problem)
    default = "mae" if scoring.problem is Problem.REGRESSION else "accuracy"
    name = wanted.loss or (scored if scored and "score" in scoring.provides else default)
    metric = find_metric(name, scoring.problem)
    if metric.row_loss is None:
        raise ConfigurationError(f"loss={name!r} of find_segments is no mean of losses per row; give brier or mae")
    if metric.needs not in scoring.provides:
        raise ConfigurationError(f"loss={name!r} of find_segments needs probabilities; give score= or scores=")
    return metric


def _judging(rows: int) -> NDArray[np.bool_]:
    """Return which half of the rows judges, drawn by a fixed seed; the other half grows the tree."""
    half = np.zeros(rows, dtype=bool)
    half[np.random.default_rng(_SEED).permutation(rows)[: rows // 2]] = True
    return half


def _grown(frame: pd.DataFrame, wanted: FindSegments, loss: Numbers) -> tuple[Leaves, dict[int, str]]:
    """Return the leaf of each row, of a tree that half of them grew, and leaf -> its conditions."""
    from sklearn.tree import DecisionTreeRegressor

    encoded = encode(frame, wanted.columns)
    growing = ~_judging(len(loss))
    least = max(LEAST_LABELS, int(_LEAST_SHARE * growing.sum()))
    gain = _LEAST_GAIN * float(loss[growing].var()) / int(growing.sum())
    tree = DecisionTreeRegressor(max_depth=wanted.depth, min_samples_leaf=least, ccp_alpha=gain, random_state=_SEED)
    tree.fit(encoded.codes[growing], loss[growing])
    leaves: Leaves = tree.apply(encoded.codes)
    return leaves, leaf_conditions(tree.tree_, encoded.features)


def _judged(leaves: Leaves, loss: Numbers, conditions: dict[int, str], search: Search) -> list[Part]:
    """Return each leaf beside the other rows, the number of leaves counted; leaves of too few rows are left out."""
    judged = [leaf for leaf, said in conditions.items() if said and (leaves == leaf).sum() >= LEAST_LABELS]
    if not judged:
        return []
    confidence = 1 - (1 - search.confidence) / len(judged)
    beside = [_welch(loss[leaves == leaf], loss[leaves != leaf], search.wanted.worse_by, confidence) for leaf in judged]
    adjusted = holm([p for _, _, p in beside])
    return [
        Part(
            conditions=conditions[leaf],
            excess=excess,
            interval=interval,
            p_value=p,
            p_adjusted=at,
            loss=float(loss[leaves == leaf].mean()),
            rows=int((leaves == leaf).sum()),
            others=int((leaves != leaf).sum()),
        )
        for leaf, (excess, interval, p), at in zip(judged, beside, adjusted, strict=True)
    ]


def _welch(one: Numbers, others: Numbers, limit: float, confidence: float) -> tuple[float, Interval, float]:
    """Return the difference of two means with Welch's interval (1947), and the two-sided p of its being the limit."""
    from scipy.stats import t

    apart = float(one.mean() - others.mean())
    parts = np.array([one.var(ddof=1) / len(one), others.var(ddof=1) / len(others)])
    error = float(np.sqrt(parts.sum()))
    if error == 0:
        return apart, Interval(apart, apart), 1.0 if apart == limit else 0.0
    freedom = float(parts.sum() ** 2 / (parts**2 / [len(one) - 1, len(others) - 1]).sum())
    half = float(t.ppf(0.5 + confidence / 2, freedom)) * error
    return apart, Interval(apart - half, apart + half), float(2 * t.sf(abs(apart - limit) / error, freedom))


def holm(p_values: list[float]) -> list[float]:
    """Return p-values corrected for their number (Holm 1979), in the same order.

    >>> holm([0.01, 0.5, 0.02])
    [0.03, 0.5, 0.04]
    """
    adjusted, largest = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = largest
    return adjusted
