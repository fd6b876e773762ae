"""``DriftOperator``: has a window moved away from a stored reference?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.operators._base import Inputs, MonitoringOperator, Outcome, given
from airflow_ml_monitor.operators.loaders import kept_data

if TYPE_CHECKING:
    from airflow_ml_monitor.data import Dataset
    from airflow_ml_monitor.drift import DriftPolicy


class DriftOperator(MonitoringOperator):
    """Compare a window with a stored reference, column by column, and keep the window's profile.

    :param data: the dataset of the window.
    :param reference: name of the stored reference (``BuildReferenceOperator`` makes one).
    :param reference_version: a certain version of it; the current one by default.
    :param policy: which columns, methods and limits; the default policy otherwise.
    """

    template_fields: Sequence[str] = (*MonitoringOperator.template_fields, "data", "reference", "reference_version")
    kind = "drift"

    def __init__(
        self,
        *,
        data: Dataset | Mapping[str, Any] | Callable[..., Any],
        reference: str,
        reference_version: int | str | None = None,
        policy: DriftPolicy | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.data = kept_data(data)
        self.reference = reference
        self.reference_version = reference_version
        self.policy = policy

    def compute(self, inputs: Inputs) -> Outcome:
        from airflow_ml_monitor.drift import DriftPolicy, detect_drift
        from airflow_ml_monitor.drift.multivariate import rows_needed
        from airflow_ml_monitor.profile import profile_like

        reference = inputs.store.reference(
            model=inputs.model, environment=inputs.environment, name=self.reference, version=self._version()
        )
        dataset = inputs.dataset(self.data)
        policy = self.policy or DriftPolicy()
        current = profile_like(
            reference.profile,
            dataset,
            window=inputs.window,
            as_of=inputs.as_of,
            sample=rows_needed(policy),
            connections=inputs.connections,
        )
        report = detect_drift(
            reference.profile,
            current,
            policy=policy,
            window=inputs.window,
            as_of=inputs.as_of,
            history=self.earlier_reports(inputs) if policy.confirm else (),
        )
        config = {**report.config, "data": dataset.to_dict()}
        # Rows of the batch are compared and forgotten: only a reference keeps a sample, where it was asked for.
        stored = replace(current, sample=None)
        return Outcome(report=replace(report, reference=reference.label, config=config), profile=stored)

    def _version(self) -> int | None:
        version = given(self.reference_version)
        try:
            return None if version is None else int(version)
        except ValueError:
            raise ConfigurationError(
                f"reference_version={version!r} of task {self.task_id!r} is not a number; "
                "leave it out for the current version"
            ) from None
