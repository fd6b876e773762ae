"""``CompareModelsOperator``: is the challenger proven to be better, or at least no worse?"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_ml_monitor.operators._base import Inputs, Outcome
from airflow_ml_monitor.operators._labelled import LabelledOperator

if TYPE_CHECKING:
    from airflow_ml_monitor.data import Dataset
    from airflow_ml_monitor.performance import Segment
    from airflow_ml_monitor.performance.comparison_terms import Goal


class CompareModelsOperator(LabelledOperator):
    """Compare two models on the same labelled rows, pair by pair, and let the DAG deploy only what is proven.

    It closes on everything but ``pass``: a difference that is not proven deploys nothing.

    :param champion: predictions of the model in use; ``time_column`` is the time of the prediction.
    :param challenger: predictions of the model that would replace it, of the same keys.
    :param metric: what they are compared by: ``"log_loss"``, ``"roc_auc"``, ``"rmse"``, ...
    :param goal: ``"superiority"``, better by more than ``margin``; ``"non_inferiority"``, worse by no more than that.
    :param margin: in the metric's own units.
    :param min_completeness: the share of the labels from which those that are there decide; ``None`` for worst-case
        limits: what is proven stays so whatever the missing labels are.
    :param segments: columns by whose levels the two are compared as well; ``Segment("carrier", required=True)`` vetoes
        a challenger that is not proven to be no worse there by more than ``segment_margin``.
    :param cluster: column of the champion's predictions that says which rows belong together, such as a customer's.
    :param weight: column of the champion's predictions that says how much a row counts.
    :raises ConfigurationError: what can never be proven: an unknown goal, a margin below zero, segments without theirs.
    """

    template_fields: Sequence[str] = (*LabelledOperator.template_fields, "champion", "challenger")
    kind = "model_comparison"

    def __init__(
        self,
        *,
        champion: Dataset | Mapping[str, Any],
        challenger: Dataset | Mapping[str, Any],
        metric: str,
        goal: Goal = "superiority",
        margin: float = 0.0,
        min_completeness: float | None = None,
        segments: str | Segment | Sequence[str | Segment] = (),
        segment_margin: float | None = None,
        cluster: str | None = None,
        weight: str | None = None,
        close_on: Collection[str] = ("fail", "error", "insufficient", "warn"),
        **kwargs: Any,
    ) -> None:
        from airflow_ml_monitor.performance.comparison_terms import require_segment_margin, require_terms

        super().__init__(close_on=close_on, **kwargs)
        require_terms(goal, margin, min_completeness)  # wrong values are known while the DAG is parsed
        require_segment_margin(segments, segment_margin)
        self.champion = champion
        self.challenger = challenger
        self.metric = metric
        self.goal = goal
        self.margin = margin
        self.min_completeness = min_completeness
        self.segments = segments
        self.segment_margin = segment_margin
        self.cluster = cluster
        self.weight = weight

    def compute(self, inputs: Inputs) -> Outcome:
        from airflow_ml_monitor.performance import compare_models

        report = compare_models(
            inputs.dataset(self.champion),
            inputs.dataset(self.challenger),
            inputs.dataset(self.labels),
            metric=self.metric,
            goal=self.goal,
            margin=self.margin,
            min_completeness=self.min_completeness,
            segments=self.segments,
            segment_margin=self.segment_margin,
            cluster=self.cluster,
            weight=self.weight,
            **self._options(inputs),
        )
        return Outcome(report=report)
