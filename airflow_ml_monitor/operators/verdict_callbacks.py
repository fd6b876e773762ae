"""``on_verdict``: what is called with the report and the task context after every verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.results import Report

VerdictCallback = Callable[[Report, Any], None]


def callbacks_of(on_verdict: VerdictCallback | Sequence[VerdictCallback] | None) -> tuple[VerdictCallback, ...]:
    """Return what is to be called, one after the other.

    :raises ConfigurationError: something that cannot be called with a report and a context.
    """
    found: tuple[Any, ...] = tuple(on_verdict) if isinstance(on_verdict, (list, tuple)) else (on_verdict,)
    given = tuple(each for each in found if each is not None)
    for each in given:
        if not callable(each):
            raise ConfigurationError(f"on_verdict={each!r} cannot be called; give a function of a report and a context")
        if _takes_a_context_alone(each):
            name = type(each).__name__
            raise ConfigurationError(
                f"on_verdict={name}(...) takes no report; wrap it: VerdictNotifier({name}(...)) tells what is new"
            )
    return given


def _takes_a_context_alone(callback: Any) -> bool:
    """Whether it is a notifier of Airflow as it is."""
    from airflow.sdk import BaseNotifier

    return isinstance(callback, BaseNotifier) and type(callback).__call__ is BaseNotifier.__call__
