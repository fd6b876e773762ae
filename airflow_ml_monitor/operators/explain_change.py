"""``ExplainChangeOperator``: has the relation of features and label changed, or only the mix of the rows?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.operators._base import Inputs, Outcome
from airflow_ml_monitor.operators._labelled import LabelledOperator
from airflow_ml_monitor.operators.reference_windows import reference_window

if TYPE_CHECKING:
    from airflow_ml_monitor.data import Dataset
    from airflow_ml_monitor.results import Report


class ExplainChangeOperator(LabelledOperator):
    """Tell how much of a metric's change another mix of rows makes, and how much another relation to the label.

    It asks once the labels of a window are there, beside ``ModelQualityOperator``: that says whether the model is still
    good enough, this why it is not. With a ``margin`` it is a verdict on the relation, the part that asks for a model
    that learnt anew; without one the parts are told, and the report is ``insufficient``.

    :param predictions: the dataset of predictions; its ``time_column`` is the time of the prediction.
    :param reference: the window that the change is since, of the same predictions and labels: a pair of times, or the
        name of a stored reference, whose window it is.
    :param metric: what changed, such as ``"log_loss"``.
    :param margin: how much worse the relation alone may make it, in the metric's own units.
    :param features: columns of the predictions that the mix is of, besides the answers.
    :param min_completeness: the share of the window's labels that must be known. The other parameters are those of
        ``ModelQualityOperator``; ``delay`` and ``query`` do not matter here.
    """

    template_fields: Sequence[str] = (*LabelledOperator.template_fields, "predictions", "reference")
    kind = "relation"

    def __init__(
        self,
        *,
        predictions: Dataset | Mapping[str, Any],
        reference: Any,
        metric: str,
        margin: float | None = None,
        features: Sequence[str] = (),
        min_completeness: float = 0.9,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.predictions = predictions
        self.reference = reference
        self.metric = metric
        self.margin = margin
        self.features = features
        self.min_completeness = min_completeness

    def compute(self, inputs: Inputs) -> Outcome:
        from airflow_ml_monitor.performance import explain_change

        window, label = reference_window(self.reference, inputs)
        if window is None:
            raise ConfigurationError(
                f"task {self.task_id!r} has reference={self.reference!r}; give the window that the change is since, "
                "a pair of times, or the name of a stored reference"
            )
        predictions = inputs.dataset(self.predictions)
        own = ("metric", "margin", "features", "min_completeness")
        of_rows = ("on", "problem", "score", "scores", "prediction", "positive", "threshold", "void", "confidence")
        report = explain_change(
            predictions,
            predictions,
            labels=inputs.dataset(self.labels),
            label=self.label_column,
            reference_window=window,
            window=inputs.window,
            as_of=inputs.as_of,
            connections=inputs.connections,
            **{name: getattr(self, name) for name in (*own, *of_rows)},
        )
        self._tell(report)
        return Outcome(report=replace(report, reference=label or report.reference))

    def _tell(self, report: Report) -> None:
        """Log the parts: a verdict that passes names no check."""
        for one in report.results:
            if one.check == "relation":
                self.log.info("%s", one.message)
