"""Calibration: what a score was worth on the labelled reference, and how well that holds on rows held out."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from airflow_ml_monitor.distributions import chi_square_sf
from airflow_ml_monitor.performance.answers import Answers, Numbers, Problem
from airflow_ml_monitor.performance.metrics.losses import score_of

Codes = NDArray[np.int64]
Probabilities = NDArray[np.float64]
"""Of every class, shape (rows, classes); of a binary problem the negative one first."""

SEED = 0
FOLDS = 5
_MOST_BINS = 256
_CHECKED_BINS = 10
_MOST_CODES = 1 << 62


@dataclass(frozen=True, eq=False)
class Bins:
    """Ranges of a score of about equally many rows of the reference; few different scores have a bin each.

    :param edges: the bins' upper ends but the last; shape (bins - 1,).
    :param centers: the mean score of each.
    """

    edges: Numbers
    centers: Numbers

    @classmethod
    def of(cls, score: Numbers, most: int = _MOST_BINS) -> Bins:
        ordered = np.unique(score)
        if len(ordered) > most:
            ordered = np.unique(np.quantile(score, np.arange(1, most) / most, method="higher"))
            ordered = np.append(ordered[ordered < score.max()], score.max())
        edges = ordered[:-1]
        place = np.searchsorted(edges, score, side="left")
        counts = np.bincount(place, minlength=len(ordered))
        centers = np.bincount(place, score, len(ordered)) / counts
        return cls(edges, centers)

    def place(self, score: Numbers) -> Codes:
        found: Codes = np.searchsorted(self.edges, score, side="left").astype(np.int64)
        return found


def isotonic(positive: Numbers, total: Numbers, centers: Numbers, score: Numbers) -> Numbers:
    """Return the share of positives at some scores: the best one that never falls, between the bins by a line.

    By pool-adjacent-violators (Barlow et al. 1972; Zadrozny and Elkan 2002). Beyond the ends it stays what it is there.

    :param positive: weight of the positive rows of each bin; ``total`` that of all, some of it above zero.
    """
    from scipy.optimize import isotonic_regression

    there = total > 0
    fitted = isotonic_regression(positive[there] / total[there], weights=total[there]).x
    found: Numbers = np.interp(score, centers[there], fitted)
    return found


@dataclass(frozen=True, eq=False)
class Calibrator:
    """The reference's rows in bins of the score of each class: enough to calibrate, and to do so for resamples.

    :param bins: of each class that has a score of its own; one for a binary problem.
    :param place: the bin of each cell of rows, shape (cells, len(bins)); ``label`` their label, ``count`` how many.
    """

    bins: tuple[Bins, ...]
    place: Codes
    label: Codes
    count: Numbers

    @classmethod
    def of(cls, answers: Answers) -> Calibrator:
        """Take up labelled answers with scores."""
        columns = scores_of(answers)
        bins = tuple(Bins.of(column) for column in columns.T)
        place = np.column_stack([each.place(column) for each, column in zip(bins, columns.T, strict=True)])
        first, count = _alike(np.column_stack([place, answers.y.astype(np.int64)]))
        return cls(bins, place[first], answers.y[first].astype(np.int64), count.astype(float))

    def resampled(self, generator: np.random.Generator) -> Numbers:
        """Return how often each cell is drawn in a resample of the rows."""
        total = int(self.count.sum())
        return generator.multinomial(total, self.count / total).astype(float)

    def halved(self, generator: np.random.Generator) -> Numbers:
        """Return how many rows of each cell are in a random half of them."""
        count = self.count.astype(np.int64)
        half: Numbers = generator.multivariate_hypergeometric(count, int(count.sum()) // 2).astype(float)
        return half

    def probabilities(self, columns: Numbers, count: Numbers | None = None) -> Probabilities:
        """Return the calibrated probabilities of every class, one-vs-rest and normalised where there are several.

        :param columns: the scores, shape (rows, len(bins)).
        :param count: how often each cell of the reference counts.
        """
        count = self.count if count is None else count
        binary = len(self.bins) == 1
        found = np.column_stack(
            [self._class(place, code, columns[:, place], count) for place, code in enumerate(self._codes)]
        )
        if binary:
            return np.column_stack([1 - found, found])
        total = found.sum(axis=1, keepdims=True)
        raw = columns / columns.sum(axis=1, keepdims=True)
        return np.where(total > 0, found / np.where(total > 0, total, 1.0), raw)

    @property
    def _codes(self) -> list[int]:
        return [1] if len(self.bins) == 1 else list(range(len(self.bins)))

    def _class(self, place: int, code: int, score: Numbers, count: Numbers) -> Numbers:
        bins, cells = self.bins[place], self.place[:, place]
        size = len(bins.centers)
        positive = np.bincount(cells, count * (self.label == code), size).astype(float)
        return isotonic(positive, np.bincount(cells, count, size).astype(float), bins.centers, score)


def _alike(rows: Codes) -> tuple[Codes, Codes]:
    """Return the first of each different row of codes, and how many are like it."""
    sizes = tuple((rows.max(axis=0) + 1).tolist())
    if math.prod(sizes) < _MOST_CODES:  # one number a row is sorted fifty times as fast as several
        _, first, count = np.unique(np.ravel_multi_index(tuple(rows.T), sizes), return_index=True, return_counts=True)
    else:
        _, first, count = np.unique(rows, axis=0, return_index=True, return_counts=True)
    return first, count


def scores_of(answers: Answers) -> Numbers:
    """Return the scores with an axis of classes: one column for a binary problem."""
    score = score_of(answers)
    return score[:, None] if score.ndim == 1 else score


@dataclass(frozen=True)
class Calibration:
    """How far probabilities are from labels: the mean distance of mean probability and share, in tenths by score.

    :param before: of the scores as they are; ``after``: of calibrated ones, each fold by the others.
    :param p_value: that chance alone makes the latter so far off (Hosmer and Lemeshow 1980, on rows held out).
    :param n: labelled rows.
    """

    before: float
    after: float
    p_value: float
    n: int


def checked(answers: Answers) -> Calibration:
    """Return how well calibration holds on the folds that it was not made of; of several classes, over all of them."""
    truth = np.equal(answers.y[:, None], np.arange(max(2, len(answers.classes)))).astype(float)
    raw, held_out = scores_of(answers), _cross_fitted(answers)
    if answers.problem is Problem.BINARY:
        truth, held_out = truth[:, 1:], held_out[:, 1:]
    before, after, statistic, degrees = [], [], 0.0, 0
    for code in range(truth.shape[1]):
        place = _tenths(raw[:, code])
        before.append(_distance(raw[:, code], truth[:, code], place)[0])
        far, squares, bins = _distance(held_out[:, code], truth[:, code], place)
        after.append(far)
        statistic, degrees = statistic + squares, degrees + bins
    return Calibration(
        before=float(np.mean(before)),
        after=float(np.mean(after)),
        p_value=chi_square_sf(statistic * (1 - 1 / FOLDS), degrees),
        n=len(answers),
    )


def _cross_fitted(answers: Answers) -> Probabilities:
    fold = np.random.default_rng(SEED).permutation(np.arange(len(answers)) % FOLDS)
    found = np.empty((len(answers), max(2, len(answers.classes))))
    for held_out in range(FOLDS):
        rest = answers.take(fold != held_out)
        found[fold == held_out] = Calibrator.of(rest).probabilities(scores_of(answers)[fold == held_out])
    return found


def _tenths(score: Numbers) -> Codes:
    """Return a bin of each row, by the score as it is: bins of calibrated ones hide a share that rises and falls."""
    return Bins.of(score, _CHECKED_BINS).place(score)


def _distance(probability: Numbers, truth: Numbers, place: Codes) -> tuple[float, float, int]:
    """Return the calibration error, Hosmer and Lemeshow's sum, and over how many bins."""
    apart = np.bincount(place, truth - probability)
    variance = np.bincount(place, probability * (1 - probability))
    there = variance > 0
    squares = float((apart[there] ** 2 / variance[there]).sum())
    return float(np.abs(apart).sum() / len(truth)), squares, int(there.sum())
