"""Metrics of how well scores rank: the area under the ROC curve, of two classes and over more."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from airflow_ml_monitor.performance.answers import Answers, Numbers, Problem
from airflow_ml_monitor.performance.intervals.auc import (
    area_difference,
    area_influence,
    area_interval,
    below,
    components,
    interval_of_components,
)
from airflow_ml_monitor.performance.intervals.proportions import mean_of_correlated, normal_quantile
from airflow_ml_monitor.performance.metrics.classes import one_class
from airflow_ml_monitor.performance.metrics.losses import score_of
from airflow_ml_monitor.performance.registry import Difference, Estimate, Metric, register
from airflow_ml_monitor.results import Interval


def roc_auc(answers: Answers, confidence: float) -> Estimate:
    """The probability that a positive outranks a negative, ties counted half (Hanley and McNeil 1982)."""
    reason = one_class(answers)
    if reason:
        return Estimate(None, None, len(answers), reason=reason)
    value, interval, method = area_interval(answers.y, score_of(answers), confidence)
    return Estimate(value, interval, len(answers), method)


def compare_roc_auc(champion: Answers, challenger: Answers, confidence: float) -> Difference:
    reason = one_class(champion)
    if reason:
        return Difference(None, None, None, len(champion), reason=reason)
    value, interval, p_value = area_difference(champion.y, score_of(champion), score_of(challenger), confidence)
    return Difference(value, interval, p_value, len(champion), "DeLong, paired")


def roc_auc_influence(answers: Answers) -> tuple[float, Numbers]:
    return area_influence(answers.y, score_of(answers), answers.weights)


def roc_auc_ovr_influence(answers: Answers) -> tuple[float, Numbers]:
    areas = [
        area_influence(_own(answers, code), score_of(answers)[:, code], answers.weights) for code in _codes(answers)
    ]
    return float(np.mean([area for area, _ in areas])), np.mean([rows for _, rows in areas], axis=0)


def extreme_rankings(answers: Answers) -> tuple[Numbers, Numbers]:
    """Complete the labels so that the area is least and greatest.

    With k of the missing labels positive the area is greatest where they are those of the highest scores, and least
    where they are those of the lowest; of all k the most extreme is taken, from sorted sums in O(n log n). Only k are
    tried by which both classes are there.
    """
    missing = np.flatnonzero(np.isnan(answers.y))
    order = missing[np.argsort(score_of(answers)[missing], kind="stable")]
    up, down = _areas(answers, order), _areas(answers, order[::-1])
    lowest, highest = answers.y.copy(), answers.y.copy()
    least, most = (int(np.nanargmin(up)), int(np.nanargmax(down))) if np.isfinite(up).any() else (0, 0)
    lowest[order], highest[order] = 0.0, 0.0
    lowest[order[:least]] = 1.0
    highest[order[::-1][:most]] = 1.0
    return lowest, highest


def _areas(answers: Answers, order: NDArray[np.int64]) -> Numbers:
    """Return the area with the first k rows of ``order`` positive and the others negative, for k = 0, 1, ...

    ``order`` is by score, either way. NaN where a class is empty.
    """
    score, known = score_of(answers), answers.known
    positives, negatives = (np.sort(score_of(known)[known.y == truth]) for truth in (1, 0))
    sought = score[order]
    wins = below(negatives, sought)  # of each, were it positive, over the known negatives
    losses = len(positives) - below(positives, sought)  # of the known positives, over each were it negative
    m, k = len(order), np.arange(len(order) + 1)
    sums = np.concatenate([[0.0], np.cumsum(wins)]) + np.concatenate([np.cumsum(losses[::-1])[::-1], [0.0]])
    among = _among(sought)
    known_wins = float(below(negatives, positives).sum())
    pairs = (len(positives) + k) * (len(negatives) + m - k).astype(float)
    areas: Numbers = np.divide(known_wins + sums + among, pairs, out=np.full(m + 1, np.nan), where=pairs > 0)
    return areas


def _among(sought: Numbers) -> Numbers:
    """Return of the pairs between the first k and the others how many the first win, ties half, for k = 0, 1, ..."""
    m = len(sought)
    k = np.arange(m + 1)
    if m == 0:
        return np.zeros(1)
    starts = np.flatnonzero(np.concatenate([[True], sought[1:] != sought[:-1]]))
    ends = np.append(starts[1:], m)
    group = np.clip(np.searchsorted(starts, k, "right") - 1, 0, None)
    inside = k - starts[group]  # how many of the k are tied with the next one
    tied = inside * (ends[group] - k)
    descending = bool(sought[0] > sought[-1])
    return (k * (m - k) - tied) * float(descending) + tied / 2.0


def roc_auc_ovr(answers: Answers, confidence: float) -> Estimate:
    """The mean over the classes of the area of each against the others.

    Its interval is of those of the classes, Newcombe's for a rare one, with DeLong's correlations between them.
    """
    absent = [str(name) for code, name in enumerate(answers.classes) if not (answers.y == code).any()]
    if absent or len(answers.classes) < 2:
        return Estimate(None, None, len(answers), reason=f"no label is of class {', '.join(absent[:5])}")
    by_class = [_components_of(answers, code) for code in _codes(answers)]
    found = [interval_of_components(*both, confidence) for both in by_class]
    rows = np.stack([_by_class_and_row(answers, code, *both)[1] for code, both in enumerate(by_class)])
    around = mean_of_correlated([(area, interval) for area, interval, _ in found], rows)
    methods = ", ".join(sorted({method for _, _, method in found}))
    value = float(np.mean([area for area, _, _ in found]))
    return Estimate(value, around, len(answers), f"{methods} by class, MOVER with correlations")


def compare_roc_auc_ovr(champion: Answers, challenger: Answers, confidence: float) -> Difference:
    first = roc_auc_ovr(champion, confidence)
    if first.value is None:
        return Difference(None, None, None, len(champion), reason=first.reason)
    (old, old_rows), (new, new_rows) = _by_row(champion), _by_row(challenger)
    error = float(np.sqrt(((new_rows - old_rows) ** 2).sum()))
    half, value = normal_quantile(confidence) * error, new - old
    p_value = _normal_p(value, error)
    return Difference(value, _within(value - half, value + half, -1.0), p_value, len(champion), "DeLong, paired")


def _by_row(answers: Answers) -> tuple[float, Numbers]:
    """Return the mean area, and what each row adds to its error (DeLong's components, summed over the classes)."""
    found = [_by_class_and_row(answers, code, *_components_of(answers, code)) for code in _codes(answers)]
    return float(np.mean([area for area, _ in found])), np.mean([rows for _, rows in found], axis=0)


def _components_of(answers: Answers, code: int) -> tuple[Numbers, Numbers]:
    return components(_own(answers, code), score_of(answers)[:, code])


def _by_class_and_row(answers: Answers, code: int, of_class: Numbers, of_others: Numbers) -> tuple[float, Numbers]:
    """Return the area of a class, and what each row adds to its error."""
    own, rows, area = answers.y == code, np.zeros(len(answers)), float(of_class.mean())
    rows[own] = (of_class - area) / len(of_class)
    rows[~own] = (of_others - area) / len(of_others)
    return area, rows


def _codes(answers: Answers) -> range:
    return range(len(answers.classes))


def _own(answers: Answers, code: int) -> Numbers:
    own: Numbers = (answers.y == code).astype(float)
    return own


def _normal_p(value: float, error: float) -> float:
    if error == 0:
        return 1.0 if value == 0 else 0.0
    return math.erfc(abs(value) / error / math.sqrt(2))


def _within(lower: float, upper: float, least: float) -> Interval:
    return Interval(max(least, lower), min(1.0, upper))


register(
    Metric(
        "roc_auc",
        Problem.BINARY,
        "higher",
        "score",
        roc_auc,
        compare_roc_auc,
        completions=extreme_rankings,
        influence=roc_auc_influence,
        scale="share",
        row_by_row=False,
    )
)
register(
    Metric(
        "roc_auc_ovr",
        Problem.MULTICLASS,
        "higher",
        "score",
        roc_auc_ovr,
        compare_roc_auc_ovr,
        influence=roc_auc_ovr_influence,
        scale="share",
    )
)
