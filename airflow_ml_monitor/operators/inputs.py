"""What the run of a task is about, and what it gives back."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_ml_monitor.results import Report
from airflow_ml_monitor.window import Window

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_ml_monitor.data import Connections, Dataset
    from airflow_ml_monitor.profile import Profile
    from airflow_ml_monitor.store import Store


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What a task run is about, resolved from its parameters and context."""

    context: Context
    store: Store
    connections: Connections
    model: str
    model_version: str | None
    environment: str
    window: Window | None
    as_of: datetime
    datasets: list[Dataset] = field(default_factory=list)
    """The datasets asked for so far."""

    def dataset(self, data: Any) -> Dataset:
        """Return the dataset with its templates rendered for this run."""
        from airflow_ml_monitor.data import as_dataset

        found = as_dataset(data).resolve(dict(self.context))
        self.datasets.append(found)
        return found


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What ``compute`` gives back: the report, and what is to be stored beside it."""

    report: Report
    profile: Profile | None = None
    reference_name: str | None = None


def spare_memory() -> None:
    """Have Arrow take memory from the system's allocator, unless somebody chose another one or Arrow is loaded.

    The one it takes else keeps 15 to 30 MB in reserve, in each task, and is no faster at what tasks do.
    """
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
