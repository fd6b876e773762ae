"""``BuildReferenceOperator``: profile a window and store it as a reference."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow_ml_monitor.operators._base import Inputs, MonitoringOperator, Outcome
from airflow_ml_monitor.operators.loaders import kept_data

if TYPE_CHECKING:
    from airflow_ml_monitor.data import Dataset
    from airflow_ml_monitor.drift import DriftPolicy


class BuildReferenceOperator(MonitoringOperator):
    """Profile the rows of a window once and store the profile as the current version of a reference.

    The same content under the same name makes no new version. A window without rows is an error: the reference stays
    as it was.

    :param name: the reference's name.
    :param data: the dataset.
    :param columns: the columns to profile; all of the dataset's by default, but for its time columns.
    :param kinds: column -> kind (``numeric``, ``categorical``, ...), where the inferred one is not what is meant.
    :param windows: the length of the windows that the reference consists of (``timedelta(days=7)``), or these windows
        as pairs of times: from how much they differ, a drift policy learns its limits where they are eight or more.
    :param policy: the policy whose checks are measured on these windows, where it is not the default one.
    :param sample: rows to keep with the profile, for the methods that look at all columns together; none by default.
    """

    template_fields: Sequence[str] = (*MonitoringOperator.template_fields, "data", "name")
    kind = "reference"

    def __init__(
        self,
        *,
        name: str,
        data: Dataset | Mapping[str, Any] | Callable[..., Any],
        columns: Sequence[str] | None = None,
        kinds: Mapping[str, str] | None = None,
        windows: timedelta | Sequence[Any] | None = None,
        policy: DriftPolicy | None = None,
        sample: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.data = kept_data(data)
        self.columns = columns
        self.kinds = kinds
        self.windows = windows
        self.policy = policy
        self.sample = sample

    def compute(self, inputs: Inputs) -> Outcome:
        from airflow_ml_monitor.drift import build_reference
        from airflow_ml_monitor.drift.reference_report import reference_report

        dataset = inputs.dataset(self.data)
        profile = build_reference(
            dataset,
            window=inputs.window,
            as_of=inputs.as_of,
            columns=self.columns,
            kinds=self.kinds,
            windows=self.windows,
            policy=self.policy,
            sample=self.sample,
            connections=inputs.connections,
        )
        report = reference_report(profile, dataset, name=self.name, window=inputs.window)
        return Outcome(report=report, profile=profile, reference_name=self.name)
