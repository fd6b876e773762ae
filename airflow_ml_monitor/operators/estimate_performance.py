"""``EstimatePerformanceOperator``: how is the model probably doing, before the labels are there?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_ml_monitor.operators._base import Inputs, MonitoringOperator, Outcome, given

if TYPE_CHECKING:
    from airflow_ml_monitor.data import Dataset
    from airflow_ml_monitor.performance.expectations import Expectation


class EstimatePerformanceOperator(MonitoringOperator):
    """Estimate a window's metrics from its predictions and a labelled reference, and judge the model by them.

    It assumes that the relation of features and label is that of the reference. It may close a gate; that it passes
    proves nothing, so a ``GateOperator`` with no other evidence is ``insufficient``. When the labels of the window have
    come, ``ModelQualityOperator`` sets what they give beside the estimate.

    :param predictions: the dataset of predictions; its ``time_column`` is the time of the prediction.
    :param reference: a dataset of predictions with their labels, none of which the model learnt from. Its
        ``arrived_at_column`` says since when a label is known.
    :param labels: the dataset of the reference's labels, where they are not in its rows; ``on`` is the key they share,
        ``void`` says which predictions never get one.
    :param problem: ``"binary"``, ``"multiclass"`` or ``"regression"``.
    :param reference_window: event time of the reference; all its rows by default.
    :param expect: ``AtLeast``, ``AtMost``, ``NoWorseThanReference``.
    :param features: what the loss of a regressor may depend on, besides its answer.
    :param cluster: column of both datasets that says which rows belong together, such as a customer's. The other
        parameters are those of ``ModelQualityOperator``; rows that weigh more than others cannot be estimated.
    """

    template_fields: Sequence[str] = (
        *MonitoringOperator.template_fields,
        "predictions",
        "reference",
        "reference_window",
        "labels",
    )
    kind = "estimated_performance"

    def __init__(
        self,
        *,
        predictions: Dataset | Mapping[str, Any],
        reference: Dataset | Mapping[str, Any],
        problem: str,
        reference_window: Any = None,
        labels: Dataset | Mapping[str, Any] | None = None,
        on: str | Sequence[str] = (),
        void: str | Mapping[str, Any] | None = None,
        expect: Sequence[Expectation] = (),
        label: str = "label",
        score: str | None = "score",
        scores: Mapping[Any, str] | None = None,
        prediction: str | None = None,
        positive: Any = None,
        threshold: float = 0.5,
        features: Sequence[str] = (),
        cluster: str | None = None,
        confidence: float = 0.95,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.predictions = predictions
        self.reference = reference
        self.problem = problem
        self.reference_window = reference_window
        self.labels = labels
        self.on = on
        self.void = void
        self.expect = expect
        self.label_column = label  # a task's label is its name in Airflow's graph
        self.score = score
        self.scores = scores
        self.prediction = prediction
        self.positive = positive
        self.threshold = threshold
        self.features = features
        self.cluster = cluster
        self.confidence = confidence

    def compute(self, inputs: Inputs) -> Outcome:
        from airflow_ml_monitor.performance import estimate_performance

        columns = ("score", "scores", "prediction", "positive", "threshold", "features", "cluster", "on", "void")
        predictions = inputs.dataset(self.predictions)  # what is judged comes first in the lineage
        report = estimate_performance(
            inputs.dataset(self.reference),
            predictions,
            label=self.label_column,
            window=inputs.window,
            reference_window=given(self.reference_window),
            as_of=inputs.as_of,
            confidence=self.confidence,
            problem=self.problem,
            expect=self.expect,
            labels=None if self.labels is None else inputs.dataset(self.labels),
            connections=inputs.connections,
            **{name: getattr(self, name) for name in columns},
        )
        return Outcome(report=report)
