"""Columns as numbers that a tree can split, and what its splits say in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from airflow_ml_monitor.performance.answers import Numbers
from airflow_ml_monitor.performance.label_keys import nature_of
from airflow_ml_monitor.performance.segment_levels import (
    MISSING,
    level_names,
    numbers_of,
    quantile_bounds,
    written_apart,
)

_MOST_LEVELS = 30
_BINS = 32
Codes = NDArray[np.float32]


@dataclass(frozen=True)
class Feature:
    """What a tree splits by: the bin of a number (-1 where it is missing), or whether a column has a level.

    :param bounds: those of the bins, as they are written; ``level`` the level otherwise.
    :param other: the only other level that the column has, if so.
    """

    column: str
    bounds: tuple[str, ...] = ()
    level: str | None = None
    other: str | None = None
    has_missing: bool = False


@dataclass(frozen=True)
class Span:
    """The codes of a feature that a part of the rows has: ``above < code <= most``."""

    feature: Feature
    above: int | None = None
    most: int | None = None

    def __str__(self) -> str:
        return self._of_level() if self.feature.level is not None else self._of_number()

    @property
    def names_a_level(self) -> bool:
        """Whether it says which level a column has."""
        return self.feature.level is not None and (self.above is not None or self.feature.other is not None)

    def _of_level(self) -> str:
        has_it = self.above is not None
        level = self.feature.level if has_it or self.feature.other is None else self.feature.other
        if level == MISSING:
            return f"{self.feature.column} is {'missing' if self.names_a_level else 'known'}"
        return f"{self.feature.column} {'=' if self.names_a_level else 'is not'} {level!r}"

    def _of_number(self) -> str:
        column, bounds = self.feature.column, self.feature.bounds
        low = None if self.above is None or self.above < 0 else bounds[self.above]
        if self.most is None:
            return f"{column} is known" if low is None else f"{column} > {low}"
        if self.most < 0:
            return f"{column} is missing"
        high = bounds[self.most]
        if low is not None:
            return f"{low} < {column} <= {high}"
        return f"{column} <= {high}" + (" or missing" if self.above is None and self.feature.has_missing else "")


class Encoded(NamedTuple):
    """Columns as codes; shape (rows, features)."""

    codes: Codes
    features: tuple[Feature, ...]


def encode(table: pa.Table, columns: Iterable[str]) -> Encoded:
    """Return numbers as the place of their quantile bin, of 32, and other columns as a code per level.

    Places are small whole numbers, so that a split means the same in the tree's 32-bit numbers and in words.
    """
    parts = [(_numbers if nature_of(table[name].type) == "number" else _levels)(table[name], name) for name in columns]
    codes = [column for columns_of, _ in parts for column in columns_of]
    stacked = np.column_stack(codes).astype(np.float32) if codes else np.zeros((len(table), 0), np.float32)
    return Encoded(stacked, tuple(feature for _, features in parts for feature in features))


def _numbers(column: pa.ChunkedArray, name: str) -> tuple[list[Numbers], list[Feature]]:
    values, bounds = numbers_of(column, name), np.asarray(quantile_bounds(column, _BINS, name), dtype=float)
    missing = np.isnan(values)
    place = np.where(missing, -1.0, np.searchsorted(bounds, values, side="left"))
    return [place], [Feature(name, tuple(written_apart(bounds)), has_missing=bool(missing.any()))]


def _levels(column: pa.ChunkedArray, name: str) -> tuple[list[Numbers], list[Feature]]:
    names = level_names(column, name)
    most = list(names.counts())[:_MOST_LEVELS]
    if len(most) == 2:
        return [names.is_in(most[0]).astype(float)], [Feature(name, level=most[0], other=most[1])]
    codes = [names.is_in(level).astype(float) for level in most]
    return codes, [Feature(name, level=level) for level in most]


def leaf_conditions(tree: Any, features: Sequence[Feature]) -> dict[int, str]:
    """Return leaf -> its conditions in words, of a fitted tree of scikit-learn (its ``tree_``)."""
    found: dict[int, str] = {}
    todo: list[tuple[int, dict[int, Span]]] = [(0, {})]
    while todo:
        node, spans = todo.pop()
        if tree.children_left[node] == tree.children_right[node]:
            found[node] = _worded(list(spans.values()))
            continue
        which, edge = int(tree.feature[node]), int(np.floor(tree.threshold[node]))
        span = spans.get(which, Span(features[which]))
        todo.append((int(tree.children_left[node]), spans | {which: replace(span, most=edge)}))
        todo.append((int(tree.children_right[node]), spans | {which: replace(span, above=edge)}))
    return found


def _worded(spans: Sequence[Span]) -> str:
    """Return conditions joined; of a column whose level is named, nothing else is said."""
    named = {span.feature.column for span in spans if span.names_a_level}
    told = [span for span in spans if span.names_a_level or span.feature.column not in named]
    return " and ".join(str(span) for span in told)
