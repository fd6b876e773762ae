"""Segments: parts of the rows by the levels of a column. Imported by DAG files; loads nothing that computes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_ml_monitor.errors import ConfigurationError

MOST_LEVELS = 50


@dataclass(frozen=True)
class Segment:
    """The levels of a column of the predictions, each judged by itself.

    :param column: the column.
    :param levels: the levels to judge; by default the 50 of the most rows.
    :param required: a failing segment fails the report, and one that cannot be decided makes it ``insufficient``; by
        default a segment can at most make it warn.
    :raises ConfigurationError: no column, or no levels.
    """

    column: str
    levels: Sequence[Any] | None = None
    required: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.column, str) or not self.column:
            raise ConfigurationError(f"Segment({self.column!r}) names no column of the predictions")
        if self.levels is not None:
            if isinstance(self.levels, (str, bytes)) or not self.levels:
                raise ConfigurationError(f"levels={self.levels!r} of segment {self.column!r} must be a list of levels")
            object.__setattr__(self, "levels", tuple(self.levels))

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        levels = None if self.levels is None else [str(level) for level in self.levels]
        return {"column": self.column, "levels": levels, "required": self.required}


def as_segments(segments: str | Segment | Iterable[str | Segment]) -> tuple[Segment, ...]:
    """Return segments from names of columns and segments, or from one of them.

    :raises ConfigurationError: a column is there twice.
    """
    given = [segments] if isinstance(segments, (str, Segment)) else list(segments)
    made = tuple(one if isinstance(one, Segment) else Segment(one) for one in given)
    columns = [one.column for one in made]
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise ConfigurationError(f"segments has {', '.join(twice)} more than once; give each column once")
    return made
