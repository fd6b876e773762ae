"""``DriftPolicy``: which columns are compared, and when a difference is one that matters."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, Self

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.results import Severity

LIMITS: Mapping[str, float] = {
    "ks": 0.1,
    "wasserstein_normed": 0.1,
    "tvd": 0.1,
    "psi": 0.2,
    "missing_share": 0.03,
    "unseen_levels": 0.02,
    "vanished_levels": 0.02,
    "far_outside": 0.005,
    "infinite": 0.005,
    "too_large": 0.005,
    "stuck_value": 0.05,
    "constant": 0.005,
}
"""The effects from which on a difference matters: distances for the first four, shares of the rows for the others."""

CORRECTIONS = ("holm", "bh", "none")


@dataclass(frozen=True, kw_only=True)
class DriftPolicy:
    """When a batch has drifted: an effect at or beyond its limit, on evidence that stands after counting all tests.

    :param columns: the columns to compare; all of the reference by default.
    :param exclude: columns to leave out.
    :param warning: columns that can only make the report ``warn``; all others are critical.
    :param scores: columns that hold a score or probability of a model: compared by PSI.
    :param alpha: the probability, at most, that a batch without any change fails; in (0, 1).
    :param limits: limits that differ from ``LIMITS``, by name, for all columns.
    :param column_limits: the same for single columns: ``{"age": {"ks": 0.2}}``.
    :param correction: ``"holm"`` (no false alarm among all tests but for alpha), ``"bh"`` (Benjamini-Hochberg: false
        alarms are at most a share alpha of the alarms) or ``"none"``.
    :param min_rows: fewer values than this on a side are ``insufficient``; at least 2.
    :raises ConfigurationError: a setting that is out of range, unknown or contradicts another.
    """

    columns: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()
    warning: tuple[str, ...] = ()
    scores: tuple[str, ...] = ()
    alpha: float = 0.05
    limits: Mapping[str, float] = field(default_factory=dict)
    column_limits: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    correction: Literal["holm", "bh", "none"] = "holm"
    min_rows: int = 30

    def __post_init__(self) -> None:
        for name in ("columns", "exclude", "warning", "scores"):
            object.__setattr__(self, name, _names(name, getattr(self, name)))
        if not 0.0 < self.alpha < 1.0:
            raise ConfigurationError(f"DriftPolicy(alpha={self.alpha!r}) must lie between 0 and 1, such as 0.05")
        if self.correction not in CORRECTIONS:
            raise ConfigurationError(f"DriftPolicy(correction={self.correction!r}) is none of {', '.join(CORRECTIONS)}")
        if self.min_rows < 2:
            raise ConfigurationError(f"DriftPolicy(min_rows={self.min_rows!r}) must be at least 2")
        limits = _limits("limits", self.limits)
        changed = {name: limit for name, limit in limits.items() if limit != LIMITS[name]}
        object.__setattr__(self, "limits", changed)
        by_column = {name: _limits(f"column_limits[{name!r}]", own) for name, own in self.column_limits.items()}
        object.__setattr__(self, "column_limits", by_column)
        self._refuse_contradictions()

    def _refuse_contradictions(self) -> None:
        if self.columns == ():
            raise ConfigurationError("DriftPolicy(columns=()) compares nothing; leave it out to compare all columns")
        wanted = set(self.columns or ())
        both = sorted(wanted & set(self.exclude))
        if both:
            raise ConfigurationError(f"DriftPolicy has {', '.join(both)} both in columns and in exclude")
        for name in ("warning", "scores", "column_limits"):
            unused = sorted(set(getattr(self, name)) & set(self.exclude))
            if self.columns is not None:
                unused = sorted({*unused, *(set(getattr(self, name)) - wanted)})
            if unused:
                raise ConfigurationError(f"DriftPolicy({name}=) names {', '.join(unused)}, which it does not compare")

    def chosen(self, available: Iterable[str], *, uncounted: Iterable[str] = ()) -> list[str]:
        """Return the columns to compare, of those the reference has.

        :param uncounted: columns that its source had beside them; to exclude one of these is no mistake.
        :raises ConfigurationError: the policy names a column that the reference does not have.
        """
        there = list(available)
        named = (*(self.columns or ()), *self.warning, *self.scores, *self.column_limits)
        known = {*there, *uncounted}
        unknown = sorted({name for name in named if name not in there} | {n for n in self.exclude if n not in known})
        if unknown:
            raise ConfigurationError(
                f"DriftPolicy names {', '.join(unknown)}, which the reference does not have; it has {', '.join(there)}"
            )
        return [name for name in self.columns or there if name not in self.exclude]

    def limit(self, name: str, column: str) -> float:
        """Return the limit of that name for a column."""
        return self.column_limits.get(column, {}).get(name, self.limits.get(name, LIMITS[name]))

    def severity(self, column: str) -> Severity:
        return Severity.WARNING if column in self.warning else Severity.CRITICAL

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types, every limit spelled out; ``from_dict`` gives an equal policy back."""
        plain = {f.name: getattr(self, f.name) for f in fields(self)}
        plain |= {name: list(plain[name]) for name in ("exclude", "warning", "scores")}
        plain["columns"] = None if self.columns is None else list(self.columns)
        plain["limits"] = {**LIMITS, **self.limits}
        plain["column_limits"] = {name: dict(own) for name, own in self.column_limits.items()}
        return plain

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """Read what ``to_dict`` wrote, or a part of it.

        :raises ConfigurationError: a setting that does not exist.
        """
        unknown = sorted(set(plain) - {f.name for f in fields(cls)})
        if unknown:
            known = ", ".join(f.name for f in fields(cls))
            raise ConfigurationError(f"DriftPolicy has no setting {', '.join(unknown)}; it has {known}")
        return cls(**plain)


def _names(setting: str, names: Iterable[str] | None) -> tuple[str, ...] | None:
    if isinstance(names, str):
        raise ConfigurationError(f"DriftPolicy({setting}={names!r}) is one text; give a list of names")
    return None if names is None else tuple(names)


def _limits(setting: str, limits: Mapping[str, float]) -> dict[str, float]:
    for name, limit in limits.items():
        if name not in LIMITS:
            raise ConfigurationError(f"DriftPolicy({setting}) has no limit {name!r}; there are {', '.join(LIMITS)}")
        number = isinstance(limit, (int, float)) and not isinstance(limit, bool) and math.isfinite(limit)
        if not number or limit <= 0:
            raise ConfigurationError(f"DriftPolicy({setting}): the limit {name}={limit!r} must be a number above 0")
    return {name: float(limit) for name, limit in limits.items()}
