"""The age of a model: how long before it answered it was trained."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from airflow_ml_monitor import numerals
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.results import CheckResult, Limits, Severity, Status
from airflow_ml_monitor.window import Window, as_utc

_DAY = timedelta(days=1)
# A pass is no verdict on the model's quality: it must not decide a report whose metrics are undecided.
_SEVERITIES = {Status.PASS: Severity.INFO, Status.WARN: Severity.WARNING, Status.FAIL: Severity.CRITICAL}


@dataclass(frozen=True)
class ModelAge:
    """When a model was trained, and how old it may be.

    :param max_age: ``None`` where its age is told and not judged.
    :raises ConfigurationError: an age that is none, or a limit without the moment of training.
    """

    trained_at: datetime
    max_age: timedelta | None = None

    @classmethod
    def of(cls, trained_at: datetime | str | None, max_age: timedelta | None) -> ModelAge | None:
        """Read it from the arguments of ``evaluate_model``; ``None`` without them."""
        if trained_at is None and max_age is None:
            return None
        if trained_at is None:
            raise ConfigurationError(f"max_age={max_age!r} needs trained_at=, the moment the model was trained")
        return cls(as_utc(trained_at, what="trained_at"), max_age)

    def __post_init__(self) -> None:
        if self.max_age is not None and (not isinstance(self.max_age, timedelta) or self.max_age <= timedelta(0)):
            raise ConfigurationError(f"max_age={self.max_age!r} must be a time above zero: timedelta(days=90)")

    def check(self, window: Window | None, as_of: datetime) -> CheckResult:
        """Return the check ``model_age``, in days: from the training to the end of the window, or to ``as_of``.

        An age of the limit itself passes. A model trained after the window began may have learnt from what it is
        judged by: that warns.
        """
        age = (as_of if window is None else window.end) - self.trained_at
        limit = None if self.max_age is None else self.max_age / _DAY
        status, said = Status.PASS, self._said(age, window)
        if self.max_age is not None and age > self.max_age:
            status, said = Status.FAIL, f"{said}; train it again, or allow more by max_age="
        if self.trained_at > (as_of if window is None else window.start):
            status = Status.WARN
            said = f"{said}: after the window began, so it may have learnt from the rows it is judged by"
        return CheckResult(
            check="model_age",
            metric="days_since_training",
            status=status,
            severity=_SEVERITIES[status],
            value=age / _DAY,
            limits=Limits(upper=limit),
            message=said,
            detail={"trained_at": self.trained_at.isoformat(), "windows_since_training": _windows(age, window)},
        )

    def _said(self, age: timedelta, window: Window | None) -> str:
        at = f"trained at {self.trained_at.isoformat(timespec='minutes')}"
        windows = _windows(age, window)
        if age < timedelta(0):
            return at
        told = f", {numerals.number(windows, 3)} windows" if windows is not None else ""
        return f"{at}, {numerals.number(age / _DAY, 3)} days{told} before the end of what is judged"

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "trained_at": self.trained_at.isoformat(),
            "max_age_seconds": None if self.max_age is None else self.max_age.total_seconds(),
        }


def _windows(age: timedelta, window: Window | None) -> float | None:
    """Return an age in lengths of the window."""
    return None if window is None else age / window.length
