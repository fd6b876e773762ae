"""``Finding``: what was measured about one column, before it is decided whether it matters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from airflow_ml_monitor.results import Severity, Status

_ROUNDING = 1e-9


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One effect with its evidence.

    :param value: the effect, ``limit`` the one from which on it matters (an effect exactly at it does).
    :param p_value: probability of at least this effect under no change; ``None`` where there is nothing to test.
    :param chance: at most the probability that no change at all reaches the limit. A test that chance cannot bring to
        its limit cannot raise a false alarm, and costs the others nothing.
    :param critical: gives the effect whose p-value is the one given, at these numbers of rows.
    :param linear: whether the rows needed fall with the effect (counts of rare things), not with its square.
    :param settled: the status, where no test decides it.
    :param otherwise: the status where a test decides that it does not fail.
    :param required: the report is ``insufficient`` when this one is.
    :param message: what moved, from what to what.
    """

    check: str
    metric: str
    column: str | None
    severity: Severity
    n_reference: int
    n_current: int
    value: float | None = None
    limit: float | None = None
    p_value: float | None = None
    chance: float = 1.0
    critical: Callable[[float], float] | None = None
    linear: bool = False
    settled: Status | None = None
    otherwise: Status = Status.PASS
    required: bool = False
    message: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def reached(self) -> bool:
        """Whether the effect is at or beyond its limit; a hair below by rounding counts as at it."""
        return self.value is not None and self.limit is not None and self.value >= self.limit * (1 - _ROUNDING)

    @property
    def tested(self) -> bool:
        """Whether it belongs to the family of tests of its report."""
        return self.settled is None and self.p_value is not None and self.severity is not Severity.INFO
