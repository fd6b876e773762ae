"""``LabelsSensor``: waits until the labels of a window have arrived."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator, PokeReturnValue

from airflow_ml_monitor.errors import ConfigurationError, DataError
from airflow_ml_monitor.operators._base import given
from airflow_ml_monitor.operators.windows import resolve_window
from airflow_ml_monitor.sensors.starting import start_trigger_args
from airflow_ml_monitor.triggers.labels import LabelsTrigger
from airflow_ml_monitor.triggers.labels_start import GRACE
from airflow_ml_monitor.version_compat import AIRFLOW_V_3_3_PLUS, AirflowSensorTimeout, AirflowSkipException, conf
from airflow_ml_monitor.window import as_utc

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_ml_monitor.data import Dataset
    from airflow_ml_monitor.performance.delays_learnt import Delay
    from airflow_ml_monitor.performance.label_wait import LabelWait

_ON_TIMEOUT = ("fail", "go_on")
_BEFORE_AIRFLOW = timedelta(seconds=0.1)
"""The base class looks at the clock a moment after ``poke``, and would end the waiting without a word of the labels."""


class LabelsSensor(BaseSensorOperator):
    """Wait until the labels of a window's predictions have arrived.

    That is when the window is over and all its predictions are mature and ``min_coverage`` of them labelled, or when
    all that are not void have their label, be they due or not. It looks once; then it waits in the triggerer, if it is
    ``deferrable`` and both datasets are a ``Table``, or else is rescheduled: no worker waits. It pushes what it found
    (``counts``, ``coverage``, ``completeness``, ``window``, ``as_of``, ``timed_out``), and needs no store.

    :param predictions: the dataset of predictions; its ``time_column`` is the time of the prediction.
    :param labels: the dataset of labels; never cut by the window. Its ``arrived_at_column`` says since when a row is
        known.
    :param on: the key that a prediction and its label share: a column, or a list of them.
    :param label: column of the label.
    :param delay: a prediction is mature, its label due, that long after its time; or the column of the predictions that
        says when, such as ``"label_due_at"``; or a ``LearntDelay`` with ``over``, learnt at every look.
    :param min_coverage: the share of the mature predictions, void ones left out, that must have a label.
    :param void: the predictions that never get a label: a boolean column of predictions or labels, or
        ``{column: value or values}``.
    :param window: event time of the predictions; as for every monitoring task.
    :param as_of: the moment whose knowledge counts at every look; by default that of the look.
    :param overdue_after: the deadline: so long after the last label of the window was due, waiting is over as after
        ``timeout``, whichever is first; needs a ``delay`` that is a time.
    :param on_timeout: after ``timeout``, ``"fail"`` (or skip, with ``soft_fail``), or ``"go_on"`` with the labels that
        are there.
    :param deferrable: wait in the triggerer; by default as ``[operators] default_deferrable`` says.
    :param start_from_trigger: let the scheduler defer the task, so that no worker takes the first look (Airflow 3.3;
        earlier ones start it in a worker). Both datasets are a ``Table`` then, and ``window`` a pair of times or
        templates.
    :param poke_interval: time between two looks; longer ones while the labels are not due.
    :raises ConfigurationError: a value that nobody can wait for.
    """

    template_fields: Sequence[str] = ("predictions", "labels", "window", "as_of")
    ui_color = "#e4f0e8"
    _wait: LabelWait
    _started: datetime

    def __init__(
        self,
        *,
        predictions: Dataset | Mapping[str, Any],
        labels: Dataset | Mapping[str, Any],
        on: str | Sequence[str],
        label: str = "label",
        delay: Delay = timedelta(0),
        min_coverage: float = 0.95,
        void: str | Mapping[str, Any] | None = None,
        window: Any = None,
        as_of: Any = None,
        overdue_after: timedelta | None = None,
        on_timeout: str = "fail",
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        start_from_trigger: bool = False,
        poke_interval: timedelta | float = timedelta(minutes=5),
        mode: str = "reschedule",
        **kwargs: Any,
    ) -> None:
        super().__init__(poke_interval=poke_interval, mode=mode, **kwargs)
        self.predictions = predictions
        self.labels = labels
        self.on = on
        self.label_column = label  # a task's label is its name in Airflow's graph
        self.delay = delay
        self.min_coverage = min_coverage
        self.void = void
        self.window = window
        self.as_of = as_of
        self.overdue_after = overdue_after
        self.on_timeout = on_timeout
        self.deferrable = deferrable or start_from_trigger
        _require_sensible(self)
        if start_from_trigger:
            self.start_trigger_args = start_trigger_args(self)
            self.start_from_trigger = AIRFLOW_V_3_3_PLUS

    def execute(self, context: Context) -> Any:
        self._wait = self._waited_for(context)
        self._started = self._first_look(context)
        if not (self.deferrable and _of_tables(self._wait)):
            return super().execute(context)
        look = self.poke(context)
        if look.is_done:
            return look.xcom_value
        return self._defer()

    def poke(self, context: Context) -> PokeReturnValue:
        """Look once; past the timeout, end the waiting."""
        from airflow_ml_monitor.hooks.connections import AirflowConnections

        look = self._wait.look(AirflowConnections())
        self.log.info("%s", look)
        if look.ready:
            return PokeReturnValue(True, look.to_dict() | {"timed_out": False})
        if datetime.now(UTC) < self._deadline - _BEFORE_AIRFLOW:
            return PokeReturnValue(False)
        return PokeReturnValue(True, self._timed_out(look.gave_up(self._patience_limit), look.to_dict()))

    def execute_complete(self, context: Context, event: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Go on when the trigger says so.

        :raises AirflowSensorTimeout: it gave up.
        :raises DataError: it can never succeed.
        """
        event = dict(event or {})
        message, failed = str(event.pop("message", "")), event.pop("error", False)
        if failed:
            raise DataError(message)
        self.log.info("%s", message)
        return self._timed_out(message, event) if event["timed_out"] else event

    def _waited_for(self, context: Context) -> LabelWait:
        from airflow_ml_monitor.data import as_dataset
        from airflow_ml_monitor.performance.label_wait import LabelWait

        as_of = None if given(self.as_of) is None else as_utc(self.as_of, what="as_of")
        resolved = dict(context)
        return LabelWait(
            predictions=as_dataset(self.predictions).resolve(resolved),
            labels=as_dataset(self.labels).resolve(resolved),
            on=(self.on,) if isinstance(self.on, str) else tuple(self.on),
            window=resolve_window(given(self.window), resolved, as_of),
            label=self.label_column,
            delay=self.delay,
            void=self.void,
            as_of=as_of,
            min_coverage=self.min_coverage,
            overdue_after=self.overdue_after,
        )

    def _first_look(self, context: Context) -> datetime:
        ti: Any = context["ti"]
        return (self.reschedule and ti.get_first_reschedule_date(context)) or datetime.now(UTC)

    @property
    def _patience_limit(self) -> timedelta:
        return timedelta(seconds=self.timeout)

    @property
    def _deadline(self) -> datetime:
        given_up, overdue = self._started + self._patience_limit, self._wait.deadline
        return given_up if overdue is None else min(given_up, max(overdue, self._started))

    def _defer(self) -> None:
        trigger = LabelsTrigger(
            wait=self._wait.to_dict(),
            poke_interval=self.poke_interval,
            deadline=self._deadline.isoformat(),
            timeout=self.timeout,
        )
        limit = self._deadline - datetime.now(UTC) + GRACE
        self.defer(trigger=trigger, method_name="execute_complete", timeout=limit)

    def _get_next_poke_interval(self, *args: Any, **kwargs: Any) -> float:
        # While the labels are not due, more looks find nothing; the timeout is kept to the interval asked for.
        asked: float = super()._get_next_poke_interval(*args, **kwargs)
        now = datetime.now(UTC)
        left = max((self._deadline - now).total_seconds(), 0.0)
        return max(asked, min(self._wait.patience(now).total_seconds(), left))

    def _timed_out(self, message: str, found: Mapping[str, Any]) -> dict[str, Any]:
        if self.on_timeout == "fail":
            raise (AirflowSkipException if self.soft_fail or self.never_fail else AirflowSensorTimeout)(message)
        self.log.warning("%s; going on with what there is", message)
        return {**found, "timed_out": True}


def _require_sensible(sensor: LabelsSensor) -> None:
    from airflow_ml_monitor.performance.delays_learnt import before_learning
    from airflow_ml_monitor.performance.label_join import LabelJoin
    from airflow_ml_monitor.performance.label_wait import require_deadline, require_share

    LabelJoin.of(on=sensor.on, label=sensor.label_column, delay=before_learning(sensor.delay), void=sensor.void)
    require_share(sensor.min_coverage)
    require_deadline(sensor.overdue_after, sensor.delay)
    if sensor.on_timeout not in _ON_TIMEOUT:
        raise ConfigurationError(f"on_timeout={sensor.on_timeout!r} is not known; use 'fail' or 'go_on'")


def _of_tables(wait: LabelWait) -> bool:
    from airflow_ml_monitor.data import Table

    return isinstance(wait.predictions, Table) and isinstance(wait.labels, Table)
