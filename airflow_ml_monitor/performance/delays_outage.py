"""Labels that stay away: fewer have come of late than those still awaited led to expect."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from airflow_ml_monitor import numerals
from airflow_ml_monitor.data.connections import Connections
from airflow_ml_monitor.data.dataset import as_dataset
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance.arrivals import label_pairs, read_arrivals
from airflow_ml_monitor.performance.delays import DelayCurve
from airflow_ml_monitor.performance.label_join import LabelJoin
from airflow_ml_monitor.results import CheckResult, Limits, Severity, Status
from airflow_ml_monitor.window import Window, as_of_or_now

_ENOUGH = 30
"""With fewer labels nothing is learnt of how long they take."""


def recent_label_outage(
    predictions: Any,
    labels: Any,
    *,
    windows: Window | Sequence[Window],
    since: timedelta,
    on: str | Sequence[str],
    label: str = "label",
    void: str | Mapping[str, Any] | None = None,
    as_of: datetime | str | None = None,
    confidence: float = 0.99,
    connections: Connections | None = None,
) -> CheckResult:
    """Return the check whether as many labels have come in the last while as should have.

    How long labels take is learnt as known before that while, so that an outage does not teach that it is usual. It
    fails where fewer have come than expected of those that were awaited, less what chance takes (one-sided, for
    predictions that are labelled independently of each other). With fewer than 30 labels before, it is
    ``insufficient``.

    :param windows: the windows whose predictions are looked at.
    :param since: how long the while is; the other arguments are those of ``learn_delay``.
    :raises ConfigurationError: a while of nothing; datasets that do not say when.
    """
    if since <= timedelta(0):
        raise ConfigurationError(f"since={since!r} must be longer than nothing")
    moment = as_of_or_now(as_of)
    join = LabelJoin.of(on=on, label=label, delay=timedelta(0), void=void)
    looked_at = [windows] if isinstance(windows, Window) else list(windows)
    waits = label_waits(as_dataset(predictions), as_dataset(labels), join, looked_at, moment, connections)
    return outage(waits, since.total_seconds(), confidence)


class LabelWaits(NamedTuple):
    """What has been waited for the label of each prediction that is not void, in seconds; shape (predictions,) all.

    :param age: since the prediction; ``took``: until its label came, infinite where it has not.
    :param late: since the label was due, below zero where it is not yet; NaN where nobody knows.
    """

    age: NDArray[np.float64]
    took: NDArray[np.float64]
    late: NDArray[np.float64]

    @property
    def came(self) -> NDArray[np.bool_]:
        return np.isfinite(self.took)


def label_waits(
    predictions: Any, labels: Any, join: LabelJoin, windows: list[Window], as_of: datetime, connections: Any
) -> LabelWaits:
    """Read how long the labels of some windows' predictions took, as known at ``as_of``.

    :raises ConfigurationError: datasets that do not say when.
    """
    for dataset, name in ((predictions, "time_column"), (labels, "arrived_at_column")):
        if getattr(dataset, name) is None:
            raise ConfigurationError(f"{dataset.label} needs {name}=: how long a label takes is told by it")
    if not windows:
        return LabelWaits(np.zeros(0), np.zeros(0), np.zeros(0))
    found, known = read_arrivals(predictions, labels, join, windows, as_of, connections)
    history = found.history(known, *label_pairs(found.key, known.key))
    asked = ~(found.void | history.void)
    at, first = found.at[asked].astype(np.int64), history.first_arrival[asked]
    moment = np.datetime64(as_of.replace(tzinfo=None), "us")
    now = int(moment.astype(np.int64))
    came = first < np.iinfo(np.int64).max
    took = np.where(came, np.maximum(np.where(came, first, 0) - at, 0) / 1e6, np.inf)
    return LabelWaits((now - at) / 1e6, took, (moment - found.due[asked]) / np.timedelta64(1, "s"))


def outage(waits: LabelWaits, since: float, confidence: float, *, severity: Severity = Severity.WARNING) -> CheckResult:
    """Return the check of ``recent_label_outage``; one that fails has that severity."""
    then = waits.age - since
    made = then >= 0
    labelled = waits.took <= then
    if labelled.sum() < _ENOUGH:
        few = f"{int(labelled.sum()):,} labels before are too few to tell how long they take; {_ENOUGH} are needed"
        return _result(Status.INSUFFICIENT, severity, None, None, int((~labelled).sum()), few)
    curve = DelayCurve.of(np.minimum(waits.took, then)[made], labelled[made], confidence=confidence)
    age, before = waits.age[~labelled], np.maximum(then[~labelled], 0.0)
    had = np.where(then[~labelled] >= 0, curve.expected(before), 0.0)
    share = np.where(had < 1, (curve.expected(age) - had) / np.maximum(1 - had, 1e-12), 0.0)
    expected = float(share.sum())
    # The second part is what the curve itself does not know: it rests on so many labels.
    variance = float((share * (1 - share)).sum()) + expected**2 / curve.labelled
    limit = max(math.floor(expected - NormalDist().inv_cdf(confidence) * math.sqrt(variance)), 0)
    came = int(waits.came[~labelled].sum())
    lately = f"in the last {numerals.number(since / 86_400)} days {came:,} labels came"
    said = f"{lately} of {len(age):,} that were awaited; about {round(expected):,} were to be expected"
    out = came < limit
    status = Status.FAIL if out else Status.PASS
    told = f"{said}; look at what brings them" if out else said
    return _result(status, severity, came, limit, len(age), told, expected)


def _result(
    status: Status,
    severity: Severity,
    came: int | None,
    limit: int | None,
    awaited: int,
    said: str,
    expected: float | None = None,
) -> CheckResult:
    return CheckResult(
        check="label_outage",
        metric="labels",
        status=status,
        severity=Severity.INFO if status is Status.PASS and severity is Severity.WARNING else severity,
        value=None if came is None else float(came),
        limits=Limits(lower=None if limit is None else float(limit)),
        n_current=awaited,
        message=said,
        detail={} if expected is None else {"expected": expected},
    )
