"""What operators that set predictions beside their labels have in common: which column holds what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow_ml_monitor.operators._base import Inputs, MonitoringOperator

if TYPE_CHECKING:
    from airflow_ml_monitor.data import Dataset
    from airflow_ml_monitor.performance.delays_learnt import Delay


class LabelledOperator(MonitoringOperator):
    """Base of the operators that judge predictions by their labels.

    :param labels: the dataset of labels; never cut by the window. Its ``arrived_at_column`` says since when a row is
        known: rows of after ``as_of`` do not exist.
    :param on: the key that a prediction and its label share: a column, or a list of them.
    :param problem: ``"binary"``, ``"multiclass"``, ``"regression"`` or ``"ranking"``.
    :param label: column of the label.
    :param score: column of the positive class's probability (binary), ``None`` where there is none; or of any number,
        by which rows are ranked from the highest (ranking).
    :param scores: class -> column of its probability (multiclass).
    :param prediction: column of the class or the value that was answered.
    :param positive: the label of the positive class, where it is neither ``True`` nor 1.
    :param threshold: the score from which on a binary answer is positive.
    :param query: column of the predictions that says which rows are ranked together, such as those of a search
        (ranking).
    :param label_range: the least and the greatest target that there can be (regression).
    :param delay: a prediction is mature, its label due, that long after its time; or the column of the predictions that
        says when, such as ``"label_due_at"``; or a ``LearntDelay`` with ``over``.
    :param void: the predictions that never get a label: a boolean column of predictions or labels, or
        ``{column: value or values}``.
    :param confidence: of the intervals.
    :raises ConfigurationError: a key, label, delay or void condition that can never work.
    """

    template_fields: Sequence[str] = (*MonitoringOperator.template_fields, "labels")

    def __init__(
        self,
        *,
        labels: Dataset | Mapping[str, Any],
        on: str | Sequence[str],
        problem: str,
        label: str = "label",
        score: str | None = "score",
        scores: Mapping[Any, str] | None = None,
        prediction: str | None = None,
        positive: Any = None,
        threshold: float = 0.5,
        query: str | None = None,
        label_range: Sequence[float] | None = None,
        delay: Delay = timedelta(0),
        void: str | Mapping[str, Any] | None = None,
        confidence: float = 0.95,
        **kwargs: Any,
    ) -> None:
        from airflow_ml_monitor.performance.delays_learnt import before_learning
        from airflow_ml_monitor.performance.label_join import LabelJoin

        super().__init__(**kwargs)
        # Wrong values are known while the DAG is parsed.
        LabelJoin.of(on=on, label=label, delay=before_learning(delay), void=void)
        self.labels = labels
        self.on = on
        self.problem = problem
        self.label_column = label  # a task's label is its name in Airflow's graph
        self.score = score
        self.scores = scores
        self.prediction = prediction
        self.positive = positive
        self.threshold = threshold
        self.query = query
        self.label_range = label_range
        self.delay = delay
        self.void = void
        self.confidence = confidence

    def _options(self, inputs: Inputs) -> dict[str, Any]:
        """Return what the library's functions are told alike."""
        columns = ("on", "problem", "score", "scores", "prediction", "positive", "threshold", "query")
        names = (*columns, "label_range", "delay", "void")
        return {name: getattr(self, name) for name in names} | {
            "label": self.label_column,
            "confidence": self.confidence,
            "window": inputs.window,
            "as_of": inputs.as_of,
            "connections": inputs.connections,
        }
