"""The profile of a text column: numbers that describe each text, counted like numeric columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from airflow_ml_monitor.data.arrays import as_arrow
from airflow_ml_monitor.errors import DataError
from airflow_ml_monitor.profile.arrays import Counts, Floats
from airflow_ml_monitor.profile.kinds import Kind
from airflow_ml_monitor.profile.numeric import NumericCounter, NumericProfile

DESCRIPTORS = ("length", "words", "non_letter_share", "upper_share")
_WORDS = r"\S+"
_NO_LETTERS = r"[^\p{L}\p{M}\s\p{Z}]"
_UPPER_CASE = r"\p{Lu}"

_LEAST_TEXTS = 10
_LEAST_DISTINCT = 0.5
_LEAST_WORDS = 3.0
_LEAST_LENGTH = 15.0
_MOST_NO_LETTERS = 0.4
_JUDGED = 10_000


def descriptors(array: pa.Array, column: str) -> dict[str, Floats]:
    """Return by name what describes the texts that are not null, a number for each of them.

    ``length`` in characters; ``words``, between white space; ``non_letter_share``, characters that are neither letters
    nor white space, and ``upper_share``, capital letters, both of all characters (0 of an empty text).

    :raises DataError: bytes that are not UTF-8.
    """
    texts = _texts(array, column)
    texts = texts.drop_null() if texts.null_count else texts
    length = _numbers(pc.utf8_length(texts))
    characters = np.maximum(length, 1.0)
    return {
        "length": length,
        "words": _found(texts, _WORDS),
        "non_letter_share": _found(texts, _NO_LETTERS) / characters,
        "upper_share": _found(texts, _UPPER_CASE) / characters,
    }


def looks_like_text(values: pa.Array, counts: Counts) -> bool:
    """Whether the distinct values of a column are texts that people wrote, rather than levels, names or ids.

    At least half of the rows have a value that no other has (as rows to distinct values), and by the mean they have
    three words, 15 characters and no more than 40 % of these no letters. Fewer than ten values are levels.

    :param values: distinct ones; ``counts`` the rows of each.
    """
    if len(values) < _LEAST_TEXTS or len(values) < _LEAST_DISTINCT * int(counts.sum()):
        return False
    try:
        found = descriptors(values[:_JUDGED], "")
    except DataError:
        return False
    mean = {name: float(numbers.mean()) for name, numbers in found.items()}
    worded = mean["words"] >= _LEAST_WORDS and mean["length"] >= _LEAST_LENGTH
    return worded and mean["non_letter_share"] <= _MOST_NO_LETTERS


def _texts(array: pa.Array, column: str) -> pa.Array:
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_fixed_size_binary(array.type) or pa.types.is_binary_view(array.type):
        array = array.cast(pa.large_binary())
    try:
        return array.cast(pa.large_string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(
            f"column {column!r} cannot be read as texts: {error}; give another kind for it in kinds="
        ) from error


def _found(texts: pa.Array, pattern: str) -> Floats:
    return _numbers(pc.count_substring_regex(texts, pattern))


def _numbers(array: pa.Array) -> Floats:
    return np.from_dlpack(array).astype(np.float64)


@dataclass(frozen=True, eq=False, kw_only=True)
class TextProfile:
    """What describes the texts of a column.

    :param described: the profile of each descriptor, over the texts that are there.
    :param rows: rows seen, ``missing`` of them null.
    """

    form: ClassVar[str] = "text"

    described: Mapping[str, NumericProfile]
    kind: Kind = Kind.TEXT
    rows: int = 0
    missing: int = 0

    @property
    def count(self) -> int:
        """Rows that have a text."""
        return self.rows - self.missing

    def empty(self) -> Self:
        """Return a profile of nothing that counts at the same edges."""
        described = {name: profile.empty() for name, profile in self.described.items()}
        return replace(self, described=described, rows=0, missing=0)

    def comparable(self, other: object) -> bool:
        """Whether the other was counted at the same edges."""
        return (
            isinstance(other, TextProfile)
            and list(self.described) == list(other.described)
            and all(profile.comparable(other.described[name]) for name, profile in self.described.items())
        )

    def __add__(self, other: Self) -> Self:
        if not self.comparable(other):
            raise DataError("two text profiles were counted at different edges; count both like one reference")
        described = {name: profile + other.described[name] for name, profile in self.described.items()}
        return replace(self, described=described, rows=self.rows + other.rows, missing=self.missing + other.missing)

    def to_parts(self) -> tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]]]:
        """Return plain JSON and arrays; ``from_parts`` gives the same profile back."""
        headers: list[Any] = []
        arrays: dict[str, np.ndarray[Any, Any]] = {}
        for name, profile in self.described.items():
            header, parts = profile.to_parts()
            headers.append([name, header, sorted(parts)])
            arrays |= {f"{name}/{part}": array for part, array in parts.items()}
        return {"kind": self.kind.value, "counts": [self.rows, self.missing], "described": headers}, arrays

    @classmethod
    def from_parts(cls, header: Mapping[str, Any], arrays: Mapping[str, np.ndarray[Any, Any]]) -> Self:
        rows, missing = header["counts"]
        described = {
            name: NumericProfile.from_parts(own, {part: arrays[f"{name}/{part}"] for part in parts})
            for name, own, parts in header["described"]
        }
        return cls(described=described, kind=Kind(header["kind"]), rows=rows, missing=missing)

    def summary(self) -> dict[str, Any]:
        """Return what a report shows of the column: rows, missing, and location and range of each descriptor."""
        described = {name: profile.summary() for name, profile in self.described.items()}
        return {"kind": self.kind.value, "rows": self.rows, "missing": self.missing, "described": described}


class TextCounter:
    """Counts Arrow arrays of one column into a ``TextProfile``."""

    def __init__(self, start: TextProfile, column: str) -> None:
        self._start, self._column = start, column
        self._counters = {name: NumericCounter(profile, column) for name, profile in start.described.items()}
        self._rows, self._missing = start.rows, start.missing

    def update(self, array: pa.Array) -> None:
        self._rows += len(array)
        self._missing += array.null_count
        found = descriptors(array, self._column)
        for name, counter in self._counters.items():
            counter.update(as_arrow(found[name]))

    def finish(self) -> TextProfile:
        described = {name: counter.finish() for name, counter in self._counters.items()}
        return replace(self._start, described=described, rows=self._rows, missing=self._missing)
