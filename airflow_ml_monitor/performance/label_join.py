"""How labels are set beside predictions: by which key, when they are due, and which predictions never get one.

A DAG file makes these while it is parsed, so nothing here loads what computes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow_ml_monitor.data.dataset import Dataset
from airflow_ml_monitor.errors import ConfigurationError

_PAST = timedelta(minutes=1)
"""How long ago an ``as_of`` must be to count as past: a task's own "now" is a little older when the data is read."""


@dataclass(frozen=True)
class Void:
    """The condition that makes a row void: any of its columns says so.

    :param said_by: column -> the values that say so; ``None`` for a boolean column.
    """

    said_by: Mapping[str, tuple[Any, ...] | None]

    @classmethod
    def of(cls, void: str | Mapping[str, Any] | None) -> Void:
        """Read the condition from a boolean column's name or from ``{column: value or values}``.

        :raises ConfigurationError: it is neither.
        """
        if void is None:
            return cls({})
        if isinstance(void, str) and void:
            return cls({void: None})
        if isinstance(void, Mapping) and void and all(isinstance(name, str) for name in void):
            return cls({name: _values(wanted) for name, wanted in void.items()})
        raise ConfigurationError(
            f"void={void!r} names no column; give a boolean column's name, or {{column: value or list of values}}"
        )

    def among(self, names: Collection[str]) -> Sequence[str]:
        """Return the columns of the condition that are among these."""
        return [name for name in self.said_by if name in names]


def _values(wanted: Any) -> tuple[Any, ...]:
    return tuple(wanted) if isinstance(wanted, (list, tuple, set, frozenset)) else (wanted,)


@dataclass(frozen=True, kw_only=True)
class LabelJoin:
    """How labels are set beside predictions; see ``build_cohort``.

    :param delay: how long after its prediction a label is due, or the column of the predictions that says when.

    :raises ConfigurationError: no key, a label that is one, or a delay below zero.
    """

    on: tuple[str, ...]
    label: str
    delay: timedelta | str
    void: Void

    def __post_init__(self) -> None:
        if not self.on or not all(isinstance(name, str) and name for name in self.on):
            raise ConfigurationError(f"on={list(self.on)!r} names no key; give the column that both have, or a list")
        if self.label in self.on:
            raise ConfigurationError(f"label={self.label!r} is a key column, too; give the column of the label")
        if isinstance(self.delay, str) and self.delay:
            return
        if not isinstance(self.delay, timedelta) or self.delay < timedelta(0):
            raise ConfigurationError(
                f"delay={self.delay!r} must be a timedelta of zero or more, or the column that says when a label is due"
            )

    @classmethod
    def of(cls, *, on: str | Sequence[str], label: str, delay: timedelta | str, void: Any) -> LabelJoin:
        """Read it from the arguments of ``build_cohort``."""
        names = (on,) if isinstance(on, str) or not isinstance(on, Sequence) else tuple(dict.fromkeys(on))
        return cls(on=names, label=label, delay=delay, void=Void.of(void))

    def require_times(self, predictions: Dataset, labels: Dataset, as_of: datetime) -> None:
        """Refuse what could only be answered wrongly because a time column is missing.

        :raises ConfigurationError: there is such a column.
        """
        if isinstance(self.delay, timedelta) and self.delay > timedelta(0) and predictions.time_column is None:
            raise ConfigurationError(
                f"delay={self.delay} needs time_column= on {predictions.label}, the time of the prediction: "
                "without it nobody knows which labels are due"
            )
        if labels.arrived_at_column is None and as_of < datetime.now(UTC) - _PAST:
            raise ConfigurationError(
                f"as_of {as_of.isoformat()} is past and {labels.label} has no arrived_at_column=, so a label that "
                "came later could not be told from one that was known; name the column, or leave as_of out"
            )
