"""What Airflow is told so that a ``LabelsSensor`` starts in the triggerer, without a worker."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import StartTriggerArgs

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.triggers.labels_start import GRACE

if TYPE_CHECKING:
    from airflow_ml_monitor.sensors.labels import LabelsSensor

_TRIGGER = "airflow_ml_monitor.triggers.labels_start.LabelsStartTrigger"


def start_trigger_args(sensor: LabelsSensor) -> StartTriggerArgs:
    """Return the trigger of a sensor that starts in the triggerer: plain JSON, its templates not rendered.

    :raises ConfigurationError: the sensor needs a worker to know what it waits for.
    """
    return StartTriggerArgs(
        trigger_cls=_TRIGGER,
        trigger_kwargs={
            "predictions": _table("predictions", sensor.predictions),
            "labels": _table("labels", sensor.labels),
            "window": _window(sensor.window),
            "as_of": sensor.as_of.isoformat() if isinstance(sensor.as_of, datetime) else sensor.as_of,
            "wait": _rest(sensor),
            "poke_interval": sensor.poke_interval,
            "timeout": sensor.timeout,
        },
        next_method="execute_complete",
        timeout=timedelta(seconds=sensor.timeout) + GRACE,
    )


def _rest(sensor: LabelsSensor) -> dict[str, Any]:
    from airflow_ml_monitor.performance.delays_learnt import plain_delay
    from airflow_ml_monitor.performance.label_wait import plain_void

    return {
        "on": [sensor.on] if isinstance(sensor.on, str) else list(sensor.on),
        "label": sensor.label_column,
        "delay": plain_delay(sensor.delay),
        "void": plain_void(sensor.void),
        "min_coverage": sensor.min_coverage,
        "overdue_after": None if sensor.overdue_after is None else sensor.overdue_after.total_seconds(),
    }


def _table(name: str, given: Any) -> dict[str, Any]:
    from airflow_ml_monitor.data import Table, as_dataset

    if isinstance(given, (Mapping, Table)):
        dataset = as_dataset(given)
        if isinstance(dataset, Table):
            return dataset.to_dict()
    raise ConfigurationError(f"start_from_trigger=True needs a Table as {name}=, not {given!r}: the triggerer reads it")


def _window(given: Any) -> Any:
    """Return a window's bounds as plain texts, which may be templates."""
    pair = [given["start"], given["end"]] if isinstance(given, Mapping) and {"start", "end"} <= given.keys() else given
    if isinstance(pair, (list, tuple)) and len(pair) == 2 and all(isinstance(each, (str, datetime)) for each in pair):
        return [each if isinstance(each, str) else each.isoformat() for each in pair]
    raise ConfigurationError(
        f"start_from_trigger=True needs window= as a pair of times or templates, not {given!r}: in the triggerer "
        "Airflow tells no asset events, from which another window could come"
    )
