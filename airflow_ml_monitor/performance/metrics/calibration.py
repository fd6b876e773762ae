"""``ece``: how far scores are from the shares of positives that they foretell."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from airflow_ml_monitor.distributions import chi_square_sf
from airflow_ml_monitor.performance.answers import Answers, Numbers, Problem
from airflow_ml_monitor.performance.intervals import bootstrap
from airflow_ml_monitor.performance.intervals.proportions import normal_quantile
from airflow_ml_monitor.performance.metrics.binary import ratio
from airflow_ml_monitor.performance.metrics.classes import one_class
from airflow_ml_monitor.performance.metrics.influence import by_influence
from airflow_ml_monitor.performance.metrics.losses import score_of
from airflow_ml_monitor.performance.registry import Estimate, Metric, register
from airflow_ml_monitor.results import Interval

BINS = 10
_RESAMPLES = 500


@dataclass(frozen=True)
class Curve:
    """A calibration curve: in bins of as many rows each, what was foretold and what came. Shape (bins,) each.

    :param rows: the rows of each bin; ``score`` is their mean score, ``share`` the share of positives.
    :param error: standard error of the gap between the two, were the scores right.
    """

    rows: Numbers
    score: Numbers
    share: Numbers
    error: Numbers

    @classmethod
    def of(cls, answers: Answers, bins: int = BINS) -> Curve:
        """Return the curve of answers whose labels are known; rows of equal score stand together."""
        score = score_of(answers)
        bin_of = _bins(score, bins)
        rows, scores, spread, hits = (
            np.bincount(bin_of, values).astype(float) for values in (None, score, score * (1 - score), answers.y)
        )
        filled = rows > 0
        rows, scores, spread, hits = (each[filled] for each in (rows, scores, spread, hits))
        return cls(rows, scores / rows, hits / rows, np.sqrt(spread) / rows)

    @property
    def gap(self) -> Numbers:
        return self.score - self.share


def expected_calibration_error(answers: Answers, confidence: float) -> Estimate:
    """The mean distance of score and share of positives in ten bins of as many rows each (Naeini et al. 2015).

    It is above zero by chance alone, the more so the fewer the rows. So the lower end of its interval is zero unless
    the gaps are proven (chi-square over the bins), and else that of the value less its bias. Its upper end is from
    midway between both: the bias is itself too great where the gaps are small.
    """
    curve = Curve.of(answers)
    shares, n = curve.rows / curve.rows.sum(), len(answers)
    value = float(shares @ np.abs(curve.gap))
    reason = one_class(answers)
    if reason:
        return Estimate(value, None, n, reason=reason)
    likely = (curve.share * curve.rows + 2 * answers.y.mean()) / (curve.rows + 2)  # a bin may have no positive
    error = np.sqrt(likely * (1 - likely) / curve.rows)
    drawn = np.random.default_rng(bootstrap.SEED).standard_normal((_RESAMPLES, len(shares))) * error
    resampled = np.abs(curve.gap + drawn) @ shares
    half = normal_quantile(confidence) * max(float(resampled.std()), math.sqrt(float(shares**2 @ error**2)))
    proven = chi_square_sf(float((ratio(curve.gap**2, curve.error**2)).sum()), len(shares)) < 1 - confidence
    honest = max(0.0, 2 * value - float(resampled.mean()))
    interval = Interval(max(0.0, honest - half) if proven else 0.0, min(1.0, (value + honest) / 2 + half))
    return Estimate(value, interval, n, f"less the bias ({_RESAMPLES} resamples, seed {bootstrap.SEED}), chi-square")


def extreme_gaps(answers: Answers) -> tuple[Numbers, Numbers]:
    """Complete the labels so that the error is least and greatest: bins are made of scores, and each is by itself.

    A bin's gap is least with as many positives as its scores foretell, and greatest with none or all of them.
    """
    missing = np.flatnonzero(np.isnan(answers.y))
    bin_of = _bins(score_of(answers), BINS)
    gaps = np.bincount(bin_of, score_of(answers) - np.nan_to_num(answers.y))
    room = np.bincount(bin_of[missing], minlength=len(gaps))
    nearest = np.clip(np.rint(gaps), 0, room)
    farthest = np.where(np.abs(gaps) >= np.abs(gaps - room), 0, room)
    order = missing[np.argsort(bin_of[missing], kind="stable")]
    place = np.arange(len(order)) - (np.cumsum(room) - room)[bin_of[order]]
    least, most = answers.y.copy(), answers.y.copy()
    least[order], most[order] = place < nearest[bin_of[order]], place < farthest[bin_of[order]]
    return least, most


def influence(answers: Answers) -> tuple[float, Numbers]:
    """Return the weighted value in the same bins, and what each row adds to it: its gap, counted as its bin's is."""
    gaps, weights = score_of(answers) - answers.y, answers.weights
    bin_of = _bins(score_of(answers), BINS)
    value = np.abs(np.bincount(bin_of, gaps * weights)).sum() / weights.sum()
    return float(value), gaps * np.sign(np.bincount(bin_of, gaps * weights))[bin_of] - value


def _bins(score: Numbers, bins: int) -> NDArray[np.int64]:
    ends = np.unique(np.quantile(score, np.linspace(0, 1, bins + 1)[1:-1]))
    return np.searchsorted(ends, score, "left").astype(np.int64)


register(
    Metric(
        "ece",
        Problem.BINARY,
        "lower",
        "score",
        expected_calibration_error,
        by_influence(influence),  # where both scores are right the bias of the two is about the same
        extreme_gaps,
        influence=influence,
        scale="distance",
        row_by_row=False,
    )
)
