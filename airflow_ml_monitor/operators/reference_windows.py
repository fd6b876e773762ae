"""Which window of predictions a model is compared with: a pair of times, or that of a stored reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.operators._base import given
from airflow_ml_monitor.window import Window

if TYPE_CHECKING:
    from airflow_ml_monitor.operators._base import Inputs


def reference_window(reference: Any, inputs: Inputs) -> tuple[Window | None, str | None]:
    """Return the window of the reference, and the stored reference it is of.

    :param reference: a pair of times, the name of a stored reference, or nothing.
    :raises ConfigurationError: the stored reference has no window.
    """
    wanted = given(reference)
    if not isinstance(wanted, str):
        return (None if wanted is None else Window.of(wanted)), None
    stored = inputs.store.reference(model=inputs.model, environment=inputs.environment, name=wanted)
    if stored.profile.window is None:
        raise ConfigurationError(
            f"reference {stored.label} of model {inputs.model!r} has no window, so no predictions belong to it; "
            "give reference= a window: a pair of times"
        )
    return stored.profile.window, stored.label
