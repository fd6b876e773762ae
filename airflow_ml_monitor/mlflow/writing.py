"""Writing an entry to MLflow. Writing it again changes nothing: steps, times, tags and paths are the report's own."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.mlflow.entry import ROOT, Entry
from airflow_ml_monitor.mlflow.server import Server
from airflow_ml_monitor.mlflow.target import Target
from airflow_ml_monitor.results import Report

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

_MOST_METRICS = 1_000
"""MLflow's limit of one request."""
_OF_VERSION = ("status", "window", "as_of", "report_id", "link", "summary")
_SERIES = f"{ROOT}.series"


@dataclass(frozen=True)
class Logged:
    """Where an entry is now: the run of an experiment, and the version of the registered model that was tagged."""

    run_id: str
    experiment_id: str
    version: str | None = None

    @property
    def path(self) -> str:
        """The run's page, below the address of the server."""
        return f"#/experiments/{self.experiment_id}/runs/{self.run_id}"


def log_entry(entry: Entry, target: Target, server: Server | None = None, *, page: str | None = None) -> Logged:
    """Write metrics, tags and files of a report to a run, and its verdict to the version of a registered model.

    The files are the report as JSON and, where ``page`` is given, as HTML. Tags tell the verdict on the latest window:
    an earlier window judged later leaves them as they are.

    :raises ConfigurationError: MLflow is not installed, no server is named, or the target lacks what only it can say.
    :raises TrackingError: MLflow refused, cannot be reached, or did not answer in time.
    """
    return (server or Server()).ask(lambda client: _log(client, entry, target, page))


def _log(client: MlflowClient, entry: Entry, target: Target, page: str | None) -> Logged:
    version = _version(client, entry, target) if target.registered_model else None
    run = client.get_run(_run_id(client, entry, target, version))
    run_id, experiment_id = str(run.info.run_id), str(run.info.experiment_id)
    _log_files(client, run_id, entry, page)
    _log_metrics(client, run_id, entry)
    if entry.is_as_new_as(run.data.tags):
        _tag_run(client, run_id, entry)
    if version is None:
        return Logged(run_id, experiment_id)
    if entry.is_as_new_as(version.tags):
        _tag_version(client, version, entry, run_id)
    return Logged(run_id, experiment_id, str(version.version))


def _version(client: MlflowClient, entry: Entry, target: Target) -> ModelVersion:
    model = str(target.registered_model)
    if target.alias:
        return client.get_model_version_by_alias(model, target.alias)
    wanted = target.version or entry.report.model_version
    if wanted is None:
        raise ConfigurationError(
            f"which version of the registered model {model!r}? Give version= or alias=, or the task model_version="
        )
    return client.get_model_version(model, wanted)


def _run_id(client: MlflowClient, entry: Entry, target: Target, version: ModelVersion | None) -> str:
    if target.run_id:
        return target.run_id
    if target.experiment:
        return _run_of_model(client, entry, _experiment_id(client, target.experiment))
    if version is None or not version.run_id:
        named = f"version {version and version.version} of the registered model {target.registered_model!r}"
        raise ConfigurationError(f"{named} has no run of its own; give experiment= for its metrics")
    return str(version.run_id)


def _experiment_id(client: MlflowClient, name: str) -> str:
    from mlflow.exceptions import MlflowException

    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    try:
        return str(client.create_experiment(name))
    except MlflowException:
        found = client.get_experiment_by_name(name)
        if found is None:
            raise
        return str(found.experiment_id)  # another task made it at the same moment


def _run_of_model(client: MlflowClient, entry: Entry, experiment_id: str) -> str:
    """Return the one run in an experiment that has the verdicts on a model; made where there is none."""
    report = entry.report
    about = (report.environment, report.model, report.model_version)
    series = hashlib.sha256(json.dumps(about).encode()).hexdigest()
    found = _oldest(client, experiment_id, series)
    if found is not None:
        return found
    name = " ".join(part for part in (report.model, report.model_version, report.environment) if part)
    made = str(client.create_run(experiment_id, tags={_SERIES: series}, run_name=name).info.run_id)
    client.update_run(made, status="FINISHED")  # it takes verdicts all the same, and nothing of it is under way
    oldest = _oldest(client, experiment_id, series) or made
    if oldest != made:
        client.delete_run(made)  # another task made one at the same moment
    return oldest


def _oldest(client: MlflowClient, experiment_id: str, series: str) -> str | None:
    order = ["attributes.start_time ASC", "attributes.run_id ASC"]
    asked = f"tags.`{_SERIES}` = '{series}'"
    runs = client.search_runs([experiment_id], asked, max_results=1, order_by=order)
    return str(runs[0].info.run_id) if runs else None


def _log_files(client: MlflowClient, run_id: str, entry: Entry, page: str | None) -> None:
    client.log_text(run_id, _as_json(entry.report), f"{entry.file}.json")
    if page is not None:
        client.log_text(run_id, page, f"{entry.file}.html")


def _as_json(report: Report) -> str:
    """Return a report as the store keeps it: numbers that JSON does not know are texts, secrets are masked."""
    # A DAG file that names LogToMlflow loads this module, and must not load the store.
    from airflow_ml_monitor.store.masking import masked
    from airflow_ml_monitor.store.plain import plain_json

    plain: dict[str, Any] = plain_json(report.to_dict())
    return json.dumps({**plain, "config": masked(plain["config"])}, allow_nan=False)


def _log_metrics(client: MlflowClient, run_id: str, entry: Entry) -> None:
    from mlflow.entities import Metric

    found = [Metric(name, value, entry.timestamp, entry.step) for name, value in entry.metrics().items()]
    for start in range(0, len(found), _MOST_METRICS):
        client.log_batch(run_id, metrics=found[start : start + _MOST_METRICS], synchronous=True)


def _tag_run(client: MlflowClient, run_id: str, entry: Entry) -> None:
    from mlflow.entities import RunTag

    client.log_batch(run_id, tags=[RunTag(*tag) for tag in entry.tags().items()], synchronous=True)


def _tag_version(client: MlflowClient, version: ModelVersion, entry: Entry, run_id: str) -> None:
    tags = entry.tags()
    keys = [key for key in map(entry.tag, _OF_VERSION) if key in tags]
    for key, value in [*((key, tags[key]) for key in keys), (entry.tag("mlflow_run_id"), run_id)]:
        client.set_model_version_tag(version.name, str(version.version), key, value)
