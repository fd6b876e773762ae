"""From what is expected of a metric to how it is judged: by a limit, the reference, the window before or a dummy."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_ml_monitor.performance.answers import Answers
from airflow_ml_monitor.performance.dummy import DummyRuling
from airflow_ml_monitor.performance.expectations import (
    BetterThanDummy,
    Expectation,
    NoWorseThanPrevious,
    NoWorseThanReference,
)
from airflow_ml_monitor.performance.reference import OwnPerformance
from airflow_ml_monitor.performance.registry import Metric
from airflow_ml_monitor.performance.verdict import Ruling


@dataclass(frozen=True, kw_only=True)
class Rulings:
    """Makes the ruling of each expectation.

    :param answers: those that are judged.
    :param reference: the performance of the reference; ``previous``: that of the window before.
    """

    confidence: float
    min_completeness: float | None
    answers: Answers
    reference: OwnPerformance | None
    previous: OwnPerformance | None

    def of(self, expectation: Expectation, metric: Metric) -> Ruling:
        """Return how a metric is judged by an expectation."""
        if isinstance(expectation, BetterThanDummy):
            return DummyRuling(
                metric=metric,
                expectation=expectation,
                confidence=self.confidence,
                min_completeness=self.min_completeness,
                seen=self._seen,
            )
        own = self._own(expectation)
        return Ruling(
            metric=metric,
            expectation=expectation,
            confidence=self.confidence,
            min_completeness=self.min_completeness,
            reference=None if own is None else own.whole(metric, confidence=self.confidence),
            own=own,
        )

    def _own(self, expectation: Expectation) -> OwnPerformance | None:
        if isinstance(expectation, NoWorseThanReference):
            return self.reference
        return self.previous if isinstance(expectation, NoWorseThanPrevious) else None

    @property
    def _seen(self) -> Answers:
        known = None if self.reference is None else self.reference.answers
        return self.answers if known is None else known
