"""Finding the segments where a model is worst: one half of the rows grows a shallow tree, the other half judges it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from airflow_ml_monitor import numerals
from airflow_ml_monitor.data.arrays import flags_as_arrow
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance.answers import Answers, Numbers, Problem
from airflow_ml_monitor.performance.conditions import encode, leaf_conditions
from airflow_ml_monitor.performance.excess_loss import Excess, excess, holm
from airflow_ml_monitor.performance.find_segments import FindSegments
from airflow_ml_monitor.performance.reference import LEAST_LABELS
from airflow_ml_monitor.performance.registry import Metric, find_metric
from airflow_ml_monitor.performance.scoring import Scoring
from airflow_ml_monitor.results import CheckResult, Limits, Severity, Status

_SEED = 0
_LEAST_SHARE = 0.02
"""Of the rows that grow the tree, in each leaf: a part of fewer is of no use to anybody."""
_LEAST_GAIN = 10.0
"""Of a split, in variances of the loss of one row: the best of 32 or so splits of noise gains about 2 log 32 = 7."""

Leaves = NDArray[np.int64]


class Part(NamedTuple):
    """A part of the rows, and how much greater its mean loss is than that of the others."""

    conditions: str
    excess: Excess
    p_adjusted: float
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

    def find(self, table: pa.Table, answers: Answers) -> list[CheckResult]:
        """Return a check per part that is worse than the other rows, the worst first, and one that counts them.

        :param table: holds the columns, a row per answer.
        """
        known = ~np.isnan(answers.y)
        least = 4 * LEAST_LABELS
        if known.sum() < least:
            said = f"{int(known.sum()):,} labels are too few to look for the worst segments, {least} are needed"
            return [self._counted(None, 0, int(known.sum()), said)]
        assert self.metric.row_loss is not None, "loss_of has seen to it"
        labelled = answers.take(known)
        loss, judging = self.metric.row_loss(labelled), judges(labelled)
        leaves, conditions = _grown(table.filter(flags_as_arrow(known)), self.wanted, loss, labelled)
        parts = _judged(leaves[judging], loss[judging], conditions, labelled.take(judging), self)
        worse = [one for one in parts if self._is_worse(one)]
        worse.sort(key=lambda one: -one.excess.value)
        decided = bool(known.mean() >= (self.min_completeness or 1.0)) or self.wanted.severity is Severity.INFO
        found = [self._check(one, decided, len(parts)) for one in worse]
        said = f"{len(worse)} of {len(parts)} parts that a tree found by {', '.join(self.wanted.columns)} are worse"
        if not parts:
            said = "a tree finds no part of the rows with a loss of its own"
        return [*found, self._counted(len(worse), len(parts), int(known.sum()), said)]

    def _is_worse(self, part: Part) -> bool:
        return part.excess.value > self.wanted.worse_by and part.p_adjusted <= 1 - self.confidence

    def _check(self, part: Part, decided: bool, parts: int) -> CheckResult:
        said = (
            f"its mean {self._loss} is {numerals.number(part.excess.loss)}, {numerals.number(part.excess.value)} more "
            f"than that of the {part.others:,} other rows that judge"
        )
        return CheckResult(
            check="worst_segment",
            metric="excess_loss",
            status=Status.FAIL if decided else Status.INSUFFICIENT,
            severity=self.wanted.severity,
            segment=part.conditions,
            value=part.excess.value,
            limits=Limits(upper=self.wanted.worse_by),
            interval=part.excess.interval,
            p_value=part.excess.p_value,
            p_adjusted=part.p_adjusted,
            n_reference=part.others,
            n_current=part.rows,
            message=said if decided else f"{said}; labels are missing, so that is provisional",
            detail={
                "loss": self._loss,
                "mean": part.excess.loss,
                "interval_method": part.excess.method,
                "parts": parts,
            },
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
    if scoring.problem is Problem.RANKING:
        raise ConfigurationError("find_segments= needs a loss of each row, and a ranking has none; give segments=")
    default = "mae" if scoring.problem is Problem.REGRESSION else "accuracy"
    name = wanted.loss or (scored if scored and "score" in scoring.provides else default)
    metric = find_metric(name, scoring.problem)
    if metric.row_loss is None:
        raise ConfigurationError(f"loss={name!r} of find_segments is no mean of losses per row; give brier or mae")
    if metric.needs not in scoring.provides:
        raise ConfigurationError(f"loss={name!r} of find_segments needs probabilities; give score= or scores=")
    return metric


def judges(answers: Answers) -> NDArray[np.bool_]:
    """Return which half of the rows judges, drawn by a fixed seed; the other half grows the tree.

    Rows of a cluster go together: they would tell the judges what grew the tree.
    """
    generator = np.random.default_rng(_SEED)
    if answers.cluster is None:
        half = np.zeros(len(answers), dtype=bool)
        half[generator.permutation(len(answers))[: len(answers) // 2]] = True
        return half
    clusters, place = np.unique(answers.cluster, return_inverse=True)
    drawn = np.zeros(len(clusters), dtype=bool)
    drawn[generator.permutation(len(clusters))[: len(clusters) // 2]] = True
    return drawn[place]


def _grown(table: pa.Table, wanted: FindSegments, loss: Numbers, answers: Answers) -> tuple[Leaves, dict[int, str]]:
    """Return the leaf of each row, of a tree that half of them grew, and leaf -> its conditions."""
    from sklearn.tree import DecisionTreeRegressor

    encoded = encode(table, wanted.columns)
    growing = ~judges(answers)
    rows = int(growing.sum())
    least = max(LEAST_LABELS, int(_LEAST_SHARE * rows))
    gain = _LEAST_GAIN * float(loss[growing].var()) / max(1, rows)
    tree = DecisionTreeRegressor(max_depth=wanted.depth, min_samples_leaf=least, ccp_alpha=gain, random_state=_SEED)
    tree.fit(encoded.codes[growing], loss[growing])
    leaves: Leaves = tree.apply(encoded.codes)
    return leaves, leaf_conditions(tree.tree_, encoded.features)


def _judged(leaves: Leaves, loss: Numbers, conditions: dict[int, str], answers: Answers, search: Search) -> list[Part]:
    """Return each leaf beside the other rows, the number of leaves counted; leaves of too few rows are left out."""
    judged = [leaf for leaf, said in conditions.items() if said and (leaves == leaf).sum() >= LEAST_LABELS]
    confidence = 1 - (1 - search.confidence) / max(1, len(judged))
    beside = {
        leaf: excess(loss, leaves == leaf, answers, limit=search.wanted.worse_by, confidence=confidence)
        for leaf in judged
    }
    known = {leaf: found for leaf, found in beside.items() if found is not None}
    adjusted = holm([found.p_value for found in known.values()])
    return [
        Part(
            conditions=conditions[leaf],
            excess=found,
            p_adjusted=at,
            rows=int((leaves == leaf).sum()),
            others=int((leaves != leaf).sum()),
        )
        for (leaf, found), at in zip(known.items(), adjusted, strict=True)
    ]
