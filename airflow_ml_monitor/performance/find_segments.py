"""What is to be found of the worst segments. Imported by DAG files; loads nothing that computes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.results import Severity

_MOST_DEPTH = 6


@dataclass(frozen=True)
class FindSegments:
    """Find the parts of the rows where the model's loss is greatest, by a shallow tree over some columns.

    :param columns: columns of the predictions: numbers, or levels of which the 30 of the most rows count.
    :param loss: a metric that is a mean of losses per row; by default ``brier``, ``log_loss`` (multiclass) or ``mae``,
        and the share of wrong answers (``accuracy``) where there are no probabilities.
    :param depth: how many conditions a part has at most.
    :param worse_by: how much greater than that of the other rows its loss must be, in the loss's own units.
    :param severity: ``info`` by default: what is found decides nothing.
    :raises ConfigurationError: no columns, or numbers that are none.
    """

    columns: Sequence[str]
    loss: str | None = field(default=None, kw_only=True)
    depth: int = field(default=3, kw_only=True)
    worse_by: float = field(default=0.0, kw_only=True)
    severity: Severity = field(default=Severity.INFO, kw_only=True)

    def __post_init__(self) -> None:
        columns = (self.columns,) if isinstance(self.columns, str) else tuple(self.columns)
        object.__setattr__(self, "columns", columns)
        object.__setattr__(self, "severity", Severity(self.severity))
        named = all(isinstance(name, str) and name for name in columns)
        if not columns or not named or len(set(columns)) < len(columns):
            raise ConfigurationError(f"find_segments={columns!r} must name columns of the predictions, each once")
        if isinstance(self.depth, bool) or not isinstance(self.depth, int) or not 1 <= self.depth <= _MOST_DEPTH:
            raise ConfigurationError(f"depth={self.depth!r} of find_segments must be a number from 1 to {_MOST_DEPTH}")
        if not math.isfinite(self.worse_by) or self.worse_by < 0:
            raise ConfigurationError(f"worse_by={self.worse_by!r} of find_segments must be zero or more")

    @classmethod
    def of(cls, given: str | Iterable[str] | FindSegments | None) -> FindSegments | None:
        """Read it from the argument of ``evaluate_model``: columns, or all of it."""
        return given if given is None or isinstance(given, cls) else cls(given)  # type: ignore[arg-type]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "columns": list(self.columns),
            "loss": self.loss,
            "depth": self.depth,
            "worse_by": self.worse_by,
            "severity": self.severity.value,
        }
