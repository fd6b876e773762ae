"""Segments: parts of the rows by the levels of columns. Imported by DAG files; loads nothing that computes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow_ml_monitor.errors import ConfigurationError

MOST_LEVELS = 50

Bins = int | Sequence[float]
"""How many bins of about as many rows, or the bounds between them."""


@dataclass(frozen=True)
class Segment:
    """The levels of a column of the predictions, or of several crossed, each judged by itself.

    :param column: the column, or several: ``("carrier", "origin")`` is each pair of their levels.
    :param levels: the levels to judge, of several columns a tuple each; by default the 50 of the most rows.
    :param required: a failing segment fails the report, and one that cannot be decided makes it ``insufficient``; by
        default a segment can at most make it warn.
    :param bins: makes levels of a numeric column: so many quantile bins, or those between the bounds given, each
        holding its upper bound. Of several columns it says which: ``{"distance": 4}``. Quantiles are those of the
        reference's rows, or the bounds of the reference where it is a report, or of the window's own rows without any;
        bounds stay the same from window to window.
    :raises ConfigurationError: no column, no levels, or bins that are none.
    """

    column: str | Sequence[str]
    levels: Sequence[Any] | None = None
    required: bool = False
    bins: Bins | Mapping[str, Bins] | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if not isinstance(self.column, str) and isinstance(self.column, Iterable):
            object.__setattr__(self, "column", tuple(self.column))
        if not self.columns or not all(isinstance(name, str) and name for name in self.columns):
            raise ConfigurationError(f"Segment({self.column!r}) names no column of the predictions")
        if len(set(self.columns)) < len(self.columns):
            raise ConfigurationError(f"Segment({self.column!r}) crosses a column with itself; give each once")
        if self.levels is not None:
            object.__setattr__(self, "levels", self._checked_levels(self.levels))
        if self.bins is not None:
            object.__setattr__(self, "bins", self._checked_bins(self.bins))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns, one or several."""
        return (self.column,) if isinstance(self.column, str) else tuple(self.column or ())

    @property
    def name(self) -> str:
        """The columns as one text."""
        return " x ".join(self.columns)

    @property
    def bins_of(self) -> Mapping[str, Bins]:
        """Column -> its bins, of those that have any."""
        if self.bins is None:
            return {}
        return self.bins if isinstance(self.bins, Mapping) else {self.columns[0]: self.bins}

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        levels = None if self.levels is None else [str(level) for level in self.levels]
        column = self.column if isinstance(self.column, str) else list(self.column)
        plain: dict[str, Any] = {"column": column, "levels": levels, "required": self.required}
        bins = {name: one if isinstance(one, int) else list(one) for name, one in self.bins_of.items()}
        return plain | ({"bins": bins} if bins else {})

    def _checked_levels(self, levels: Any) -> tuple[Any, ...]:
        if isinstance(levels, (str, bytes)) or not levels:
            raise ConfigurationError(f"levels={levels!r} of segment {self.name!r} must be a list of levels")
        if self.bins is not None:
            raise ConfigurationError(f"segment {self.name!r} has levels= and bins=; bins make levels of their own")
        if len(self.columns) == 1:
            return tuple(levels)
        if not all(isinstance(one, (tuple, list)) and len(one) == len(self.columns) for one in levels):
            raise ConfigurationError(
                f"levels={levels!r} of segment {self.name!r} must hold a tuple of {len(self.columns)} for each"
            )
        return tuple(tuple(one) for one in levels)

    def _checked_bins(self, bins: Any) -> Any:
        if isinstance(bins, Mapping):
            unknown = sorted(set(bins) - set(self.columns))
            if unknown:
                raise ConfigurationError(f"bins of segment {self.name!r} name {', '.join(unknown)}, no column of it")
            return {name: self._checked_bin(one) for name, one in bins.items()}
        if len(self.columns) > 1:
            raise ConfigurationError(f"bins={bins!r} of segment {self.name!r} must say of which column: {{column: 4}}")
        return self._checked_bin(bins)

    def _checked_bin(self, bins: Any) -> Bins:
        if isinstance(bins, int) and not isinstance(bins, bool) and 2 <= bins <= MOST_LEVELS:
            return bins
        if isinstance(bins, Sequence) and not isinstance(bins, (str, bytes)) and bins and _ascend(bins):
            return tuple(float(bound) for bound in bins)
        raise ConfigurationError(
            f"bins={bins!r} of segment {self.name!r} must be a number from 2 to {MOST_LEVELS}, or bounds that ascend"
        )


def _ascend(bounds: Sequence[Any]) -> bool:
    if not all(isinstance(one, (int, float)) and math.isfinite(one) for one in bounds):
        return False
    return all(one < other for one, other in itertools.pairwise(bounds))


def as_segments(segments: str | Segment | Iterable[str | Segment]) -> tuple[Segment, ...]:
    """Return segments from names of columns and segments, or from one of them.

    :raises ConfigurationError: a column, or the same columns crossed, is there twice.
    """
    given = [segments] if isinstance(segments, (str, Segment)) else list(segments)
    made = tuple(one if isinstance(one, Segment) else Segment(one) for one in given)
    names = [one.name for one in made]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigurationError(f"segments has {', '.join(twice)} more than once; give each column once")
    return made


def columns_of(segments: Iterable[Segment]) -> tuple[str, ...]:
    """Return the columns that segments are made of, each once."""
    return tuple(dict.fromkeys(name for one in segments for name in one.columns))
