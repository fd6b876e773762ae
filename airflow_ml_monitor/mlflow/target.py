"""Where in MLflow verdicts go."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_ml_monitor.errors import ConfigurationError


@dataclass(frozen=True, kw_only=True)
class Target:
    """A run, an experiment or a version of a registered model.

    :param run_id: a run that exists: the one that trained the model, say.
    :param experiment: the name of an experiment, made where there is none. It gets one run for each environment,
        model and model version, and all their verdicts go there: its charts are their history.
    :param registered_model: a model of the registry. Its version gets the latest verdict as tags; metrics and files go
        to the version's own run, or to ``run_id`` or ``experiment`` where one is given.
    :param version: the version; by default the model version of the report.
    :param alias: an alias of the version in place of its number: ``champion``.
    :raises ConfigurationError: nothing is named, or two things that exclude each other.
    """

    run_id: str | None = None
    experiment: str | None = None
    registered_model: str | None = None
    version: str | None = None
    alias: str | None = None

    def __post_init__(self) -> None:
        if not (self.run_id or self.experiment or self.registered_model):
            raise ConfigurationError(
                "nothing says where in MLflow verdicts go; give run_id=, experiment= or registered_model="
            )
        self._refuse("run_id", "experiment")
        self._refuse("version", "alias")
        named = self.version or self.alias
        if named and not self.registered_model:
            raise ConfigurationError(f"{named!r} is a version of what? Give registered_model= as well")

    def _refuse(self, one: str, other: str) -> None:
        values = getattr(self, one), getattr(self, other)
        if all(values):
            raise ConfigurationError(f"{one}={values[0]!r} and {other}={values[1]!r} exclude each other; give one")
