"""Which windows are due to be judged: by what is known of their labels now, and what their last verdict knew.

A DAG file makes a ``Rejudging`` while it is parsed, so nothing here loads what computes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.window import Window

if TYPE_CHECKING:
    from airflow_ml_monitor.performance.arrivals import WindowLabels


@dataclass(frozen=True, kw_only=True)
class LastVerdict:
    """What a window's last verdict knew; the counts are ``None`` where it could not count.

    :param failed: whether it is an ``error``, and so says nothing of the model.
    """

    as_of: datetime
    predictions: int | None = None
    labelled: int | None = None
    failed: bool = False


@dataclass(frozen=True, kw_only=True)
class DueWindow:
    """A window that is due, and why.

    :param reasons: ``mature`` (all its labels are due, and no verdict was made since), ``early`` (over, not yet
        mature, and never judged), ``gained`` (enough labels have come since the last verdict, or the last one that was
        missing), ``changed`` (labels that the last verdict knew are other ones now), ``predictions`` (there are more
        or fewer of them), ``error`` (the last verdict is one).
    """

    labels: WindowLabels
    reasons: tuple[str, ...]

    @property
    def window(self) -> Window:
        return self.labels.window

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        names = ("predictions", "void", "mature", "labelled", "gained", "changed")
        counts = {name: getattr(self.labels, name) for name in names}
        return {"window": self.window.to_dict(), "reasons": list(self.reasons), **counts}


@dataclass(frozen=True, kw_only=True)
class Rejudging:
    """When a window is judged, and when again.

    :param min_gain: labels that must have come since the last verdict: a share of the window's predictions that are
        not void (a number below 1, or ``1.0``), or a number of labels (a whole one). Its last missing label is enough.
    :param early: judge windows that are over before they are mature, too, once ``min_gain`` labels are there.
    :raises ConfigurationError: a gain that is neither.
    """

    min_gain: float = 0.05
    early: bool = False

    def __post_init__(self) -> None:
        share = isinstance(self.min_gain, float) and 0 < self.min_gain <= 1
        number = isinstance(self.min_gain, int) and not isinstance(self.min_gain, bool) and self.min_gain >= 1
        if not share and not number:
            raise ConfigurationError(
                f"min_gain={self.min_gain!r} must be a share above 0 and up to 1.0, such as 0.05, "
                "or a whole number of labels from 1"
            )

    def due(
        self, known: Iterable[WindowLabels], judged: Mapping[Window, LastVerdict], as_of: datetime
    ) -> list[DueWindow]:
        """Return the windows that are due at ``as_of``, in the order given.

        A window without predictions is due as any other, unless none before it has any: the model was not there yet.
        """
        found, begun = [], False
        for each in known:
            begun = begun or each.predictions > 0 or each.window in judged
            reasons = self._reasons(each, judged.get(each.window), as_of) if begun else ()
            if reasons:
                found.append(DueWindow(labels=each, reasons=reasons))
        return found

    def _reasons(self, now: WindowLabels, last: LastVerdict | None, as_of: datetime) -> tuple[str, ...]:
        mature = now.due <= as_of
        if last is None:
            early = self.early and not mature and self._enough(now, now.labelled)
            return ("mature",) if mature else ("early",) if early else ()
        if last.as_of > as_of:
            return ()  # a verdict that knew more was made already
        ripened = mature and last.as_of < now.due
        before = now.labelled if last.labelled is None else last.labelled
        # Rows that were written later than they say they arrived were not known then: the count of then tells.
        gained = max(now.gained, now.labelled - before)
        others = last.predictions is not None and now.predictions != last.predictions
        told = {
            "mature": ripened,
            "gained": self._enough(now, gained),
            "changed": now.changed > 0 or now.labelled < before,
            "predictions": others,
            "error": last.failed,
        }
        if not mature and not self.early:
            return ()
        return tuple(reason for reason, is_so in told.items() if is_so)

    def _enough(self, now: WindowLabels, gained: int) -> bool:
        if gained <= 0:
            return False
        least = self.min_gain if isinstance(self.min_gain, int) else self.min_gain * now.expected
        return gained >= least or now.missing == 0
