"""The smallest model registry: a folder with a model and a JSON description per version, and what was in use when."""

from __future__ import annotations

import itertools
import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

_DEPLOYED = "deployed.json"  # in order of time, which is UTC


@dataclass(frozen=True)
class Registry:
    """Model versions in a folder.

    :param folder: made on first use; ``FLIGHT_DELAY_MODELS``, else ``models`` under ``AIRFLOW_HOME``, by default.
    """

    folder: Path

    @classmethod
    def default(cls) -> Registry:
        home = Path(os.environ.get("AIRFLOW_HOME", "~/airflow")).expanduser()
        return cls(Path(os.environ.get("FLIGHT_DELAY_MODELS", str(home / "models"))))

    def version_for(self, name: str, description: dict[str, Any]) -> str:
        """Return ``name``, or ``name`` with the first number under which no model with another description is kept.

        A challenger that is not proven yet must not take the place of the model in use.
        """
        names = itertools.chain([name], (f"{name}.{number}" for number in itertools.count(2)))
        return next(version for version in names if self._may_be(version, description))

    def save(self, version: str, model: Any, description: dict[str, Any]) -> None:
        """Keep a trained model and its description under ``version``; the same version again replaces it."""
        import joblib

        self.folder.mkdir(parents=True, exist_ok=True)
        partial = self._model_path(version).with_suffix(".partial")
        joblib.dump(model, partial, compress=3)
        partial.replace(self._model_path(version))
        self._write(f"{version}.json", {"version": version, **description})

    def load(self, version: str) -> Any:
        """Return the model of a version.

        :raises FileNotFoundError: there is no such version.
        """
        import joblib

        return joblib.load(self._model_path(version))

    def describe(self, version: str) -> dict[str, Any]:
        """Return what was said about a version when it was saved.

        :raises FileNotFoundError: there is no such version.
        """
        described: dict[str, Any] = json.loads((self.folder / f"{version}.json").read_text())
        return described

    def deploy(self, version: str, since: datetime) -> str | None:
        """Put ``version`` into use from a moment on; return the one that was in use then.

        :raises FileNotFoundError: there is no such version.
        """
        self.describe(version)
        before = self.in_use(since)
        others = [one for one in self._deployments() if datetime.fromisoformat(one["since"]) < since]
        self._write(_DEPLOYED, [*others, {"version": version, "since": since.isoformat()}])
        return before

    def in_use(self, at: datetime) -> str | None:
        """Return the version that was in use at a moment; ``None`` before the first."""
        before = [one for one in self._deployments() if datetime.fromisoformat(one["since"]) <= at]
        return str(before[-1]["version"]) if before else None

    def _may_be(self, version: str, description: dict[str, Any]) -> bool:
        try:
            return self.describe(version) == {"version": version, **description}
        except FileNotFoundError:
            return True

    def _deployments(self) -> list[dict[str, str]]:
        path = self.folder / _DEPLOYED
        found: list[dict[str, str]] = json.loads(path.read_text()) if path.exists() else []
        return found

    def _model_path(self, version: str) -> Path:
        return self.folder / f"{version}.joblib"

    def _write(self, name: str, content: Any) -> None:
        partial = self.folder / f"{name}.partial"
        partial.write_text(json.dumps(content, indent=2))
        partial.replace(self.folder / name)
