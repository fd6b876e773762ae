"""How long labels take: learnt from those that came and from those that are still awaited.

The labels seen so far are the quick ones, so their own quantiles are too short. The Kaplan-Meier estimate counts a
prediction without a label as one whose label takes longer than it has been waited for.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from airflow_ml_monitor import numerals
from airflow_ml_monitor.data.connections import Connections
from airflow_ml_monitor.data.dataset import as_dataset
from airflow_ml_monitor.errors import ConfigurationError, NoRowsError
from airflow_ml_monitor.performance.arrivals import label_pairs, read_arrivals
from airflow_ml_monitor.performance.delays_learnt import Delay, LearntDelay, before_learning
from airflow_ml_monitor.performance.label_join import LabelJoin
from airflow_ml_monitor.results import CheckResult, Interval, Limits, Severity, Status
from airflow_ml_monitor.window import Window, as_of_or_now

Floats = NDArray[np.float64]

_ROUNDING = 1e-12
"""What products of many shares are off by at most: 90 of 100 labels are 90 % of them."""


@dataclass(frozen=True, eq=False)
class DelayCurve:
    """The share of predictions that have their label after a time: the Kaplan-Meier estimate, with a band.

    The band is pointwise, by Greenwood's variance on the scale of log(-log) (Kalbfleisch and Prentice 1980).

    :param ages: seconds after the prediction at which the share grows; ascending, shape (steps,).
    :param shares: the share from then on; shape (steps,), as are the following.
    :param lower: the lower end of the band; ``upper`` the upper one.
    :param longest: seconds that the oldest prediction was waited for: nothing is known beyond.
    :param predictions: how many predictions it is learnt from; ``labelled`` how many of them have a label.
    """

    ages: Floats
    shares: Floats
    lower: Floats
    upper: Floats
    longest: float
    predictions: int
    labelled: int
    confidence: float

    @classmethod
    def of(cls, waited: ArrayLike, labelled: ArrayLike, *, confidence: float = 0.95) -> DelayCurve:
        """Learn the curve.

        :param waited: seconds from each prediction to its label, or to now where it has none; shape (rows,).
        :param labelled: whether it has one; shape (rows,).
        :raises ConfigurationError: a confidence that is none; :raises NoRowsError: there are no predictions.
        """
        if not 0 < confidence < 1:
            raise ConfigurationError(f"confidence={confidence!r} must be between 0 and 1, such as 0.95")
        seconds, came = np.maximum(np.asarray(waited, dtype=float), 0.0), np.asarray(labelled, dtype=bool)
        if not len(seconds):
            raise NoRowsError("there are no predictions to learn the delay of labels from; give more windows")
        ages, many = np.unique(seconds[came], return_counts=True)
        # A label that comes at the very moment until which another was waited for: that one was still awaited then.
        waiting = len(seconds) - np.searchsorted(np.sort(seconds), ages, side="left")
        left = np.exp(np.cumsum(np.log1p(-np.minimum(many / waiting, 1 - 1e-16))))
        left = np.where(many == waiting, 0.0, left)
        with np.errstate(divide="ignore"):
            variance = np.cumsum(many / (waiting * (waiting - many).astype(float)))
        low, high = _band(left, variance, confidence)
        return cls(ages, 1 - left, low, high, float(seconds.max()), len(seconds), int(came.sum()), confidence)

    def share(self, age: timedelta) -> Interval:
        """Return the band of the share that has its label at an age; ``expected`` is inside it."""
        place = self._place(np.array([age.total_seconds()]))
        return Interval(float(_at(self.lower, place)[0]), float(_at(self.upper, place)[0]))

    def expected(self, ages: ArrayLike) -> Floats:
        """Return the share that has its label at each of some ages in seconds; it stays after the longest wait."""
        return _at(self.shares, self._place(np.asarray(ages, dtype=float)))

    def least(self, ages: ArrayLike) -> Floats:
        """Return the lower end of the band at each of some ages in seconds."""
        return _at(self.lower, self._place(np.asarray(ages, dtype=float)))

    def quantile(self, share: float) -> timedelta | None:
        """Return after what time that share of the predictions has its label.

        ``None`` where that is not identified: fewer have come among those that were waited for longest.

        :raises ConfigurationError: a share that is none.
        """
        if not 0 < share < 1:
            raise ConfigurationError(f"a quantile of {share!r} is none; give a share between 0 and 1, such as 0.95")
        reached = np.flatnonzero(self.shares >= share - _ROUNDING)
        return timedelta(seconds=float(self.ages[reached[0]])) if len(reached) else None

    def _place(self, ages: Floats) -> NDArray[np.int64]:
        return np.searchsorted(self.ages, ages, side="right").astype(np.int64)

    def __str__(self) -> str:
        median = self.quantile(0.5)
        known = f"after {_days(median.total_seconds())} half of them" if median is not None else self._unidentified(0.5)
        return f"{self.labelled:,} of {self.predictions:,} predictions have a label; {known}"

    def _unidentified(self, share: float) -> str:
        most = 0.0 if not len(self.shares) else float(self.shares[-1])
        return (
            f"when {numerals.number(100 * share)} % of them have one is not identified: "
            f"it is {numerals.number(100 * most)} % after {_days(self.longest)}, the longest wait there was"
        )

    def require(self, share: float) -> timedelta:
        """Return ``quantile(share)``.

        :raises NoRowsError: it is not identified.
        """
        found = self.quantile(share)
        if found is None:
            raise NoRowsError(f"{self}; {self._unidentified(share)}; give a lower quantile, or a delay")
        return found


def learn_delay(
    predictions: Any,
    labels: Any,
    *,
    windows: Window | Sequence[Window],
    on: str | Sequence[str],
    label: str = "label",
    void: str | Mapping[str, Any] | None = None,
    as_of: datetime | str | None = None,
    confidence: float = 0.95,
    connections: Connections | None = None,
) -> DelayCurve:
    """Learn how long labels take from the predictions of some windows, as known at ``as_of``.

    What counts is the first label of a prediction; void ones are left out. The arguments are those of
    ``labels_by_window``.

    :raises ConfigurationError: labels without an ``arrived_at_column``, predictions without a ``time_column``.
    :raises NoRowsError: there are no predictions.
    """
    moment = as_of_or_now(as_of)
    made, labelled_rows = as_dataset(predictions), as_dataset(labels)
    if labelled_rows.arrived_at_column is None:
        raise ConfigurationError(f"{labelled_rows.label} needs arrived_at_column=: how long a label took is told by it")
    if made.time_column is None:
        raise ConfigurationError(f"{made.label} needs time_column=, from which on a label is waited for")
    join = LabelJoin.of(on=on, label=label, delay=timedelta(0), void=void)
    looked_at = [windows] if isinstance(windows, Window) else list(windows)
    if not looked_at:
        raise NoRowsError("there are no windows to learn the delay of labels from; give at least one")
    found, known = read_arrivals(made, labelled_rows, join, looked_at, moment, connections)
    history = found.history(known, *label_pairs(found.key, known.key))
    asked = ~(found.void | history.void)
    came = (history.first_arrival < np.iinfo(np.int64).max)[asked]
    end = np.where(came, history.first_arrival[asked], _microseconds(moment))
    return DelayCurve.of((end - found.at[asked].astype(np.int64)) / 1e6, came, confidence=confidence)


def known_delay(
    delay: Delay,
    predictions: Any,
    labels: Any,
    *,
    windows: Sequence[Window] = (),
    as_of: datetime,
    **question: Any,
) -> timedelta | str:
    """Return the delay that counts: a given one, or the one learnt as known at ``as_of``.

    :param windows: from which one without ``over`` is learnt; the other arguments are those of ``learn_delay``.
    :raises NoRowsError: it is not identified, and there is no fallback.
    :raises ConfigurationError: it has neither ``over`` nor windows, and what ``learn_delay`` refuses.
    """
    if not isinstance(delay, LearntDelay):
        return delay
    if delay.over is None and not windows:
        before_learning(delay)
    learnt_from = windows if delay.over is None else [Window(as_of - delay.over, as_of)]
    try:
        return learn_delay(predictions, labels, windows=learnt_from, as_of=as_of, **question).require(delay.quantile)
    except NoRowsError:
        if delay.fallback is None:
            raise
        return delay.fallback


def label_outage(curve: DelayCurve, ages: ArrayLike, labelled: int) -> CheckResult:
    """Return the check whether as many labels have arrived as should have, by a curve learnt from earlier windows.

    It fails where there are fewer than the curve's lower band leads to expect, less what chance takes from independent
    predictions (one-sided, at the curve's confidence).

    :param ages: seconds since each prediction that is not void; shape (rows,).
    :param labelled: how many of them have a label.
    """
    age = np.asarray(ages, dtype=float)
    expected, least = float(curve.expected(age).sum()), curve.least(age)
    chance = NormalDist().inv_cdf(curve.confidence) * math.sqrt(float((least * (1 - least)).sum()))
    limit = max(math.floor(float(least.sum()) - chance), 0)
    out = labelled < limit
    said = f"{labelled:,} of {len(age):,} predictions have a label; about {round(expected):,} should by now"
    return CheckResult(
        check="label_outage",
        metric="labels",
        status=Status.FAIL if out else Status.PASS,
        severity=Severity.WARNING if out else Severity.INFO,
        value=float(labelled),
        limits=Limits(lower=float(limit)),
        n_reference=curve.predictions,
        n_current=len(age),
        message=f"{said}, by how long labels took before; look at what brings them" if out else said,
        detail={"expected": expected, "confidence": curve.confidence},
    )


def _band(left: Floats, variance: Floats, confidence: float) -> tuple[Floats, Floats]:
    """Return the band of 1 - S, for S strictly between 0 and 1; nothing is told apart from the ends."""
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    inner = (left > 0) & (left < 1)
    safe = np.where(inner, left, 0.5)
    wide = z * np.sqrt(np.where(inner, variance, 0.0)) / np.abs(np.log(safe))
    low, high = 1 - safe ** np.exp(-wide), 1 - safe ** np.exp(wide)
    # Where no prediction is left waiting, the variance has no end; the band stays as it was a step before.
    previous = np.maximum.accumulate(np.where(inner, low, 0.0))
    return np.where(inner, low, previous), np.where(inner, high, 1.0)


def _at(values: Floats, place: NDArray[np.int64]) -> Floats:
    return np.concatenate([[0.0], values])[place]


def _days(seconds: float) -> str:
    return f"{numerals.number(seconds / 86_400)} days"


def _microseconds(moment: datetime) -> int:
    return int(np.datetime64(moment.replace(tzinfo=None), "us").astype(np.int64))
