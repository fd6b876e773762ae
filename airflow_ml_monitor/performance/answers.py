"""Predictions beside their labels as arrays: what every metric is computed from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


class Problem(StrEnum):
    """What a model answers."""

    BINARY = "binary"
    MULTICLASS = "multiclass"
    REGRESSION = "regression"
    RANKING = "ranking"


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What a model answered, and the truth where it is known; invalid answers and labels are left out before.

    :param y: the truth, shape (n,): 1.0 for the positive class and 0.0 (binary), the position of the class in
        ``classes`` (multiclass), the target (regression), how relevant the row is, not below zero (ranking). NaN where
        the label is missing.
    :param score: probability of the positive class, shape (n,) (binary), or of every class, shape (n, len(classes))
        (multiclass); any number, the highest first (ranking). ``None`` where the model gives none.
    :param predicted: the class answered, coded as in ``y``, or the value answered (regression); shape (n,).
    :param classes: the classes in the order of their codes (multiclass).
    :param cluster: which rows belong together, a code each, shape (n,); ``None`` where each stands alone.
    :param weight: how much each row counts, not below zero, shape (n,); ``None`` where all count alike.
    :param query: which rows are ranked together, a code each, shape (n,) (ranking).
    :param span: the least and the greatest target that there can be (regression); ``None`` where it may be anything.
    """

    problem: Problem
    y: Numbers
    score: Numbers | None = None
    predicted: Numbers | None = None
    classes: tuple[Any, ...] = ()
    cluster: NDArray[np.int64] | None = None
    weight: Numbers | None = None
    query: NDArray[np.int64] | None = None
    span: tuple[float, float] | None = None

    def __len__(self) -> int:
        return len(self.y)

    def take(self, rows: NDArray[Any]) -> Answers:
        """Return these rows (a mask or positions)."""
        return Answers(
            problem=self.problem,
            y=self.y[rows],
            score=None if self.score is None else self.score[rows],
            predicted=None if self.predicted is None else self.predicted[rows],
            classes=self.classes,
            cluster=None if self.cluster is None else self.cluster[rows],
            weight=None if self.weight is None else self.weight[rows],
            query=None if self.query is None else self.query[rows],
            span=self.span,
        )

    @property
    def known(self) -> Answers:
        """The rows whose truth is known; of a ranking, those of queries all of whose truth is."""
        missing = np.isnan(self.y)
        if self.query is not None and missing.any():
            missing = np.isin(self.query, self.query[missing])
        return self.take(~missing)

    @property
    def alike(self) -> bool:
        """Whether every row stands alone and counts as much as any other."""
        return self.cluster is None and self.weight is None

    @property
    def weights(self) -> Numbers:
        """How much each row counts: one where nothing else is said."""
        return np.ones(len(self)) if self.weight is None else self.weight

    def as_alike(self) -> Answers:
        """Return the same rows, each alone and counting as much as any other."""
        return replace(self, cluster=None, weight=None)

    def with_labels(self, y: Numbers) -> Answers:
        """Return the same answers with another truth."""
        return replace(self, y=y)
