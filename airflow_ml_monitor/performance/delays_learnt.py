"""How a delay is said: a time, a column, or one that is learnt.

A DAG file makes these while it is parsed, so nothing here loads what computes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeAlias

from airflow_ml_monitor.errors import ConfigurationError


@dataclass(frozen=True, kw_only=True)
class LearntDelay:
    """The delay after which a share of the labels has come, learnt at every look by ``learn_delay``.

    :param quantile: the share, between 0 and 1, of all predictions that are not void, never labelled ones included.
    :param over: it is learnt from the predictions of so long before ``as_of``. Without it, from the windows that
        ``PendingWindowsOperator`` looks at; a task of one window needs it.
    :param fallback: the delay while that is not identified; without one it is an error.
    :raises ConfigurationError: a share that is none, a time that is none.
    """

    quantile: float = 0.95
    over: timedelta | None = None
    fallback: timedelta | None = None

    def __post_init__(self) -> None:
        if not 0 < self.quantile < 1:
            raise ConfigurationError(f"quantile={self.quantile!r} must be between 0 and 1, such as 0.95")
        if self.over is not None and self.over <= timedelta(0):
            raise ConfigurationError(f"over={self.over!r} must be a timedelta longer than nothing")
        if self.fallback is not None and self.fallback < timedelta(0):
            raise ConfigurationError(f"fallback={self.fallback!r} must be a timedelta of zero or more")

    def to_dict(self) -> dict[str, float | None]:
        """Return plain JSON types, times in seconds; ``from_dict`` gives an equal one back."""
        times = {name: getattr(self, name) for name in ("over", "fallback")}
        plain = {name: None if time is None else time.total_seconds() for name, time in times.items()}
        return {"quantile": self.quantile, **plain}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> LearntDelay:
        read = {name: None if plain[name] is None else timedelta(seconds=plain[name]) for name in ("over", "fallback")}
        return cls(quantile=plain["quantile"], **read)


Delay: TypeAlias = timedelta | str | LearntDelay
"""How long after its prediction a label is due, the column of the predictions that says when, or what learns it."""


def before_learning(delay: Delay) -> timedelta | str:
    """Return a delay as far as it is known while a DAG is parsed: a learnt one is not, and stands for nothing.

    :raises ConfigurationError: one that a task of one window cannot learn.
    """
    if not isinstance(delay, LearntDelay):
        return delay
    if delay.over is None:
        raise ConfigurationError(
            f"delay={delay!r} needs over=, such as timedelta(weeks=26): a task of one window learns it from the "
            "predictions of so long before as_of"
        )
    return timedelta(0)


def plain_delay(delay: Delay) -> Any:
    """Return a delay as plain JSON types: seconds, the name of a column, or what learns it."""
    if isinstance(delay, LearntDelay):
        return delay.to_dict()
    return delay if isinstance(delay, str) else delay.total_seconds()


def delay_from(plain: Any) -> Delay:
    """Return the delay of which ``plain_delay`` made plain types."""
    if isinstance(plain, str):
        return plain
    return LearntDelay.from_dict(plain) if isinstance(plain, Mapping) else timedelta(seconds=plain)
