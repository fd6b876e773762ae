"""A delay that is learnt at every look. A DAG file makes one, so nothing here loads what computes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from airflow_ml_monitor.errors import ConfigurationError


@dataclass(frozen=True, kw_only=True)
class LearntDelay:
    """The delay after which a share of the labels has come, by ``learn_delay`` over the windows that are looked at.

    :param quantile: the share, between 0 and 1, of all predictions that are not void, never labelled ones included.
    :param fallback: the delay while that is not identified; without one it is an error.
    :raises ConfigurationError: a share that is none.
    """

    quantile: float = 0.95
    fallback: timedelta | None = None

    def __post_init__(self) -> None:
        if not 0 < self.quantile < 1:
            raise ConfigurationError(f"quantile={self.quantile!r} must be between 0 and 1, such as 0.95")
        if self.fallback is not None and self.fallback < timedelta(0):
            raise ConfigurationError(f"fallback={self.fallback!r} must be a timedelta of zero or more")
