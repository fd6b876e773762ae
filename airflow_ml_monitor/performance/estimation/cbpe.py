"""Confidence-based performance estimation: the metrics that calibrated probabilities let expect, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from airflow_ml_monitor.performance.answers import Answers, Numbers, Problem
from airflow_ml_monitor.performance.estimation.calibration import SEED, Bins, Calibrator, scores_of
from airflow_ml_monitor.performance.estimation.weighted import Weighted
from airflow_ml_monitor.performance.intervals import bootstrap
from airflow_ml_monitor.performance.metrics.losses import score_of
from airflow_ml_monitor.performance.registry import Estimate
from airflow_ml_monitor.results import Interval

_RESAMPLES = 500
_OF_MANY = 200
_MANY_CELLS = 5_000
_MOST_BINS = 1_000
_HALVES = 40
_OF_HALVES = 2 ** (2 / 3) - 1
_WIDER = 1.15
"""Isotonic regression of a resample varies less than that of new rows: unwidened, intervals of 500 rows cover 0.88."""


def estimate_classifier(
    reference: Answers, current: Answers, names: Sequence[str], *, confidence: float
) -> dict[str, Estimate]:
    """Return the expected metrics of answers without labels.

    Every row counts as each class by its calibrated probability, of which the expected table truth x answer, areas and
    mean losses are made (NannyML's CBPE; Guillory et al. 2021 call the mean "average confidence").

    The interval is of the value that the labels of these very rows will give, as long as a score is worth what it was
    in the reference: by a seeded bootstrap that draws the reference anew, calibrates by it, and draws labels.

    :param reference: labelled answers of both or all classes; ``current``: answers whose labels are unknown.
    """
    calibrator, exact = Calibrator.of(reference), Weighted(current)
    expected = calibrator.probabilities(scores_of(current))
    drawn = _drawn(calibrator, Cells.of(current), names)
    return {name: _estimate(name, exact.value(name, expected), drawn[name], len(current), confidence) for name in names}


@dataclass(frozen=True, eq=False)
class Cells:
    """Answers that are alike, counted: of a binary problem those of about the same score."""

    answers: Answers
    count: Numbers

    @classmethod
    def of(cls, answers: Answers) -> Cells:
        if answers.problem is not Problem.BINARY:
            return cls(answers, np.ones(len(answers)))
        assert answers.predicted is not None, "a score gives an answer"
        score = score_of(answers)
        code = Bins.of(score, _MOST_BINS).place(score) * 2 + answers.predicted.astype(np.int64)
        _, where, count = np.unique(code, return_inverse=True, return_counts=True)
        mean = np.bincount(where, score) / count
        predicted = np.bincount(where, answers.predicted) / count
        alike = Answers(problem=answers.problem, y=np.full(len(count), np.nan), score=mean, predicted=predicted)
        return cls(alike, count.astype(float))


@dataclass(frozen=True, eq=False)
class _Drawn:
    """A metric of resamples of the reference.

    :param expected: by the probabilities that each gives; ``realised``: by labels drawn from them.
    :param halves: by the probabilities of halves of the reference; ``centre``: of all of it.
    """

    expected: Numbers
    realised: Numbers
    halves: Numbers
    centre: float

    @property
    def correction(self) -> float:
        """What a value is to be moved by.

        Less what isotonic regression makes scores look surer than they are: its bias falls by the number of rows to
        the power 2/3, so halves of the reference tell how large it is. More what the metric of labels is above that of
        their shares, as that of a quotient may be.
        """
        halves = self.halves[np.isfinite(self.halves)]
        surer = (float(halves.mean()) - self.centre) / _OF_HALVES if len(halves) else 0.0
        return float(self.realised.mean() - self.expected.mean()) - surer


def _drawn(calibrator: Calibrator, cells: Cells, names: Sequence[str]) -> dict[str, _Drawn]:
    generator, weighted, columns = np.random.default_rng(SEED), Weighted(cells.answers), scores_of(cells.answers)
    counts = cells.count.astype(np.int64)

    def values(weights: Numbers) -> list[float]:
        return [weighted.value(name, weights) for name in names]

    rounds = _RESAMPLES if len(counts) <= _MANY_CELLS else _OF_MANY
    found = np.empty((2, len(names), rounds))
    for turn in range(rounds):
        share = calibrator.probabilities(columns, calibrator.resampled(generator))
        labels = generator.multinomial(counts, share / share.sum(axis=1, keepdims=True)).astype(float)
        found[0, :, turn], found[1, :, turn] = values(share * cells.count[:, None]), values(labels)
    shares = [calibrator.probabilities(columns, calibrator.halved(generator)) for _ in range(_HALVES)]
    halves = np.array([values(share * cells.count[:, None]) for share in shares]).T
    centre = values(calibrator.probabilities(columns) * cells.count[:, None])
    made = {}
    for place, name in enumerate(names):
        expected, realised = found[:, place, np.isfinite(found[:, place]).all(axis=0)]
        made[name] = _Drawn(expected=expected, realised=realised, halves=halves[place], centre=centre[place])
    return made


def _estimate(name: str, value: float, drawn: _Drawn, n: int, confidence: float) -> Estimate:
    if not np.isfinite(value):
        return Estimate(None, None, n, reason="by the calibrated probabilities it would divide nothing by nothing")
    if len(drawn.realised) < _OF_MANY / 2:
        return Estimate(value, None, n, reason="most resamples have no value of it")
    moved = value + drawn.correction
    around = bootstrap.percentile(moved + _WIDER * (drawn.realised - drawn.realised.mean()), confidence)
    interval = None if around is None else Interval(*(_within(name, end) for end in around))
    return Estimate(_within(name, moved), interval, n, bootstrap.named(drawn.realised))


def _within(name: str, value: float) -> float:
    """Return a value, moved no further than the metric goes."""
    least = -1.0 if name in ("mcc", "calibration_in_the_large") else 0.0
    return max(least, value if name == "log_loss" else min(1.0, value))
