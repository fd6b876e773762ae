"""The rows of queries in the order of their scores: what metrics of a ranking are computed from.

Rows of equal score count as the mean over all their orders (McSherry and Najork 2008), as in scikit-learn's
``ndcg_score``. A row is relevant where its label is above zero. All over whole arrays, in O(n log n).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from airflow_ml_monitor.performance.answers import Answers, Numbers
from airflow_ml_monitor.performance.metrics.losses import score_of

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Ties:
    """The rows of equal score, of each query from the highest score to the lowest. Shape (ties,) each.

    :param start: the first of its rows, in the order of ``Rankings``; ``rows`` is how many there are.
    :param before: the rows of the query that are ranked above it.
    :param relevant: its relevant rows; ``relevant_before`` are those ranked above it.
    :param gain: its mean label.
    """

    start: Counts
    rows: Numbers
    before: Numbers
    relevant: Numbers
    relevant_before: Numbers
    gain: Numbers


@dataclass(frozen=True)
class Rankings:
    """Rows by query, and in each by falling score.

    :param order: the positions of the rows; shape (rows,).
    :param starts: where each query begins, shape (queries,); ``first`` is the first tie of each.
    :param place: how many rows of its query are before each row, shape (rows,).
    :param tie: the tie of each row, shape (rows,).
    :param relevant: the relevant rows of each query, shape (queries,).
    """

    order: Counts
    starts: Counts
    place: Counts
    tie: Counts
    ties: Ties
    first: Counts
    relevant: Numbers

    @classmethod
    def of(cls, answers: Answers) -> Rankings:
        assert answers.query is not None, "what reads a ranking has seen to it"
        score, rows = score_of(answers), np.arange(len(answers))
        order = np.lexsort((-score, answers.query))
        query, ordered, label = answers.query[order], score[order], answers.y[order]
        new_query = np.append(True, query[1:] != query[:-1])
        starts = np.flatnonzero(new_query)
        begin = starts[np.cumsum(new_query) - 1]
        new_tie = new_query | np.append(True, ordered[1:] != ordered[:-1])
        start = np.flatnonzero(new_tie)
        tie = np.cumsum(new_tie) - 1
        relevant = (label > 0).astype(float)
        so_far = np.cumsum(relevant) - relevant
        size = np.diff(start, append=len(order)).astype(float)
        ties = Ties(
            start=start,
            rows=size,
            before=(start - begin[start]).astype(float),
            relevant=np.add.reduceat(relevant, start),
            relevant_before=so_far[start] - so_far[begin[start]],
            gain=np.add.reduceat(label, start) / size,
        )
        return cls(order, starts, rows - begin, tie, ties, tie[starts], np.add.reduceat(relevant, starts))

    def over_queries(self, by_row: Numbers) -> Numbers:
        """Return the sum over the rows of each query."""
        found: Numbers = np.add.reduceat(by_row, self.starts)
        return found

    def by_row(self, by_tie: Numbers) -> Numbers:
        found: Numbers = by_tie[self.tie]
        return found

    @property
    def share(self) -> Numbers:
        """How probably each row is relevant, over all orders of its tie; shape (rows,)."""
        return self.by_row(self.ties.relevant / self.ties.rows)

    @property
    def within(self) -> Numbers:
        """How many rows of its tie are before each row, and itself; shape (rows,)."""
        found: Numbers = (np.arange(len(self.tie)) - self.ties.start[self.tie] + 1).astype(float)
        return found


def none_chosen(rows: Numbers, relevant: Numbers, chosen: Numbers) -> Numbers:
    """Return how probably none of the relevant rows is among those chosen at random: hypergeometric."""
    from scipy.special import gammaln

    others = rows - relevant
    left = np.maximum(others - chosen, 0.0)
    logarithm = gammaln(others + 1) - gammaln(left + 1) + gammaln(rows - chosen + 1) - gammaln(rows + 1)
    found: Numbers = np.where(chosen > others, 0.0, np.exp(logarithm))
    return found
