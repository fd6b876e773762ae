"""A model beside every dummy that the missing labels allow: a dummy has seen only the labels that are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from airflow_ml_monitor.performance.answers import Answers, Numbers, Problem
from airflow_ml_monitor.performance.registry import Difference, Metric, RowLoss, difference
from airflow_ml_monitor.performance.worst_difference import difference_at_worst, turned


def dummy_extremes(
    metric: Metric, seen: Answers, answers: Answers, dummy: Answers, *, confidence: float
) -> list[Difference] | None:
    """Return differences, model less dummy, of which one is the least and one the greatest that can be.

    Labels that come change the dummy, too, where it is one of the window. Of two classes it is between those of none
    and of all the missing labels positive. Its loss by a proper score is least where it is right: so with k of the
    missing labels positive it is least at their share, and all k are tried. ``None`` where there is no closed form.

    :param seen: the answers whose labels the dummy has seen; ``dummy`` what it answers by those that are known.
    """
    dummies = _possible(metric, seen, dummy)
    if dummies is None:
        return None
    found = []
    for one in dummies:
        worst = difference_at_worst(metric, one, answers, confidence=confidence)
        best = difference_at_worst(metric, answers, one, confidence=confidence)
        if worst is None or best is None:
            return None
        found += [worst, turned(best)]
    if len(dummies) > 1 and metric.needs == "score" and metric.row_loss is not None:
        if answers.weight is not None:
            return None  # with weights the k that are worst are not those of the greatest losses
        found.append(_beside_the_strongest(metric, metric.row_loss, dummies, answers, confidence))
    return found


def _possible(metric: Metric, seen: Answers, dummy: Answers) -> list[Answers] | None:
    """Return the dummies at the ends of what the labels can make of one; ``None`` where these do not tell."""
    missing = int(np.isnan(seen.y).sum())
    if not missing:
        return [dummy]
    if seen.problem is Problem.BINARY:
        positive = float((seen.y == 1).sum())
        return [_answering(dummy, share / len(seen)) for share in (positive, positive + missing)]
    if seen.problem is not Problem.MULTICLASS or metric.needs == "score":
        return None
    counts = np.bincount(seen.known.y.astype(np.int64), minlength=len(seen.classes))
    likely = np.flatnonzero(counts + missing >= counts.max())
    return [replace(dummy, predicted=np.full(len(dummy), float(code))) for code in likely]


def _answering(dummy: Answers, share: float) -> Answers:
    score = None if dummy.score is None else np.full(len(dummy), share)
    return replace(dummy, score=score, predicted=np.full(len(dummy), float(share > 0.5)))


def _beside_the_strongest(
    metric: Metric, row_loss: RowLoss, dummies: list[Answers], answers: Answers, confidence: float
) -> Difference:
    """Return the greatest difference of losses with the dummy at the share of positives of each completion.

    With k of the missing labels positive the model's loss is greatest where those are of the rows that lose most by it.
    """
    missing, known = np.flatnonzero(np.isnan(answers.y)), answers.known
    positive, negative = (row_loss(answers.with_labels(np.full(len(answers), label))) for label in (1.0, 0.0))
    order = missing[np.argsort((positive - negative)[missing], kind="stable")[::-1]]
    k = np.arange(len(missing) + 1)
    gained = np.concatenate([[0.0], np.cumsum((positive - negative)[order])])
    lost = row_loss(known).sum() + negative[missing].sum() + gained
    ends = [float(one.score[0]) for one in dummies if one.score is not None]
    shares = (known.y.sum() + k) / len(answers)
    theirs = np.clip(shares, min(ends), max(ends))
    by_dummy = shares * _loss_at(row_loss, theirs, 1.0) + (1 - shares) * _loss_at(row_loss, theirs, 0.0)
    most = int((lost / len(answers) - by_dummy).argmax())
    y = answers.y.copy()
    y[missing] = 0.0
    y[order[:most]] = 1.0
    strongest = _answering(dummies[0], float(theirs[most])).with_labels(y)
    return difference(metric, strongest, answers.with_labels(y), confidence=confidence)


def _loss_at(row_loss: RowLoss, shares: Numbers, label: float) -> Numbers:
    return row_loss(Answers(problem=Problem.BINARY, y=np.full(len(shares), label), score=shares))
