"""``ModelQualityOperator``: is the model still good enough, by the labels that have arrived?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow_ml_monitor.operators._base import Inputs, Outcome, given
from airflow_ml_monitor.operators._labelled import LabelledOperator
from airflow_ml_monitor.operators.reference_windows import reference_window

if TYPE_CHECKING:
    from airflow_ml_monitor.data import Dataset
    from airflow_ml_monitor.performance import FairnessLimit, FindSegments, Segment
    from airflow_ml_monitor.performance.expectations import Expectation
    from airflow_ml_monitor.results import Report


class ModelQualityOperator(LabelledOperator):
    """Set a window's predictions beside the labels known at ``as_of``, and judge the model by them.

    Run again with a later ``as_of``, it makes another report: labels that came since, or were corrected, count then.
    Where the store has an estimate of the window (``EstimatePerformanceOperator``), it stands beside each metric.

    :param predictions: the dataset of predictions; its ``time_column`` is the time of the prediction.
    :param expect: what the model must keep: ``AtLeast("roc_auc", 0.7)``, ``NoWorseThanReference("log_loss", 0.02)``.
    :param segments: columns of the predictions by whose levels the same is asked, or ``Segment`` objects.
    :param reference: where ``NoWorseThanReference`` finds the reference's own performance: a window of the same
        predictions and labels, or the name of a stored reference, whose window it is.
    :param min_completeness: by default worst-case limits decide windows of which labels are missing; a share lets the
        labels that are there decide once so many are.
    :param cluster: column of the predictions that says which rows belong together, such as a customer's.
    :param weight: column of the predictions that says how much a row counts.
    :param find_segments: columns of the predictions by which to find the worst parts of the rows; or ``FindSegments``.
    :param fairness: how much groups may differ: ``FairnessLimit("equalized_odds_difference", 0.1, by="sex")``.
    :param trained_at: when the model was trained, templated: its age at the end of the window is told.
    :param max_age: an older model fails.
    """

    template_fields: Sequence[str] = (*LabelledOperator.template_fields, "predictions", "reference", "trained_at")
    kind = "model_quality"

    def __init__(
        self,
        *,
        predictions: Dataset | Mapping[str, Any],
        expect: Sequence[Expectation] = (),
        segments: Sequence[str | Segment] = (),
        reference: Any = None,
        min_completeness: float | None = None,
        cluster: str | None = None,
        weight: str | None = None,
        find_segments: str | Sequence[str] | FindSegments | None = None,
        fairness: FairnessLimit | Sequence[FairnessLimit] = (),
        trained_at: Any = None,
        max_age: timedelta | None = None,
        **kwargs: Any,
    ) -> None:
        from airflow_ml_monitor.performance import FairnessLimit, FindSegments

        super().__init__(**kwargs)
        FindSegments.of(find_segments)  # wrong values are known while the DAG is parsed
        FairnessLimit.all_of(fairness)
        self.predictions = predictions
        self.expect = expect
        self.segments = segments
        self.reference = reference
        self.min_completeness = min_completeness
        self.find_segments = find_segments
        self.fairness = fairness
        self.trained_at = trained_at
        self.max_age = max_age
        self.cluster = cluster
        self.weight = weight

    def compute(self, inputs: Inputs) -> Outcome:
        from airflow_ml_monitor.performance import evaluate_model

        window, label = reference_window(self.reference, inputs)
        report = evaluate_model(
            inputs.dataset(self.predictions),
            inputs.dataset(self.labels),
            expect=self.expect,
            segments=self.segments,
            reference=window,
            min_completeness=self.min_completeness,
            cluster=self.cluster,
            weight=self.weight,
            find_segments=self.find_segments,
            fairness=self.fairness,
            trained_at=given(self.trained_at),
            max_age=self.max_age,
            history=self._history(inputs),
            **self._options(inputs),
        )
        report = replace(report, reference=label or report.reference)
        return Outcome(report=self._beside_estimate(inputs, report))

    def _beside_estimate(self, inputs: Inputs, report: Report) -> Report:
        """Return the report with what was estimated of the window before its labels came, where something was."""
        from airflow_ml_monitor.performance import compare_with_estimate

        found = inputs.store.current_reports(
            model=inputs.model,
            environment=inputs.environment,
            window=inputs.window,
            kinds=("estimated_performance",),
            model_version=inputs.model_version,
        )
        estimates = [one.report for one in found if inputs.window is not None and one.report.as_of <= report.as_of]
        if not estimates:
            return report
        return compare_with_estimate(report, max(estimates, key=lambda one: one.as_of))

    def _history(self, inputs: Inputs) -> list[Report]:
        """Return the current reports on the model, where an expectation holds over windows."""
        asked = any(getattr(one, "over_windows", False) for one in self.expect)
        return self.earlier_reports(inputs) if asked else []
