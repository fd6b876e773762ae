"""A metric of the labels that are known, weighted up to all answers: it is shown, and decides nothing."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from airflow_ml_monitor.performance.answer_parts import answer_parts, answered
from airflow_ml_monitor.performance.answers import Answers, Numbers
from airflow_ml_monitor.performance.estimation.weighted import Weighted, weighable
from airflow_ml_monitor.performance.registry import Metric

Codes = NDArray[np.int64]
Mask = NDArray[np.bool_]
_LEAST_KNOWN = 5
"""Labels a part must have: of fewer, a single one would stand for many answers."""


def weighted_up(metric: Metric, answers: Answers) -> dict[str, Any]:
    """Return the weighted estimate of a metric as ``detail`` of its check; empty where there is none.

    The answers are cut into up to ten parts of about as many, by what the model answered (the score, that of the
    likeliest class, or the value). A known label counts by the inverse of the share of its part that is known (Horvitz
    and Thompson 1952). That is right only where, among answers alike, what the label says has nothing to do with
    whether it is known; on real delays it has, and verdicts by it are wrong more often than by the labels as they are.

    :param answers: NaN in ``y`` where the label is missing.
    :return: ``value``, ``parts`` and ``effective_labels`` (Kish 1965); nothing where no label or all labels are known,
        or where the metric cannot be weighted.
    """
    known = ~np.isnan(answers.y)
    names = weighable(answers.problem, scored=answers.score is not None)
    if known.all() or not known.any() or metric.name not in names:
        return {}
    part = _parts(answered(answers), known)
    counted = answers.weights
    total, seen = np.bincount(part, counted), np.bincount(part, counted * known)
    factor = np.divide(total, seen, out=np.zeros(len(total)), where=seen > 0)
    weights = (counted * factor[part])[known]
    labelled = Weighted(answers.known)
    value = labelled.value(metric.name, labelled.labels() * weights[:, None])
    if not math.isfinite(value):
        return {}
    effective = float(weights.sum() ** 2 / (weights**2).sum())
    return {"weighted": {"value": value, "parts": len(total), "effective_labels": effective, "provisional": True}}


def _parts(values: Numbers, known: Mask) -> Codes:
    """Return the part of each answer, counted from zero; neighbours are one until they have labels enough."""
    place = answer_parts(values)
    labels = np.bincount(place, known)
    joined, inside = np.zeros(len(labels), dtype=np.int64), 0.0
    for code, count in enumerate(labels[:-1]):
        inside += count
        enough = inside >= _LEAST_KNOWN and labels[code + 1 :].sum() >= _LEAST_KNOWN
        joined[code + 1] = joined[code] + enough
        inside = 0.0 if enough else inside
    found: Codes = joined[place]
    return found
