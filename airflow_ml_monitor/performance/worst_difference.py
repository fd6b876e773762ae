"""The difference of two models with every missing label as it is worst for the challenger."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from airflow_ml_monitor.performance.answers import Answers, Numbers, Problem
from airflow_ml_monitor.performance.intervals.auc import below
from airflow_ml_monitor.performance.registry import Difference, Metric, RowLoss, Statistic, difference
from airflow_ml_monitor.results import Interval


def difference_at_worst(
    metric: Metric, champion: Answers, challenger: Answers, *, confidence: float = 0.95
) -> Difference | None:
    """Return the difference with every missing label (NaN in ``y``) as it is worst for the challenger.

    With champion and challenger swapped, and its sign turned, it is the difference at its best. Of the completions in
    which the metric is defined it is the extreme one. ``None`` where the metric has no closed form of that: it is a
    mean of losses per row (of targets ``mae``, ``mse`` and pinball losses, where their span is known), made of the
    table truth x answer of two classes, or the area under the ROC curve.
    """
    y = _worst_labels(metric, champion, challenger)
    if y is None:
        return None
    return difference(metric, champion.with_labels(y), challenger.with_labels(y), confidence=confidence)


def turned(apart: Difference) -> Difference:
    """Return a difference the other way round."""
    interval = None if apart.interval is None else Interval(-apart.interval.upper, -apart.interval.lower)
    return apart._replace(value=None if apart.value is None else -apart.value, interval=interval)


def _worst_labels(metric: Metric, champion: Answers, challenger: Answers) -> Numbers | None:
    if champion.problem is Problem.REGRESSION:
        return _of_targets(metric, champion, challenger)
    if metric.row_loss is not None:
        return _row_by_row(metric.row_loss, champion, challenger)
    if champion.problem is not Problem.BINARY or champion.weight is not None or not metric.higher_is_better:
        return None
    if metric.name == "roc_auc":
        return _of_areas(champion, challenger)
    return None if metric.statistic is None else _of_tables(metric.statistic, champion, challenger)


def _row_by_row(row_loss: RowLoss, champion: Answers, challenger: Answers) -> Numbers:
    missing = np.isnan(champion.y)
    old, new = champion.take(missing), challenger.take(missing)
    codes = range(max(2, len(champion.classes)))
    behind = np.stack([_lost(row_loss, new, code) - _lost(row_loss, old, code) for code in codes])
    y = champion.y.copy()
    y[missing] = behind.argmax(axis=0)
    return y


def _lost(row_loss: RowLoss, answers: Answers, code: int) -> Numbers:
    return row_loss(answers.with_labels(np.full(len(answers), float(code))))


def _of_targets(metric: Metric, champion: Answers, challenger: Answers) -> Numbers | None:
    """Return the targets that are worst: at an end of their span or at an answer, between which the loss is a line."""
    straight = metric.name in ("mae", "mse") or metric.name.startswith("pinball@")
    if not straight or metric.row_loss is None or champion.span is None:
        return None
    missing = np.isnan(champion.y)
    old, new = champion.take(missing), challenger.take(missing)
    ends = [np.full(len(old), float(end)) for end in champion.span]
    targets = np.stack([*ends, *(np.clip(_said(one), *champion.span) for one in (old, new))])
    losses = [[metric.row_loss(one.with_labels(y)) for y in targets] for one in (old, new)]
    y = champion.y.copy()
    y[missing] = np.take_along_axis(targets, (np.array(losses[1]) - losses[0]).argmax(axis=0)[None], axis=0)[0]
    return y


def _of_areas(champion: Answers, challenger: Answers) -> Numbers:
    """Return the labels of the least difference of areas.

    A pair of rows whose order the models see unlike adds what one of them gains to the row that is positive. Between
    two missing rows that are both positive it cancels, so that with k positive ones among the missing each row adds a
    number of its own: the k least are positive. Of all k the least difference is taken.
    """
    y, missing = champion.y, np.flatnonzero(np.isnan(champion.y))
    old, new = (_Wins.of(_score(one), y, missing) for one in (champion, challenger))
    positive, negative = new.positive - old.positive, new.negative - old.negative
    order = np.argsort(positive - negative, kind="stable")
    k = np.arange(len(missing) + 1)
    above = negative.sum() + np.concatenate([[0.0], np.cumsum((positive - negative)[order])])
    pairs = ((y == 1).sum() + k) * ((y == 0).sum() + len(missing) - k).astype(float)
    apart = np.divide(new.known - old.known + above, pairs, out=np.full(len(k), np.inf), where=pairs > 0)
    return _with_positive(y, missing, missing[order[: int(apart.argmin())]])


class _Wins(NamedTuple):
    """How many pairs a model orders rightly, ties half: of known rows, and of each missing one by its label.

    :param positive: of each missing row, were it positive: over the known negatives, and over all that are missing.
    :param negative: of the known positives over each, were it negative.
    """

    known: float
    positive: Numbers
    negative: Numbers

    @classmethod
    def of(cls, score: Numbers, y: Numbers, missing: NDArray[np.int64]) -> _Wins:
        positives, negatives, sought = np.sort(score[y == 1]), np.sort(score[y == 0]), score[missing]
        over = below(negatives, sought) + below(np.sort(sought), sought)
        return cls(float(below(negatives, positives).sum()), over, len(positives) - below(positives, sought))


def _score(answers: Answers) -> Numbers:
    assert answers.score is not None, "the caller has seen to what the metric needs"
    return answers.score


def _of_tables(statistic: Statistic, champion: Answers, challenger: Answers) -> Numbers:
    """Return the labels of the least difference by a metric of the table.

    Given how many rows are positive, and how many are answered so, such metrics are linear in the hits. So with k
    positive ones among the missing it matters only of which of the four pairs of answers they are, and they are taken
    from the pair that adds least, then the next. Of all k the least difference is taken.
    """
    y, missing = champion.y, np.flatnonzero(np.isnan(champion.y))
    said = [_said(one) for one in (champion, challenger)]
    k = np.arange(len(missing) + 1)
    (old_start, old_slope), (new_start, new_slope) = (_line(statistic, answered, y, k) for answered in said)
    pair = (2 * said[0] + said[1])[missing].astype(np.int64)
    adds = np.stack([0 * k, new_slope, -old_slope, new_slope - old_slope])
    adds = np.where(np.isfinite(adds), adds, 0.0)
    order = np.argsort(adds, axis=0, kind="stable")
    taken = _filled(np.bincount(pair, minlength=4), order, k)
    apart = new_start - old_start + (taken * np.take_along_axis(adds, order, axis=0)).sum(axis=0)
    best = int(np.where(np.isfinite(apart), apart, np.inf).argmin())
    chosen = [missing[pair == place][: taken[rank, best]] for rank, place in enumerate(order[:, best])]
    return _with_positive(y, missing, np.concatenate(chosen))


def _said(answers: Answers) -> Numbers:
    assert answers.predicted is not None, "the caller has seen to what the metric needs"
    return answers.predicted


def _line(statistic: Statistic, said: Numbers, y: Numbers, k: NDArray[np.int64]) -> tuple[Numbers, Numbers]:
    """Return the metric with the hits of the known rows and k further positive ones, and what a further hit adds."""
    answered, known = float(said.sum()), float(((said == 1) & (y == 1)).sum())
    positive = (y == 1).sum() + k.astype(float)

    def at(hits: Numbers) -> Numbers:
        rest = len(y) - positive - answered + hits
        return statistic(np.stack([rest, answered - hits, positive - hits, hits], axis=-1).reshape(-1, 2, 2))

    start = at(np.full(len(k), known))
    return start, at(np.full(len(k), known + 1)) - start


def _filled(room: NDArray[np.int64], order: NDArray[np.int64], k: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many of k are of each pair, in the order in which they are filled; shape as ``order``."""
    sizes = room[order]
    before = np.cumsum(sizes, axis=0) - sizes
    filled: NDArray[np.int64] = np.clip(k - before, 0, sizes)
    return filled


def _with_positive(y: Numbers, missing: NDArray[np.int64], positive: NDArray[np.int64]) -> Numbers:
    completed = y.copy()
    completed[missing] = 0.0
    completed[positive] = 1.0
    return completed
