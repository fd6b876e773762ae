"""Weights that give the reference the mix of the current rows: by the odds of a classifier that tells them apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from airflow_ml_monitor.performance.answers import Numbers
from airflow_ml_monitor.performance.estimation.calibration import FOLDS, SEED, Bins

Codes = NDArray[np.int64]
MOST_ODDS = 50.0
"""Odds are clipped here: a few rows must not stand for all."""
_TREES = 60
_LEAST_TREES = 10
_ROWS_A_TREE = 50
_LEAST_IN_LEAF = 20
_STRATA = 20
_ROWS_A_STRATUM = 100
_LEAST_IN_STRATUM = 5


@dataclass(frozen=True, eq=False)
class Reweighting:
    """The rows of both sides in strata of how current they look.

    Within a stratum the reference's rows are weighted by their odds; together they weigh what the stratum's share of
    the current rows is, counted anew in every resample.

    :param odds: of the reference's rows, clipped; ``stratum`` the stratum of each, ``current`` that of the others.
    """

    odds: Numbers
    stratum: Codes
    current: Codes
    size: int

    @classmethod
    def of(cls, reference: Numbers, current: Numbers, *, leveled: Sequence[int]) -> Reweighting:
        """Fit it on what both sides look at, shape (rows, columns), NaN where missing; each fold by the others."""
        share = _told_apart(reference, current, list(leveled))
        strata = max(1, min(_STRATA, len(share) // _ROWS_A_STRATUM))
        bins = Bins.of(share, strata)
        place = bins.place(share)
        n = len(reference)
        odds = np.clip(share[:n] / (1 - share[:n]), 1 / MOST_ODDS, MOST_ODDS)
        return cls(odds, place[:n], place[n:], len(bins.centers))

    def weights(self, reference: Numbers, current: Numbers) -> Numbers:
        """Return the weights of the reference's rows, from how often each row of either side counts."""
        theirs = np.bincount(self.current, current, self.size)
        odds = reference * self.odds
        ours = np.bincount(self.stratum, odds, self.size)
        factor = np.divide(theirs, ours, out=np.zeros(self.size), where=ours > 0)
        found: Numbers = odds * factor[self.stratum]
        return found

    @property
    def uncovered(self) -> float:
        """The share of current rows in strata that hold hardly any row of the reference."""
        few = np.bincount(self.stratum, minlength=self.size) < _LEAST_IN_STRATUM
        return float(few[self.current].mean())

    @property
    def effective_rows(self) -> float:
        """Kish's effective sample size of the reweighted reference (1965)."""
        weights = self.weights(np.ones(len(self.stratum)), np.ones(len(self.current)))
        return float(weights.sum() ** 2 / (weights**2).sum())


def _told_apart(reference: Numbers, current: Numbers, leveled: list[int]) -> Numbers:
    """Return the probability that each row is a current one, both sides of equal weight."""
    import sklearn.ensemble  # noqa: F401 - only what is loaded can be limited
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    rows = np.concatenate([reference, current])
    is_current = np.arange(len(rows)) >= len(reference)
    fold = np.random.default_rng(SEED).permutation(np.arange(len(rows)) % FOLDS)
    found = np.empty(len(rows))
    with threadpool_limits(1):  # trees so small gain nothing from two threads that wait for each other
        for place in range(FOLDS):
            model = _fitted(rows[fold != place], is_current[fold != place], leveled)
            found[fold == place] = model.predict_proba(rows[fold == place])[:, 1]
    return found


def _fitted(rows: Numbers, is_current: NDArray[np.bool_], leveled: list[int]) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    weights = np.where(is_current, 0.5 / is_current.mean(), 0.5 / (1 - is_current.mean()))
    # Few rows are told apart by chance, and odds of chance cost rows: so they get few trees of large leaves.
    return HistGradientBoostingClassifier(
        max_iter=min(_TREES, max(_LEAST_TREES, len(rows) // _ROWS_A_TREE)),
        max_leaf_nodes=8,
        min_samples_leaf=max(_LEAST_IN_LEAF, len(rows) // 50),
        early_stopping=False,
        categorical_features=leveled or None,
        random_state=SEED,
    ).fit(rows, is_current, sample_weight=weights)
