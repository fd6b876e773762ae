"""``PendingWindowsOperator``: which windows are due to be judged, for a task that is mapped over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from airflow_ml_monitor import settings
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.hooks.store import MonitorStoreHook
from airflow_ml_monitor.operators._base import given
from airflow_ml_monitor.operators.windows import windows_of_events
from airflow_ml_monitor.window import Window, as_of_or_now

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_ml_monitor.data import Dataset
    from airflow_ml_monitor.performance.arrivals_due import LastVerdict
    from airflow_ml_monitor.performance.arrivals_look import ArrivalsLook
    from airflow_ml_monitor.performance.arrivals_windows import WindowGrid
    from airflow_ml_monitor.performance.delays_learnt import Delay
    from airflow_ml_monitor.store import Store

PENDING_KEY = "pending"
"""The XCom that says why each window is due."""
OUTAGE_KEY = "label_outage"
"""The XCom that says whether labels stay away."""


class PendingWindowsOperator(BaseOperator):
    """Return the windows that are due to be judged: plain JSON to map ``ModelQualityOperator`` over.

    A window is due when it is mature and was not judged since; when ``min_gain`` labels have come since its last
    verdict, or the last one that was missing; when labels that the last verdict knew have changed; when it has more or
    fewer predictions; when the last verdict is an ``error``. Its last verdict is that of the store's ledger. The
    predictions and labels of all windows are read once. The reasons are in the XCom ``pending``.

    :param model: the model whose verdicts count, and its ``model_version``, where it has one.
    :param predictions: the dataset of predictions; its ``time_column`` is the time of the prediction.
    :param labels: the dataset of labels. Without an ``arrived_at_column`` a label that changed is not noticed.
    :param on: the key that a prediction and its label share: a column, or a list of them.
    :param every: the length of a window: a ``timedelta``, ``"@hourly"``, ``"@daily"``, ``"@weekly"``, ``"@monthly"``
        or cron text (``"0 6 * * 1-5"``).
    :param since: where the first window begins, or a ``timedelta`` to look back; earlier windows are not looked at.
    :param timezone: the zone of days, weeks and months; that of the predictions by default, else UTC.
    :param label: column of the label.
    :param delay: a prediction is mature, its label due, that long after its time; or the column of the predictions that
        says when; or a ``LearntDelay``, without ``over`` learnt from the windows that are looked at.
    :param void: the predictions that never get a label: a boolean column of predictions or labels, or
        ``{column: value or values}``.
    :param min_gain: a share of the window's predictions (``0.05``) or a number of labels (``100``).
    :param early: judge windows that are over and not yet mature, too, as labels come.
    :param outage_after: notice labels that have stayed away for so long (``recent_label_outage``): the check is in the
        XCom ``label_outage``, and a warning in the log.
    :param arrived_only: in a run that ``LabelsArrivedTrigger`` started, look only at the windows that its events name,
        all merged ones, and read no earlier predictions. Runs that no such event started look at all. Goes with neither
        a ``LearntDelay`` nor ``outage_after``, which need all windows.
    :param most: so many windows at most, the latest; the others are still due in the next run.
    :param as_of: the moment whose knowledge counts; now by default. Give the mapped task the same.
    :raises ConfigurationError: a value from which no windows can be found.
    """

    template_fields: Sequence[str] = (
        *("model", "model_version", "environment", "predictions", "labels"),
        *("since", "as_of", "store_conn_id"),
    )
    ui_color = "#e4f0e8"

    def __init__(
        self,
        *,
        model: str,
        predictions: Dataset | Mapping[str, Any],
        labels: Dataset | Mapping[str, Any],
        on: str | Sequence[str],
        every: timedelta | str,
        since: Any,
        timezone: str | None = None,
        label: str = "label",
        delay: Delay = timedelta(0),
        void: str | Mapping[str, Any] | None = None,
        min_gain: float = 0.05,
        early: bool = False,
        outage_after: timedelta | None = None,
        arrived_only: bool = False,
        most: int = 100,
        model_version: str | None = None,
        environment: str | None = None,
        as_of: Any = None,
        store_conn_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.model = model
        self.predictions = predictions
        self.labels = labels
        self.on = on
        self.every = every
        self.since = since
        self.timezone = timezone
        self.label_column = label  # a task's label is its name in Airflow's graph
        self.delay = delay
        self.void = void
        self.min_gain = min_gain
        self.early = early
        self.outage_after = outage_after
        self.arrived_only = arrived_only
        self.most = most
        self.model_version = model_version
        self.environment = environment
        self.as_of = as_of
        self.store_conn_id = store_conn_id
        _require_sensible(self)

    def execute(self, context: Context) -> list[dict[str, str]]:
        from airflow_ml_monitor.performance.arrivals_due import Rejudging

        store = MonitorStoreHook(given(self.store_conn_id)).store
        look = self._look(context)
        rule = Rejudging(min_gain=self.min_gain, early=self.early)
        due = look.due(rule, self._judged(store, look.windows), self.delay)
        kept = due[-self.most :]
        for each in kept:
            self.log.info("%s is due: %s", each.window, ", ".join(each.reasons))
        if len(kept) < len(due):
            self.log.warning("%d more windows are due; most=%d lets the latest in", len(due) - len(kept), self.most)
        if not due:
            self.log.info("no window is due as of %s", look.as_of.isoformat(timespec="seconds"))
        context["ti"].xcom_push(key=PENDING_KEY, value=[each.to_dict() for each in kept])
        if self.outage_after is not None:
            found = look.outage(self.outage_after)
            (self.log.warning if found.status == "fail" else self.log.info)("%s", found)
            context["ti"].xcom_push(key=OUTAGE_KEY, value=found.to_dict())
        return [each.window.to_dict() for each in kept]

    def _look(self, context: Context) -> ArrivalsLook:
        from airflow_ml_monitor.data import as_dataset
        from airflow_ml_monitor.hooks.connections import AirflowConnections
        from airflow_ml_monitor.performance.arrivals_look import ArrivalsLook

        resolved = dict(context)
        predictions = as_dataset(self.predictions).resolve(resolved)
        as_of = as_of_or_now(given(self.as_of))
        zone = self.timezone or predictions.timezone or "UTC"
        return ArrivalsLook(
            predictions=predictions,
            labels=as_dataset(self.labels).resolve(resolved),
            windows=self._windows(resolved, _grid(self, zone).until(as_of)),
            as_of=as_of,
            join={"on": self.on, "label": self.label_column, "void": self.void},
            connections=AirflowConnections(),
        )

    def _windows(self, context: Mapping[str, Any], over: Sequence[Window]) -> tuple[Window, ...]:
        """Return the windows to look at, of those that are over."""
        arrived = windows_of_events(context)
        if arrived:
            self.log.info("labels have arrived for %s", ", ".join(map(str, arrived)))
        if not (arrived and self.arrived_only):
            return tuple(over)
        return tuple(one for one in over if any(one.start < each.end and each.start < one.end for each in arrived))

    def _judged(self, store: Store, windows: Sequence[Window]) -> dict[Window, LastVerdict]:
        from airflow_ml_monitor.performance.arrivals_due import LastVerdict
        from airflow_ml_monitor.results import Status

        entries = store.ledger(
            model=self.model,
            model_version=given(self.model_version),
            environment=given(self.environment) or settings.environment(),
            since=windows[0].start if windows else None,
        )
        return {
            entry.window: LastVerdict(
                as_of=entry.judged_as_of,
                predictions=entry.predictions,
                labelled=entry.labelled,
                failed=entry.verdict is Status.ERROR,
            )
            for entry in sorted(entries, key=lambda entry: (entry.judged_as_of, entry.judged_at))
        }


def _grid(operator: PendingWindowsOperator, timezone: str) -> WindowGrid:
    from airflow_ml_monitor.performance.arrivals_windows import WindowGrid

    return WindowGrid(every=operator.every, since=operator.since, timezone=timezone)


def _require_sensible(operator: PendingWindowsOperator) -> None:
    from airflow_ml_monitor.performance.arrivals_due import Rejudging
    from airflow_ml_monitor.performance.delays_learnt import LearntDelay
    from airflow_ml_monitor.performance.label_join import LabelJoin

    delay = timedelta(0) if isinstance(operator.delay, LearntDelay) else operator.delay
    LabelJoin.of(on=operator.on, label=operator.label_column, delay=delay, void=operator.void)
    Rejudging(min_gain=operator.min_gain, early=operator.early)
    _grid(operator, operator.timezone or "UTC")
    if operator.outage_after is not None and operator.outage_after <= timedelta(0):
        raise ConfigurationError(f"outage_after={operator.outage_after!r} must be longer than nothing")
    if operator.arrived_only and (isinstance(operator.delay, LearntDelay) or operator.outage_after is not None):
        raise ConfigurationError(
            "arrived_only=True goes with neither a LearntDelay nor outage_after=: they need all windows"
        )
    if isinstance(operator.most, bool) or not isinstance(operator.most, int) or operator.most < 1:
        raise ConfigurationError(f"most={operator.most!r} must be a whole number from 1")
