"""Callables as parameters: Airflow calls any it finds in a template field, before the task, with its own arguments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Loader:
    """A callable that Airflow leaves alone until the task calls ``load``."""

    load: Callable[[], Any]

    def __str__(self) -> str:
        # Airflow stores this text with the DAG: it must be the same in every process.
        return f"{self.load.__module__}:{getattr(self.load, '__qualname__', type(self.load).__qualname__)}"


def kept(value: Any) -> Any:
    """Return a parameter as a template field may hold it: a callable within a ``Loader``, anything else as it is."""
    return Loader(value) if callable(value) else value


def kept_data(data: Any) -> Any:
    """Return a dataset as a template field may hold it: a callable within a ``Frame``, anything else as it is."""
    if not callable(data):
        return data
    from airflow_ml_monitor.data import Frame

    return Frame(data)
