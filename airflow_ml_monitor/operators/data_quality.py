"""``DataQualityOperator``: expectations, volume, schema and freshness of a window."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_ml_monitor.errors import SuiteError
from airflow_ml_monitor.operators._base import Inputs, MonitoringOperator, Outcome
from airflow_ml_monitor.operators.loaders import Loader, kept, kept_data

if TYPE_CHECKING:
    from airflow_ml_monitor.data import Dataset
    from airflow_ml_monitor.quality import VolumeLimits


class DataQualityOperator(MonitoringOperator):
    """Judge the data of a window: a Great Expectations suite, row volume and outage, schema change, freshness.

    :param data: the dataset; a data frame's loader, or a dataset's ``to_dict`` form, will do as well.
    :param suite: path or URL of a JSON or YAML file, an ``ExpectationSuite``, a list of expectations, or a callable
        that returns one of these inside the task. A relative path is looked for beside the DAG file, then in the
        working directory. Without a suite only volume, schema and freshness are judged.
    :param parameters: values for the suite's ``{"$PARAMETER": name}``.
    :param reference: name of a stored reference whose volume and schema the window is compared with.
    :param volume: how far the number of rows may be from the reference's.
    :param freshness: how old the latest row may be at ``as_of`` (at the window's end, where that is earlier).
    """

    template_fields: Sequence[str] = (*MonitoringOperator.template_fields, "data", "suite", "parameters", "reference")
    kind = "data_quality"

    def __init__(
        self,
        *,
        data: Dataset | Mapping[str, Any] | Callable[..., Any],
        suite: Any = None,
        parameters: Mapping[str, Any] | None = None,
        reference: str | None = None,
        volume: VolumeLimits | None = None,
        freshness: timedelta | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.data = kept_data(data)
        self.suite = kept(suite)
        self.parameters = parameters
        self.reference = reference
        self.volume = volume
        self.freshness = freshness

    def compute(self, inputs: Inputs) -> Outcome:
        from airflow_ml_monitor.quality import validate

        reference = self._stored_reference(inputs)
        report = validate(
            inputs.dataset(self.data),
            self._suite(),
            reference=None if reference is None else reference.profile,
            window=inputs.window,
            as_of=inputs.as_of,
            freshness=self.freshness,
            volume=self.volume,
            parameters=self.parameters,
            connections=inputs.connections,
        )
        return Outcome(report=report if reference is None else replace(report, reference=reference.label))

    def _suite(self) -> Any:
        suite = _loaded(self.suite) if isinstance(self.suite, Loader) else self.suite
        dag = self.get_dag()
        if dag is None or not isinstance(suite, (str, PathLike)):
            return suite
        return suite_path(str(suite), Path(dag.fileloc).parent)

    def _stored_reference(self, inputs: Inputs) -> Any:
        if self.reference is None:
            return None
        return inputs.store.reference(model=inputs.model, environment=inputs.environment, name=self.reference)


def _loaded(suite: Loader) -> Any:
    """Return what a suite's function returns, which imports Great Expectations: quietly, being the first to."""
    from airflow_ml_monitor.quality import gx  # noqa: F401

    return suite.load()


def suite_path(path: str, dag_folder: Path) -> str:
    """Return where a suite file is: a relative local path is looked for beside the DAG file, then where the task runs.

    :raises SuiteError: it is in neither place.
    """
    if "://" in path or path.startswith("~") or Path(path).is_absolute():
        return path
    tried = list(dict.fromkeys([(dag_folder / path).absolute(), Path(path).absolute()]))
    found = next((place for place in tried if place.exists()), None)
    if found is None:
        places = " nor at ".join(map(str, tried))
        raise SuiteError(
            f"suite file {path!r} does not exist; it is not at {places}; write the suite there or give an absolute path"
        )
    return str(found)
