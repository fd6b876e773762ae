"""``RowsMeasured``: what a method found about all columns together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from airflow_ml_monitor.drift.multivariate.features import Features
from airflow_ml_monitor.drift.registry import Measurement
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.profile.arrays import Counts
from airflow_ml_monitor.results import Interval

LEAST_ROWS = 10


@dataclass(frozen=True, kw_only=True)
class RowsMeasured:
    """One method on the rows of two tables.

    :param effect: what its limit is compared with; never negative.
    :param critical: gives the effect whose p-value is the one given, at these numbers of rows.
    :param drivers: the features that the effect comes from, the largest part first, in the method's own numbers.
    :param told: the value in words, with its drivers.
    """

    value: float
    effect: float
    p_value: float
    n: int
    m: int
    critical: Callable[[float], float]
    told: str
    interval: Interval | None = None
    drivers: Mapping[str, Any] = field(default_factory=dict)
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def measurement(self) -> Measurement:
        return Measurement(self.value, self.p_value, self.n, self.m, self.effect)


def refuse_too_little(name: str, features: Features) -> None:
    """Refuse tables that say nothing.

    :raises ConfigurationError: fewer than ten rows on a side, or no column that can be compared.
    """
    if min(features.n, features.m) < LEAST_ROWS:
        rows = f"there are {features.n:,} and {features.m:,}"
        raise ConfigurationError(f"{name} needs at least {LEAST_ROWS} rows on both sides, {rows}")
    if not features.features:
        raise ConfigurationError(
            f"{name} needs a column that both sides have and that varies; {nothing_left(features)}"
        )


def nothing_left(features: Features) -> str:
    """Return in words why no column can be compared."""
    reasons = [f"{name} is left out ({why})" for name, why in list(features.left_out.items())[:5]]
    return ", ".join(reasons) or "there are no columns"


def halves(rows: Counts, random: np.random.Generator) -> tuple[Counts, Counts]:
    """Return rows in two random halves."""
    order = random.permutation(rows)
    return order[: len(rows) // 2], order[len(rows) // 2 :]
