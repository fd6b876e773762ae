"""What is asked of a model beside its metrics: where it is worst."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from airflow_ml_monitor.performance.answers import Answers
from airflow_ml_monitor.performance.find_segments import FindSegments
from airflow_ml_monitor.performance.scoring import Scoring
from airflow_ml_monitor.performance.worst_segments import Search, loss_of
from airflow_ml_monitor.results import CheckResult


@dataclass(frozen=True, kw_only=True)
class FurtherChecks:
    """The arguments of ``evaluate_model`` that no metric's limit is.

    :param find: what to find of the worst segments.
    """

    find: FindSegments | None = None

    @classmethod
    def of(cls, *, find_segments: str | Iterable[str] | FindSegments | None) -> FurtherChecks:
        """Read them from the arguments."""
        return cls(find=FindSegments.of(find_segments))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the predictions that they need."""
        return () if self.find is None else tuple(self.find.columns)

    def require_possible(self, scoring: Scoring) -> None:
        """Refuse what could never be judged, by a ``ConfigurationError``."""
        if self.find is not None:
            loss_of(self.find, scoring)

    def judge(
        self, frame: pd.DataFrame, answers: Answers, scoring: Scoring, confidence: float, min_completeness: float | None
    ) -> list[CheckResult]:
        """Return their checks.

        :param frame: holds their columns, a row per answer.
        """
        if self.find is None:
            return []
        metric = loss_of(self.find, scoring)
        search = Search(wanted=self.find, metric=metric, confidence=confidence, min_completeness=min_completeness)
        return search.find(frame, answers)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {} if self.find is None else {"find_segments": self.find.to_dict()}


NOTHING_FURTHER = FurtherChecks()
