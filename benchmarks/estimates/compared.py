"""An estimate beside what the labels of the same rows give, by scikit-learn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from airflow_ml_monitor import estimate_performance
from sklearn import metrics

Realised = Callable[[pd.DataFrame], float]
CLASSES = ["a", "b", "c"]
SCORES = {name: name for name in CLASSES}


def _answered(rows: pd.DataFrame) -> pd.Series[Any]:
    return rows["score"] >= 0.5


def _most_likely(rows: pd.DataFrame) -> pd.Series[Any]:
    return rows[CLASSES].idxmax(axis=1)


REALISED: dict[str, dict[str, Realised]] = {
    "binary": {
        "roc_auc": lambda rows: float(metrics.roc_auc_score(rows["label"], rows["score"])),
        "log_loss": lambda rows: float(metrics.log_loss(rows["label"], rows["score"])),
        "brier": lambda rows: float(metrics.brier_score_loss(rows["label"], rows["score"])),
        "accuracy": lambda rows: float(metrics.accuracy_score(rows["label"], _answered(rows))),
        "precision": lambda rows: float(metrics.precision_score(rows["label"], _answered(rows), zero_division=np.nan)),
        "recall": lambda rows: float(metrics.recall_score(rows["label"], _answered(rows), zero_division=np.nan)),
        "f1": lambda rows: float(metrics.f1_score(rows["label"], _answered(rows), zero_division=np.nan)),
    },
    "multiclass": {
        "accuracy": lambda rows: float(metrics.accuracy_score(rows["label"], _most_likely(rows))),
        "log_loss": lambda rows: float(metrics.log_loss(rows["label"], rows[CLASSES], labels=CLASSES)),
        "f1_macro": lambda rows: float(metrics.f1_score(rows["label"], _most_likely(rows), average="macro")),
        "roc_auc_ovr": lambda rows: float(metrics.roc_auc_score(rows["label"], rows[CLASSES], multi_class="ovr")),
    },
    "regression": {
        "mae": lambda rows: float(metrics.mean_absolute_error(rows["label"], rows["prediction"])),
        "rmse": lambda rows: float(metrics.root_mean_squared_error(rows["label"], rows["prediction"])),
    },
}
"""problem -> metric -> how the labels give it."""


class Pair(NamedTuple):
    """An estimate, and what the labels gave; ``before`` is the metric of the reference as it is."""

    estimate: float
    lower: float
    upper: float
    realised: float
    before: float

    @property
    def held(self) -> float:
        """1 where the interval held it, 0 where not, NaN where there is none to hold or be held."""
        if not np.isfinite([self.lower, self.upper, self.realised]).all():
            return float("nan")
        return float(self.lower <= self.realised <= self.upper)


def compared(
    reference: pd.DataFrame,
    current: pd.DataFrame,
    *,
    problem: str,
    features: Sequence[str] = (),
    cluster: str | None = None,
) -> dict[str, Pair]:
    """Return each metric's estimate beside what the labels gave."""
    scores = SCORES if problem == "multiclass" else None
    report = estimate_performance(
        reference, current, problem=problem, scores=scores, features=features, cluster=cluster
    )
    found = {one.check: one for one in report.results if one.detail.get("estimated")}
    pairs = {}
    for name, realised in REALISED[problem].items():
        one = found[name]
        lower, upper = one.interval or (np.nan, np.nan)
        value = np.nan if one.value is None else one.value
        pairs[name] = Pair(value, lower, upper, realised(current), realised(reference))
    return pairs


@dataclass(frozen=True)
class Summary:
    """Many pairs of a metric.

    :param held: the share of intervals that held the realised value, of those there are.
    :param bias: mean of the estimates less the realised values; ``before`` that of the reference's own value.
    :param off: mean distance of estimate and realised value; ``off_before`` likewise.
    :param width: mean width of the intervals.
    """

    metric: str
    pairs: int
    realised: float
    held: float
    bias: float
    before: float
    off: float
    off_before: float
    width: float

    @classmethod
    def of(cls, metric: str, pairs: Sequence[Pair]) -> Summary:
        """Sum up pairs; those without an interval, or without a realised value, count nowhere."""
        estimate, lower, upper, realised, before = np.array(pairs, dtype=float).T
        apart, apart_before = estimate - realised, before - realised
        return cls(
            metric=metric,
            pairs=len(pairs),
            realised=float(np.nanmean(realised)),
            held=float(np.nanmean([one.held for one in pairs])),
            bias=float(np.nanmean(apart)),
            before=float(np.nanmean(apart_before)),
            off=float(np.nanmean(np.abs(apart))),
            off_before=float(np.nanmean(np.abs(apart_before))),
            width=float(np.nanmean(upper - lower)),
        )


def summaries(found: Sequence[Mapping[str, Pair]]) -> list[Summary]:
    """Sum up comparisons, a summary for each metric."""
    return [Summary.of(name, [one[name] for one in found]) for name in found[0]]
