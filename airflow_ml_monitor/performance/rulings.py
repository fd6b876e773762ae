"""From what is expected of a metric to how it is judged: by a limit, the reference, the window before or a dummy."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from airflow_ml_monitor.performance.answers import Answers
from airflow_ml_monitor.performance.dummy import DummyRuling
from airflow_ml_monitor.performance.expectations import (
    BetterThanDummy,
    Expectation,
    Limit,
    NoWorseThanPrevious,
    NoWorseThanReference,
)
from airflow_ml_monitor.performance.reference import OwnPerformance
from airflow_ml_monitor.performance.registry import Metric
from airflow_ml_monitor.performance.sequence_ruling import SequenceRuling, earlier
from airflow_ml_monitor.performance.verdict import Ruling
from airflow_ml_monitor.results import Report
from airflow_ml_monitor.window import Window


@dataclass(frozen=True, kw_only=True)
class Standards:
    """What a model's metrics are judged beside.

    :param reference: the performance of the reference; ``previous``: that of the window before.
    :param history: earlier reports, for expectations that hold over windows.
    """

    reference: OwnPerformance | None = None
    previous: OwnPerformance | None = None
    window: Window | None = None
    history: tuple[Report, ...] = ()

    @classmethod
    def find(
        cls,
        expect: Iterable[Expectation],
        performance: Callable[[Window], OwnPerformance],
        reference: Any,
        window: Window | None,
        history: Iterable[Report],
    ) -> Standards:
        """Return what these expectations need; nothing else is read."""
        kinds = {type(one) for one in expect}
        own = previous = None
        if isinstance(reference, Report):
            own = OwnPerformance(report=reference)
        elif reference is not None and kinds & {NoWorseThanReference, BetterThanDummy}:
            own = performance(Window.of(reference))
        if window is not None and NoWorseThanPrevious in kinds:
            before = Window(window.start - (window.end - window.start), window.start)
            previous = replace(performance(before), called="window before")
        return cls(reference=own, previous=previous, window=window, history=tuple(history))


@dataclass(frozen=True)
class Rulings:
    """Makes the ruling of each expectation.

    :param answers: those that are judged.
    """

    confidence: float
    min_completeness: float | None
    answers: Answers
    standards: Standards

    def of(self, expectation: Expectation, metric: Metric) -> Ruling:
        """Return how a metric is judged by an expectation."""
        how: dict[str, Any] = {
            "metric": metric,
            "expectation": expectation,
            "confidence": self.confidence,
            "min_completeness": self.min_completeness,
        }
        if isinstance(expectation, BetterThanDummy):
            return DummyRuling(**how, seen=self._seen)
        if isinstance(expectation, Limit) and expectation.over_windows:
            return SequenceRuling(**how, before=earlier(self.standards.history, metric.name, self.standards.window))
        own = self._own(expectation)
        whole = None if own is None else own.whole(metric, confidence=self.confidence)
        return Ruling(**how, reference=whole, own=own)

    def _own(self, expectation: Expectation) -> OwnPerformance | None:
        if isinstance(expectation, NoWorseThanReference):
            return self.standards.reference
        return self.standards.previous if isinstance(expectation, NoWorseThanPrevious) else None

    @property
    def _seen(self) -> Answers:
        reference = self.standards.reference
        return self.answers if reference is None or reference.answers is None else reference.answers
