"""A change of performance in two parts: what another mix of rows makes of it, and what another relation does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from airflow_ml_monitor.performance.answers import Answers, Numbers
from airflow_ml_monitor.performance.estimation.calibration import SEED
from airflow_ml_monitor.performance.estimation.reweighting import Reweighting
from airflow_ml_monitor.performance.estimation.weighted import Weighted
from airflow_ml_monitor.performance.intervals import bootstrap
from airflow_ml_monitor.performance.registry import Estimate

_RESAMPLES = 500
_OF_MANY = 200
_MANY_ROWS = 20_000


class Parts(NamedTuple):
    """A metric of both sides, and what its change is made of; all in the metric's units.

    :param reference: of the reference as it is; ``reweighted``: with the mix of the current rows; ``current``.
    :param change: ``current`` less ``reference``, the sum of ``mix`` and ``relation``.
    :param mix: ``reweighted`` less ``reference``: what the mix alone makes.
    :param relation: ``current`` less ``reweighted``: what the mix does not explain.
    """

    reference: Estimate
    reweighted: Estimate
    current: Estimate
    change: Estimate
    mix: Estimate
    relation: Estimate

    def unknown(self, reason: str) -> Parts:
        """Return the same without what the reweighted reference says: it is worth too few rows."""
        nothing = Estimate(None, None, self.current.n, reason=reason)
        return self._replace(reweighted=nothing, mix=nothing, relation=nothing)


@dataclass(frozen=True, eq=False)
class Change:
    """Labelled answers of two sides, and the weights that give the reference the mix of the current rows."""

    reference: Answers
    current: Answers
    reweighting: Reweighting

    @classmethod
    def of(cls, reference: Answers, current: Answers, rows: tuple[Numbers, Numbers], leveled: Sequence[int]) -> Change:
        """Set two sides beside each other by what their rows look like, shape (rows, columns) each."""
        return cls(reference, current, Reweighting.of(*rows, leveled=leveled))

    def explained(self, name: str, *, confidence: float) -> Parts:
        """Return the parts of a metric's change, each with the interval of a seeded bootstrap of both sides' rows."""
        before, after = Weighted(self.reference), Weighted(self.current)
        labels, labels_now = before.labels(), after.labels()

        def values(ours: Numbers, theirs: Numbers) -> list[float]:
            weights = self.reweighting.weights(ours, theirs)
            reference = before.value(name, labels * ours[:, None])
            reweighted = before.value(name, labels * weights[:, None])
            current = after.value(name, labels_now * theirs[:, None])
            return [
                reference,
                reweighted,
                current,
                current - reference,
                reweighted - reference,
                current - reweighted,
            ]

        n, m = len(self.reference), len(self.current)
        generator = np.random.default_rng(SEED)
        rounds = _OF_MANY if max(n, m) > _MANY_ROWS else _RESAMPLES
        drawn = [
            values(generator.poisson(1.0, n).astype(float), generator.poisson(1.0, m).astype(float))
            for _ in range(rounds)
        ]
        return Parts(
            *(
                _estimate(value, np.array(resampled), m, confidence)
                for value, resampled in zip(values(np.ones(n), np.ones(m)), zip(*drawn, strict=True), strict=True)
            )
        )


def _estimate(value: float, resamples: Numbers, n: int, confidence: float) -> Estimate:
    if not np.isfinite(value):
        return Estimate(None, None, n, reason="it would divide nothing by nothing on one of the sides")
    finite = resamples[np.isfinite(resamples)]
    interval = bootstrap.percentile(finite, confidence)
    return Estimate(value, interval, n, bootstrap.named(finite), "" if interval else "most resamples have no value")
