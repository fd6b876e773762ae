"""``LabelArrivalsOperator``: do labels arrive as they should, or do they stay away?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow_ml_monitor.operators._base import Inputs, MonitoringOperator, Outcome

if TYPE_CHECKING:
    from airflow_ml_monitor.data import Dataset
    from airflow_ml_monitor.performance.delays_learnt import Delay


class LabelArrivalsOperator(MonitoringOperator):
    """Judge how the labels of a window's predictions arrive: an outage of labels, and labels past their deadline.

    Its report is of the kind ``label_arrivals``, so that the history, and a gate by model and window, know of it. Give
    it a window that is long enough to tell how long labels take: ``window=Last(timedelta(weeks=12))``.

    :param predictions: the dataset of predictions; its ``time_column`` is the time of the prediction.
    :param labels: the dataset of labels, never cut by the window; its ``arrived_at_column`` says since when a row is
        known.
    :param on: the key that a prediction and its label share: a column, or a list of them.
    :param outage_after: fewer labels in the last while, which is so long, than should have come fail ``label_outage``.
    :param overdue_after: labels that are missing so long after they were due fail ``overdue_labels``, where they are
        more than the share ``max_overdue`` of those that should be there.
    :param label: column of the label.
    :param delay: a label is due that long after its prediction; or the column of the predictions that says when; or a
        ``LearntDelay``.
    :param void: the predictions that never get a label: a boolean column of predictions or labels, or
        ``{column: value or values}``.
    :param confidence: with which an outage is claimed.
    :raises ConfigurationError: nothing is asked for, or what can never work.
    """

    template_fields: Sequence[str] = (*MonitoringOperator.template_fields, "predictions", "labels")
    kind = "label_arrivals"

    def __init__(
        self,
        *,
        predictions: Dataset | Mapping[str, Any],
        labels: Dataset | Mapping[str, Any],
        on: str | Sequence[str],
        outage_after: timedelta | None = None,
        overdue_after: timedelta | None = None,
        max_overdue: float = 0.05,
        label: str = "label",
        delay: Delay = timedelta(0),
        void: str | Mapping[str, Any] | None = None,
        confidence: float = 0.99,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.predictions = predictions
        self.labels = labels
        self.on = on
        self.outage_after = outage_after
        self.overdue_after = overdue_after
        self.max_overdue = max_overdue
        self.label_column = label  # a task's label is its name in Airflow's graph
        self.delay = delay
        self.void = void
        self.confidence = confidence
        _require_sensible(self)

    def compute(self, inputs: Inputs) -> Outcome:
        from airflow_ml_monitor.performance.label_arrivals import label_arrivals

        names = ("on", "outage_after", "overdue_after", "max_overdue", "delay", "void", "confidence")
        report = label_arrivals(
            inputs.dataset(self.predictions),
            inputs.dataset(self.labels),
            label=self.label_column,
            window=inputs.window,
            as_of=inputs.as_of,
            connections=inputs.connections,
            **{name: getattr(self, name) for name in names},
        )
        return Outcome(report=report)


def _require_sensible(operator: LabelArrivalsOperator) -> None:
    from airflow_ml_monitor.performance.delays_learnt import LearntDelay
    from airflow_ml_monitor.performance.label_arrivals_asked import require_asked
    from airflow_ml_monitor.performance.label_join import LabelJoin

    delay = timedelta(0) if isinstance(operator.delay, LearntDelay) else operator.delay
    LabelJoin.of(on=operator.on, label=operator.label_column, delay=delay, void=operator.void)
    require_asked(operator.outage_after, operator.overdue_after, operator.max_overdue)
