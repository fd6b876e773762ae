"""Answers in parts of about as many, by what the model answered."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from airflow_ml_monitor.performance.answers import Answers, Numbers

_PARTS = 10


def answered(answers: Answers) -> Numbers:
    """Return one number an answer: its score, that of the likeliest class, or the value answered."""
    if answers.score is None:
        assert answers.predicted is not None, "a model answers something"
        return answers.predicted
    return answers.score if answers.score.ndim == 1 else answers.score.max(axis=1)


def answer_parts(values: Numbers) -> NDArray[np.int64]:
    """Return the part of each value, counted from zero: up to ten, fewer where many are the same."""
    edges = np.unique(np.quantile(values, np.linspace(0, 1, _PARTS + 1)[1:-1]))
    return np.searchsorted(edges, values, side="right")
