"""``label_arrivals``: do the labels of a window's predictions arrive as they should?"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from airflow_ml_monitor import numerals
from airflow_ml_monitor.data.connections import Connections
from airflow_ml_monitor.data.dataset import as_dataset
from airflow_ml_monitor.performance.delays import known_delay
from airflow_ml_monitor.performance.delays_learnt import Delay, LearntDelay, plain_delay
from airflow_ml_monitor.performance.delays_outage import LabelWaits, label_waits, outage
from airflow_ml_monitor.performance.label_arrivals_asked import require_asked
from airflow_ml_monitor.performance.label_join import LabelJoin
from airflow_ml_monitor.results import CheckResult, Limits, Report, Severity, Status
from airflow_ml_monitor.window import Window, as_of_or_now

KIND = "label_arrivals"


def label_arrivals(
    predictions: Any,
    labels: Any,
    *,
    window: Any,
    on: str | Sequence[str],
    outage_after: timedelta | None = None,
    overdue_after: timedelta | None = None,
    max_overdue: float = 0.05,
    label: str = "label",
    delay: Delay = timedelta(0),
    void: str | Mapping[str, Any] | None = None,
    as_of: datetime | str | None = None,
    confidence: float = 0.99,
    connections: Connections | None = None,
) -> Report:
    """Return a report on how the labels of a window's predictions arrive.

    ``label_outage`` (see ``recent_label_outage``) fails where fewer labels have come in the last while than should
    have; ``overdue_labels`` where too many are missing so long after they were due.

    :param window: event time of the predictions; long enough to tell how long labels take.
    :param outage_after: how long that while is; ``None`` leaves the check out.
    :param overdue_after: the deadline of a label, counted from when it is due; ``None`` leaves the check out.
    :param max_overdue: the share, from 0 to below 1, of the labels past their deadline that may be missing.
    :param delay: when a label is due; as for ``evaluate_model``, and the other arguments likewise.
    :param confidence: with which an outage is claimed.
    :raises ConfigurationError: nothing is asked for; a while or a share that is none; datasets that do not say when.
    :raises DataError: an unknown column, keys that cannot match, naive times without a ``timezone``.
    """
    require_asked(outage_after, overdue_after, max_overdue)
    started = time.perf_counter()
    moment = as_of_or_now(as_of)
    sources, where = (as_dataset(predictions), as_dataset(labels)), Window.of(window)
    question: dict[str, Any] = {"on": on, "label": label, "void": void}
    due = known_delay(delay, *sources, windows=[where], as_of=moment, connections=connections, **question)
    waits = label_waits(*sources, LabelJoin.of(delay=due, **question), [where], moment, connections)
    found = []
    if outage_after is not None:
        found.append(outage(waits, outage_after.total_seconds(), confidence, severity=Severity.CRITICAL))
    if overdue_after is not None:
        found.append(_overdue(waits, overdue_after, max_overdue))
    return Report(
        kind=KIND,
        results=tuple(found),
        window=where,
        as_of=moment,
        rows_current=len(waits.age),
        duration=time.perf_counter() - started,
        config={
            "predictions": sources[0].to_dict(),
            "labels": sources[1].to_dict(),
            "delay": plain_delay(due),
            "delay_learnt": delay.to_dict() if isinstance(delay, LearntDelay) else None,
            "outage_after": None if outage_after is None else outage_after.total_seconds(),
            "overdue_after": None if overdue_after is None else overdue_after.total_seconds(),
            "max_overdue": max_overdue,
            "confidence": confidence,
        },
    )


def _overdue(waits: LabelWaits, after: timedelta, most: float) -> CheckResult:
    """Return the check whether labels are there so long after they were due."""
    past = waits.late >= after.total_seconds()
    asked, missing = int(past.sum()), int((past & ~waits.came).sum())
    share = missing / asked if asked else None
    deadline = f"{numerals.number(after.total_seconds() / 86_400)} days after they were due"
    said = f"{missing:,} of {asked:,} labels are missing {deadline}"
    if share is None:
        status, said = Status.INSUFFICIENT, f"no label was due so long ago: {deadline}"
    elif share > most:
        status, said = Status.FAIL, f"{said}; look at what brings them, or name those that never come by void="
    else:
        status = Status.PASS
    return CheckResult(
        check="overdue_labels",
        metric="overdue_share",
        status=status,
        value=share,
        limits=Limits(upper=most),
        n_current=asked,
        message=said,
        detail={"overdue": missing},
    )
