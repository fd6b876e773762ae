"""What is asked of fairness between groups. Imported by DAG files; loads nothing that computes."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance.segments import Segment
from airflow_ml_monitor.results import Limits, Severity

SELECTION, TRUE_POSITIVE, FALSE_POSITIVE, CALIBRATION, OBSERVED = (
    "selection rate",
    "true positive rate",
    "false positive rate",
    "calibration",
    "positives by expected",
)
_DIFFERENCES = {
    "demographic_parity": (SELECTION,),
    "equalized_odds": (TRUE_POSITIVE, FALSE_POSITIVE),
    "true_positive_rate": (TRUE_POSITIVE,),
    "false_positive_rate": (FALSE_POSITIVE,),
}
RATES: dict[str, tuple[str, ...]] = {
    **{f"{name}_difference": rates for name, rates in _DIFFERENCES.items()},
    **{f"{name}_ratio": rates for name, rates in _DIFFERENCES.items()},
    "calibration_difference": (CALIBRATION,),
    "calibration_ratio": (OBSERVED,),
}
"""Measure of fairness -> the rates of each group that it sets beside each other."""


@dataclass(frozen=True)
class FairnessLimit:
    """A limit on how much the groups of a column may differ (binary problems).

    :param metric: ``demographic_parity``, ``equalized_odds``, ``true_positive_rate`` or ``false_positive_rate`` with
        ``_difference`` (the greatest rate less the least) or ``_ratio`` (the least by the greatest); or
        ``calibration_difference`` (of mean score less share of positives) or ``calibration_ratio`` (of share of
        positives by mean score). Equalized odds is the worse of the true and the false positive rate. Definitions are
        those of fairlearn, calibration by its ``MetricFrame.difference`` and ``ratio``.
    :param limit: a difference is at most that, a ratio at least that; from 0 to 1.
    :param by: column of the predictions that has the groups, or a ``Segment`` of crossed columns or numbers in bins.
    :param severity: ``critical`` decides the report, ``warning`` can at most make it warn, ``info`` never matters.
    :param required: the report is ``insufficient`` where this cannot be decided.
    :raises ConfigurationError: an unknown measure, or a limit that is none.
    """

    metric: str
    limit: float
    by: str | Sequence[str] | Segment = field(kw_only=True)
    severity: Severity = field(default=Severity.CRITICAL, kw_only=True)
    required: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "severity", Severity(self.severity))
        object.__setattr__(self, "by", self.by if isinstance(self.by, Segment) else Segment(self.by))
        if self.metric not in RATES:
            near = difflib.get_close_matches(str(self.metric), RATES, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(RATES)}"
            raise ConfigurationError(f"no measure of fairness {self.metric!r}; {hint}")
        if isinstance(self.limit, bool) or not isinstance(self.limit, (int, float)) or not 0 <= self.limit <= 1:
            raise ConfigurationError(f"limit={self.limit!r} of {self.metric} must be a number from 0 to 1")

    @property
    def groups(self) -> Segment:
        """The groups, as levels of a segment."""
        assert isinstance(self.by, Segment), "it is made one above"
        return self.by

    @property
    def is_ratio(self) -> bool:
        return self.metric.endswith("_ratio")

    @property
    def limits(self) -> Limits:
        """The limit as a range."""
        return Limits(lower=self.limit) if self.is_ratio else Limits(upper=self.limit)

    @staticmethod
    def all_of(given: FairnessLimit | Iterable[FairnessLimit]) -> tuple[FairnessLimit, ...]:
        """Read them from the argument of ``evaluate_model``.

        :raises ConfigurationError: something else is among them.
        """
        several = (given,) if isinstance(given, FairnessLimit) else tuple(given)
        for one in several:
            if not isinstance(one, FairnessLimit):
                raise ConfigurationError(f"fairness has {one!r}; give FairnessLimit(measure, limit, by=column)")
        return several

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "metric": self.metric,
            "limit": self.limit,
            "by": self.groups.to_dict(),
            "severity": self.severity.value,
            "required": self.required,
        }
