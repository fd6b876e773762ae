"""Waiting for the labels of a window: what is wanted, what a look finds, and when the next one is worth it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow_ml_monitor.data.connections import Connections
from airflow_ml_monitor.data.dataset import Dataset, dataset_from_dict
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.numerals import fixed
from airflow_ml_monitor.performance.delays_learnt import Delay, before_learning, delay_from, plain_delay
from airflow_ml_monitor.performance.label_join import LabelJoin, Void
from airflow_ml_monitor.window import Window, as_of_or_now, as_utc

if TYPE_CHECKING:
    from airflow_ml_monitor.performance.cohort import LabelCounts

_LOOKS_BEFORE_DUE = 100
"""So often at most is looked while labels are not due: they may all be there early, and rarely are."""


@dataclass(frozen=True, kw_only=True)
class LabelWait:
    """The labels that are waited for; see ``label_coverage`` for what is counted.

    :param as_of: the moment whose knowledge counts at every look; ``None`` for the moment of the look.
    :param min_coverage: the labelled share of the window that is enough once all of it is mature; above 0, at most 1.
    :param overdue_after: so long after the last of them was due, labels that are missing are overdue, and waited for no
        more; needs a ``delay`` that is a time.
    :raises ConfigurationError: a share that is none, a delay below zero, or a moment at which the window is not over.
    """

    predictions: Dataset
    labels: Dataset
    on: tuple[str, ...]
    window: Window
    label: str = "label"
    delay: Delay = timedelta(0)
    void: str | Mapping[str, Any] | None = None
    as_of: datetime | None = None
    min_coverage: float = 0.95
    overdue_after: timedelta | None = None

    def __post_init__(self) -> None:
        require_deadline(self.overdue_after, self.delay)
        LabelJoin.of(on=self.on, label=self.label, delay=before_learning(self.delay), void=self.void)
        require_share(self.min_coverage)
        if self.as_of is not None and self.as_of < self.window.end:
            raise ConfigurationError(
                f"as_of {self.as_of.isoformat()} is before the end of the window {self.window}, "
                "of which more predictions come then; give a later as_of or an earlier window"
            )

    def look(self, connections: Connections | None = None) -> LabelLook:
        """Count what is known now, or at ``as_of``.

        :raises DataError: an unknown column, and what else ``label_coverage`` refuses.
        """
        # A DAG file that names a sensor loads this module, and must not load what counts.
        from airflow_ml_monitor.performance.coverage import label_coverage

        as_of = as_of_or_now(self.as_of)
        counts = label_coverage(
            self.predictions,
            self.labels,
            on=self.on,
            label=self.label,
            delay=self.delay,
            void=self.void,
            window=self.window,
            as_of=as_of,
            connections=connections,
        )
        return LabelLook(wait=self, counts=counts, as_of=as_of)

    @property
    def due(self) -> datetime | None:
        """When all labels of the window are due; ``None`` where each prediction says so, or it is learnt."""
        return self.window.end + self.delay if isinstance(self.delay, timedelta) else None

    @property
    def deadline(self) -> datetime | None:
        """When labels that are missing are overdue; ``None`` for never."""
        return None if self.due is None or self.overdue_after is None else self.due + self.overdue_after

    def patience(self, now: datetime) -> timedelta:
        """Return for how long another look would most likely find nothing new: zero once the labels are due."""
        if self.as_of is not None:
            return timedelta(0)
        if now < self.window.end:
            return self.window.end - now
        if not isinstance(self.delay, timedelta):
            return timedelta(0)
        return max(min(self.window.end + self.delay - now, self.delay / _LOOKS_BEFORE_DUE), timedelta(0))

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types; ``from_dict`` gives an equal one back."""
        return {
            "predictions": self.predictions.to_dict(),
            "labels": self.labels.to_dict(),
            "on": list(self.on),
            "window": self.window.to_dict(),
            "label": self.label,
            "delay": plain_delay(self.delay),
            "void": plain_void(self.void),
            "as_of": None if self.as_of is None else self.as_of.isoformat(),
            "min_coverage": self.min_coverage,
            "overdue_after": None if self.overdue_after is None else self.overdue_after.total_seconds(),
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> LabelWait:
        overdue = plain.get("overdue_after")  # a task that an earlier release deferred has none
        read = {
            "overdue_after": None if overdue is None else timedelta(seconds=overdue),
            "predictions": dataset_from_dict(plain["predictions"]),
            "labels": dataset_from_dict(plain["labels"]),
            "on": tuple(plain["on"]),
            "window": Window.of(plain["window"]),
            "delay": delay_from(plain["delay"]),
            "as_of": None if plain["as_of"] is None else as_utc(plain["as_of"], what="as_of"),
        }
        return cls(**{**plain, **read})


@dataclass(frozen=True, kw_only=True)
class LabelLook:
    """What one look at the labels of a window found."""

    wait: LabelWait
    counts: LabelCounts
    as_of: datetime

    @property
    def ready(self) -> bool:
        """Whether the window is over, and its labels are there: enough of them when all are due, or every one."""
        counts = self.counts
        if not counts.predictions or self.as_of < self.wait.window.end:
            return False
        if counts.missing == 0:
            return True
        return self._not_mature == 0 and (counts.coverage or 0.0) >= self.wait.min_coverage

    @property
    def _due(self) -> int:
        return self.counts.mature - self.counts.mature_void

    @property
    def _not_mature(self) -> int:
        return self.counts.predictions - self.counts.void - self._due

    def __str__(self) -> str:
        counts, where = self.counts, f"labels of {self.wait.window}"
        if not counts.predictions:
            return f"{where}: there are no predictions in this window as of {self.as_of.isoformat(timespec='seconds')}"
        return (
            f"{where}: {counts.mature_labelled:,} of {self._due:,} mature predictions labelled ({self._share}), "
            f"{counts.void:,} void, {self._not_mature:,} not yet mature"
        )

    @property
    def _share(self) -> str:
        coverage, wanted = self.counts.coverage, self.wait.min_coverage
        least = f"at least {100 * wanted:g} % wanted"
        return least if coverage is None else f"{fixed(100 * coverage, 100 * wanted, 1)} %; {least}"

    def gave_up(self, timeout: timedelta) -> str:
        """Return what is missing after waiting that long, and what to do."""
        if not self.counts.predictions:
            return f"{self}; waited {timeout}; check the window and what writes the predictions"
        due = self.wait.due if self._not_mature else None
        later = "" if due is None else f", the last of them on {due.isoformat(timespec='minutes')}"
        missing, deadline = f"{self.counts.missing:,} labels are missing", self.wait.deadline
        overdue = deadline is not None and deadline <= self.as_of
        when = f"and overdue since {deadline:%Y-%m-%d %H:%M} UTC" if overdue else f"after {timeout} of waiting"
        return (
            f"{self}{later}; {missing} {when}; give it a longer {'overdue_after' if overdue else 'timeout'}=, a lower "
            "min_coverage=, void= for predictions that never get a label, or on_timeout='go_on' to judge what is there"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "ready": self.ready,
            "window": self.wait.window.to_dict(),
            "as_of": self.as_of.isoformat(),
            "coverage": self.counts.coverage,
            "completeness": self.counts.completeness,
            "min_coverage": self.wait.min_coverage,
            "counts": asdict(self.counts),
        }


def plain_void(void: str | Mapping[str, Any] | None) -> Any:
    """Return a void condition as plain JSON types."""
    if not isinstance(void, Mapping):
        return void
    return {name: list(values or ()) for name, values in Void.of(void).said_by.items()}


def require_share(min_coverage: float) -> None:
    """Refuse a ``min_coverage`` that nothing can reach, or that anything does.

    :raises ConfigurationError: it is not above 0 and at most 1.
    """
    if isinstance(min_coverage, bool) or not isinstance(min_coverage, (int, float)) or not 0 < min_coverage <= 1:
        raise ConfigurationError(f"min_coverage={min_coverage!r} must be a share above 0 and at most 1, such as 0.95")


def require_deadline(overdue_after: timedelta | None, delay: Delay) -> None:
    """Refuse a deadline that nobody can tell.

    :raises ConfigurationError: it is below zero, or the delay is no time.
    """
    if overdue_after is None:
        return
    if overdue_after < timedelta(0):
        raise ConfigurationError(f"overdue_after={overdue_after!r} must be a timedelta of zero or more")
    if not isinstance(delay, timedelta):
        raise ConfigurationError(
            f"overdue_after= needs a delay= that is a timedelta, not {delay!r}: when the last label is due must "
            "be known before a look; LabelArrivalsOperator tells overdue labels by any delay"
        )
