"""The different values of a column, and which of them each row has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from airflow_ml_monitor.data.arrays import as_arrow, floats, integers, joined
from airflow_ml_monitor.errors import DataError
from airflow_ml_monitor.performance.label_keys import decoded

Mask = NDArray[np.bool_]
Codes = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Levels:
    """A column by its different values.

    :param values: each once, as Python's own, in the order in which rows first have them.
    :param codes: the place of each row's value in them; -1 where it is missing; shape (rows,).
    """

    values: tuple[Any, ...]
    codes: Codes

    @classmethod
    def of(cls, column: pa.ChunkedArray, name: str) -> Levels:
        """Read a column; NaN is missing.

        :raises DataError: it holds lists or the like.
        """
        array = joined(decoded(column))
        if pa.types.is_null(array.type):
            return cls((), np.full(len(array), -1, dtype=np.int64))
        if pa.types.is_floating(array.type):
            numbers = floats(array) + 0.0  # so that -0.0 is 0.0
            array = as_arrow(numbers, ~np.isnan(numbers))
        try:
            encoded = array.dictionary_encode()
        except pa.ArrowNotImplementedError as error:
            raise DataError(f"column {name!r} holds {array.type}, neither numbers nor levels; leave it out") from error
        return cls(tuple(encoded.dictionary.to_pylist()), integers(encoded.indices, missing=-1))

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def here(self) -> Mask:
        """Which rows have a value."""
        return self.codes >= 0

    def take(self, rows: Mask) -> Levels:
        """Return these rows."""
        return Levels(self.values, self.codes[rows])

    def number(self, of: Callable[[Any], float]) -> NDArray[np.float64]:
        """Return a number of each row's value, NaN where it is missing."""
        numbers = np.array([*(of(value) for value in self.values), np.nan])
        return numbers[self.codes]

    def named(self, of: Callable[[Any], str], missing: str | None = None) -> Levels:
        """Return the levels under other names, several as one where they have the same.

        :param missing: the name of a missing value; without one it stays missing.
        """
        places: dict[str, int] = {}
        codes = [places.setdefault(of(value), len(places)) for value in self.values]
        without = -1 if missing is None or self.here.all() else places.setdefault(missing, len(places))
        return Levels(tuple(places), np.array([*codes, without], dtype=np.int64)[self.codes])

    def is_in(self, value: Any) -> Mask:
        """Return which rows have a value."""
        if value not in self.values:
            return np.zeros(len(self), dtype=bool)
        found: Mask = self.codes == self.values.index(value)
        return found

    def counts(self) -> dict[Any, int]:
        """Return value -> rows that have it, the most first; among as many, the one that a row has first."""
        here = self.codes[self.here]
        count = np.bincount(here, minlength=len(self.values))
        first = np.zeros(len(self.values), dtype=np.int64)
        first[here[::-1]] = np.arange(len(here))[::-1]
        order = np.lexsort((first, -count))
        return {self.values[place]: int(count[place]) for place in order if count[place]}


def crossed(parts: Sequence[Levels], join: Callable[[Sequence[Any]], Any]) -> Levels:
    """Return the levels of several columns together; all of their rows have a value."""
    if len(parts) == 1:
        return parts[0]
    codes = np.zeros(len(parts[0]), dtype=np.int64)
    for part in parts:
        codes = np.unique(codes * len(part.values) + part.codes, return_inverse=True)[1].astype(np.int64)
    row = np.zeros(int(codes.max(initial=-1)) + 1, dtype=np.int64)
    row[codes] = np.arange(len(codes))
    return Levels(tuple(join([part.values[part.codes[at]] for part in parts]) for at in row), codes)
