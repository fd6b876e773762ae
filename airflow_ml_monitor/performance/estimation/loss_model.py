"""Direct loss estimation: a model of how far a regressor is off, by what it looks at and what it answers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from airflow_ml_monitor.performance.answers import Numbers
from airflow_ml_monitor.performance.estimation.calibration import FOLDS, SEED
from airflow_ml_monitor.performance.estimation.reweighting import Reweighting
from airflow_ml_monitor.performance.intervals.laws import t_quantile
from airflow_ml_monitor.performance.intervals.means import root
from airflow_ml_monitor.performance.registry import Estimate
from airflow_ml_monitor.results import Interval

LOSSES = ("mae", "mse", "rmse")
_TREES = 100
_LEAST_IN_LEAF = 20
_LEAST_FREEDOM = 2.0


def estimate_regressor(
    reference: Numbers,
    errors: Numbers,
    current: Numbers,
    *,
    leveled: Sequence[int],
    confidence: float,
) -> dict[str, Estimate]:
    """Return the mean losses expected of answers without labels (NannyML's DLE).

    Gradient-boosted trees learn the loss of a row, each fold of the reference held out in turn. What they miss of the
    held-out rows, weighted to the mix of the current ones, corrects what they say; its spread makes the interval, of
    the value that the labels of these very rows will give (Robins, Rotnitzky and Zhao 1994: right where either the
    trees or the weights are).

    :param reference: what the loss depends on, shape (rows, columns), NaN where missing; ``current`` likewise.
    :param errors: prediction less target, of the reference's rows; shape (rows,).
    :param leveled: the columns that hold codes of levels.
    """
    mix = Reweighting.of(reference, current, leveled=leveled)
    weights = mix.weights(np.ones(len(reference)), np.ones(len(current)))
    found = {
        name: _Expected.of(reference, loss, current, weights, list(leveled)).estimate(confidence)
        for name, loss in (("mae", np.abs(errors)), ("mse", errors**2))
    }
    return found | {"rmse": _rooted(found["mse"])}


@dataclass(frozen=True, eq=False)
class _Expected:
    """The loss the trees expect, of the reference's rows by models that had not seen them, and of current ones."""

    loss: Numbers
    held_out: Numbers
    current: Numbers
    weights: Numbers

    @classmethod
    def of(cls, reference: Numbers, loss: Numbers, current: Numbers, weights: Numbers, leveled: list[int]) -> _Expected:
        import sklearn.ensemble  # noqa: F401 - only what is loaded can be limited
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

        fold = np.random.default_rng(SEED).permutation(np.arange(len(loss)) % FOLDS)
        held_out, expected = np.empty(len(loss)), np.zeros(len(current))
        with threadpool_limits(1):  # trees so small gain nothing from two threads that wait for each other
            for place in range(FOLDS):
                model = _fitted(reference[fold != place], loss[fold != place], leveled)
                held_out[fold == place] = model.predict(reference[fold == place])
                expected += model.predict(current) / FOLDS
        return cls(loss, held_out, expected, weights)

    def estimate(self, confidence: float) -> Estimate:
        """Return the mean loss of the current rows."""
        residual, n = self.loss - self.held_out, len(self.current)
        share = self.weights / self.weights.sum()
        correction = float((share * residual).sum())
        squares = (residual - correction) ** 2
        variance = float((share * squares).sum())
        value = float(self.current.mean()) + correction
        error = math.sqrt(float((share**2 * squares).sum()) + variance / n)
        tails = float((share * squares**2).sum()) / variance**2 if variance > 0 else math.inf
        interval = _around(value, error, confidence, _freedom(float((share**2).sum()), tails))
        return Estimate(max(0.0, value), interval, n, "reweighted, t on the log")


def _freedom(shares: float, tails: float) -> float:
    """Return the degrees of freedom of a variance (Satterthwaite): heavy tails tell it by few rows.

    :param shares: sum of the squared weights of the rows, themselves of sum 1.
    :param tails: kurtosis of what the variance is of: 3 where it is normal.
    """
    return max(_LEAST_FREEDOM, 2 / (shares * max(tails - 1, 1.0)))


def _fitted(rows: Numbers, loss: Numbers, leveled: list[int]) -> Any:
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor(
        max_iter=_TREES,
        max_leaf_nodes=8,
        learning_rate=0.05,
        min_samples_leaf=_LEAST_IN_LEAF,
        early_stopping=False,
        categorical_features=leveled or None,
        random_state=SEED,
    ).fit(rows, loss)


def _around(value: float, error: float, confidence: float, freedom: float) -> Interval | None:
    if value <= 0 or not math.isfinite(error):
        return None
    half = t_quantile(0.5 + confidence / 2, freedom) * error / value
    return Interval(value * math.exp(-half), value * math.exp(min(half, 700.0)))


def _rooted(mean: Estimate) -> Estimate:
    value = None if mean.value is None else math.sqrt(mean.value)
    return mean._replace(value=value, interval=root(mean.interval), method=f"root of {mean.method}")
