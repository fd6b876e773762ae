"""Metrics of the classes answered to binary problems.

Values are those of scikit-learn's functions of the same name; where those say 0 because nothing is divided by nothing,
there is no value here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from airflow_ml_monitor.performance.answers import Answers, Numbers, Problem
from airflow_ml_monitor.performance.intervals import bootstrap, proportions
from airflow_ml_monitor.performance.metrics.counts import as_answered, predicted_of, register_counts, slopes_wilson
from airflow_ml_monitor.performance.registry import Difference
from airflow_ml_monitor.results import Interval

_BINARY = Problem.BINARY
Table = NDArray[np.int64]


def all_one(answers: Answers) -> tuple[Numbers, Numbers]:
    """Complete the labels: all the missing ones negative, and all positive."""
    missing = np.isnan(answers.y)
    return np.where(missing, 0.0, answers.y), np.where(missing, 1.0, answers.y)


def ratio(above: Numbers, below: Numbers) -> Numbers:
    """Return a quotient; NaN where nothing is divided by."""
    quotient: Numbers = np.divide(above, below, out=np.full(np.shape(below), np.nan), where=np.greater(below, 0))
    return quotient


@dataclass(frozen=True)
class Share:
    """A share of the table truth x answer: of the cells that are tried, those that succeed. Shape (2, 2) each."""

    succeed: list[list[int]]
    tried: list[list[int]]

    def __call__(self, table: Numbers) -> Numbers:
        return ratio(*self._sums(table))

    def interval(self, table: Table, confidence: float) -> tuple[Interval, str]:
        successes, trials = self._sums(table)
        return proportions.wilson(float(successes), float(trials), confidence), "Wilson"

    def _sums(self, table: NDArray[Any]) -> tuple[Numbers, Numbers]:
        succeed, tried = ((table * np.array(cells)).sum(axis=(-2, -1)) for cells in (self.succeed, self.tried))
        return succeed, tried


_ALL = [[1, 1], [1, 1]]
ACCURACY = Share([[1, 0], [0, 1]], _ALL)
PRECISION = Share([[0, 0], [0, 1]], [[0, 1], [0, 1]])
RECALL = Share([[0, 0], [0, 1]], [[0, 0], [1, 1]])
SPECIFICITY = Share([[1, 0], [0, 0]], [[1, 1], [0, 0]])
POSITIVE_SHARE = Share([[0, 0], [1, 1]], _ALL)
PREDICTED_SHARE = Share([[0, 1], [0, 1]], _ALL)


def f1(table: Numbers) -> Numbers:
    return ratio(2 * table[..., 1, 1], table[..., 1, :].sum(axis=-1) + table[..., :, 1].sum(axis=-1))


def balanced_accuracy(table: Numbers) -> Numbers:
    return (RECALL(table) + SPECIFICITY(table)) / 2


def mcc(table: Numbers) -> Numbers:
    """Return Matthews' correlation coefficient (1975), of any number of classes (Gorodkin 2004)."""
    total, right = table.sum(axis=(-2, -1)), np.trace(table, axis1=-2, axis2=-1)
    truth, said = table.sum(axis=-1), table.sum(axis=-2)
    above = right * total - (truth * said).sum(axis=-1)
    below = np.sqrt((total**2 - (truth**2).sum(axis=-1)) * (total**2 - (said**2).sum(axis=-1)))
    return ratio(above, below)


def wrong(answers: Answers) -> Numbers:
    """Return 1 for each wrong answer, 0 for a right one."""
    return np.not_equal(predicted_of(answers), answers.y).astype(float)


def compare_accuracy(champion: Answers, challenger: Answers, confidence: float) -> Difference:
    """Compare shares of right answers by McNemar's test and Newcombe's interval for paired proportions."""
    old, new = (wrong(answers) == 0 for answers in (champion, challenger))
    both, only_new = int((old & new).sum()), int((new & ~old).sum())
    only_old, neither = int((old & ~new).sum()), int((~old & ~new).sum())
    interval = proportions.paired_difference(both, only_new, only_old, neither, confidence)
    value = (only_new - only_old) / len(old)
    return Difference(value, interval, proportions.mcnemar(only_new, only_old), len(old), "McNemar mid-p, Newcombe 10")


def _f1_interval(table: Table, confidence: float) -> tuple[Interval, str]:
    false_positive, false_negative, true_positive = (float(table[cell]) for cell in ((0, 1), (1, 0), (1, 1)))
    interval = proportions.f1_interval(true_positive, false_positive, false_negative, confidence)
    return interval, "Wilson on TP / (TP + FP + FN)"


def _mcc_interval(table: Table, confidence: float) -> tuple[Interval | None, str]:
    """Return Wilson's interval of as many trials as the delta method's error stands for, since rare positives skew it.

    With 10 positives among 500 it covers 0.95 where a bootstrap covers 0.91 to 0.93. Where the bootstrap cannot tell it
    from zero, below which no share is, the interval holds that one's, too.
    """
    value = float(mcc(table.astype(float)))
    values = bootstrap.of_counts(table, mcc)
    resampled = bootstrap.percentile(values, confidence)
    if value <= 0 or resampled is None:
        return resampled, bootstrap.named(values)
    around, method = slopes_wilson(table, mcc, float(table[1].sum() + table[0, 1]), confidence)
    if resampled.lower > 0:
        return around, method
    return proportions.hull(around, resampled), f"{method}, and {bootstrap.named(values)}"


def _balanced_interval(table: Table, confidence: float) -> tuple[Interval, str]:
    counts = table.astype(float)
    parts = [(float(share(counts)), share.interval(table, confidence)[0]) for share in (RECALL, SPECIFICITY)]
    return proportions.mean_of(parts), "Wilson, MOVER"


for _name, _share, _undefined in (
    ("precision", PRECISION, "no answer is positive"),
    ("recall", RECALL, "no label is positive"),
    ("specificity", SPECIFICITY, "no label is negative"),
):
    register_counts(
        _name,
        _BINARY,
        _share,
        interval=_share.interval,
        completions=as_answered,
        undefined=_undefined,
    )

register_counts(
    "accuracy",
    _BINARY,
    ACCURACY,
    interval=ACCURACY.interval,
    comparison=compare_accuracy,
    completions=as_answered,
    row_loss=wrong,
)
register_counts(
    "f1",
    _BINARY,
    f1,
    interval=_f1_interval,
    completions=as_answered,
    undefined="neither a label nor an answer is positive",
)
register_counts(
    "balanced_accuracy",
    _BINARY,
    balanced_accuracy,
    interval=_balanced_interval,
    completions=as_answered,
    undefined="all labels are of one class",
)
# Labels that agree with the answers make it greatest: moving one answer from wrong to right raises it, whatever the
# margins, since |covariance| <= share * (1 - share) of the labels.
register_counts(
    "mcc",
    _BINARY,
    mcc,
    interval=_mcc_interval,
    completions=as_answered,
    undefined="all labels, or all answers, are of one class",
    scale="correlation",
)
register_counts(
    "positive_share",
    _BINARY,
    POSITIVE_SHARE,
    interval=POSITIVE_SHARE.interval,
    completions=all_one,
    better="neither",
)
register_counts(
    "predicted_share",
    _BINARY,
    PREDICTED_SHARE,
    interval=PREDICTED_SHARE.interval,
    completions=all_one,
    better="neither",
)
