"""What is asked of a model beside its metrics: where it is worst, whether it is fair, how old it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance.answers import Answers, Problem
from airflow_ml_monitor.performance.fairness import FairnessRuling
from airflow_ml_monitor.performance.fairness_limits import CALIBRATION, OBSERVED, RATES, FairnessLimit
from airflow_ml_monitor.performance.find_segments import FindSegments
from airflow_ml_monitor.performance.scoring import Scoring
from airflow_ml_monitor.performance.segments import columns_of
from airflow_ml_monitor.performance.staleness import ModelAge
from airflow_ml_monitor.performance.worst_segments import Search, loss_of
from airflow_ml_monitor.results import CheckResult
from airflow_ml_monitor.window import Window


@dataclass(frozen=True, kw_only=True)
class FurtherChecks:
    """The arguments of ``evaluate_model`` that are no limit on a metric.

    :param find: what to find of the worst segments.
    """

    find: FindSegments | None = None
    fairness: tuple[FairnessLimit, ...] = ()
    age: ModelAge | None = None

    @classmethod
    def of(
        cls,
        *,
        find_segments: str | Iterable[str] | FindSegments | None,
        fairness: FairnessLimit | Iterable[FairnessLimit],
        trained_at: datetime | str | None,
        max_age: timedelta | None,
    ) -> FurtherChecks:
        """Read them from the arguments."""
        return cls(
            find=FindSegments.of(find_segments),
            fairness=FairnessLimit.all_of(fairness),
            age=ModelAge.of(trained_at, max_age),
        )

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the predictions that they need."""
        found = () if self.find is None else tuple(self.find.columns)
        return (*found, *columns_of(one.groups for one in self.fairness))

    def require_possible(self, scoring: Scoring) -> None:
        """Refuse what could never be judged, by a ``ConfigurationError``."""
        if self.find is not None:
            loss_of(self.find, scoring)
        for one in self.fairness:
            if scoring.problem is not Problem.BINARY:
                raise ConfigurationError(f"{one.metric} is for binary problems, this one is {scoring.problem}")
            if {CALIBRATION, OBSERVED} & set(RATES[one.metric]) and "score" not in scoring.provides:
                raise ConfigurationError(f"{one.metric} needs probabilities; give score=")

    def judge(
        self, table: pa.Table, answers: Answers, scoring: Scoring, confidence: float, min_completeness: float | None
    ) -> list[CheckResult]:
        """Return the checks that are made of rows.

        :param table: holds their columns, a row per answer.
        """
        found: list[CheckResult] = []
        for one in self.fairness:
            ruling = FairnessRuling(wanted=one, confidence=confidence, min_completeness=min_completeness)
            found += ruling.judge(table, answers)
        if self.find is not None:
            metric = loss_of(self.find, scoring)
            search = Search(wanted=self.find, metric=metric, confidence=confidence, min_completeness=min_completeness)
            found += search.find(table, answers)
        return found

    def aged(self, window: Window | None, as_of: datetime) -> list[CheckResult]:
        """Return the check of the model's age, where it is known."""
        return [] if self.age is None else [self.age.check(window, as_of)]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types; nothing of what was not asked for."""
        plain: dict[str, Any] = {} if self.find is None else {"find_segments": self.find.to_dict()}
        if self.fairness:
            plain["fairness"] = [one.to_dict() for one in self.fairness]
        return plain | ({} if self.age is None else self.age.to_dict())


NOTHING_FURTHER = FurtherChecks()
