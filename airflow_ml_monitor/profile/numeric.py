"""The profile of a numeric or datetime column: exact counts at and between the reference's edges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa

from airflow_ml_monitor.errors import DataError
from airflow_ml_monitor.profile.arrays import Counts, Floats, Slots
from airflow_ml_monitor.profile.edges import Edges
from airflow_ml_monitor.profile.kernel import Block, Moments, blocks
from airflow_ml_monitor.profile.kinds import Kind
from airflow_ml_monitor.profile.lookup import Lookup, SortedLookup, lookup_for
from airflow_ml_monitor.profile.quantiles import location


@dataclass(frozen=True, eq=False, kw_only=True)
class NumericProfile:
    """Counts of a numeric column; times are seconds since 1970.

    :param edges: where it is counted, chosen from the reference.
    :param at: values equal to each edge; ``between``: values in the open intervals around the edges (one more than
        edges); ``sums``: the sums of the latter, so that distances stay right on heavy tails.
    :param rows: rows seen; ``missing`` of them null or NaN, ``negative_infinite`` and ``positive_infinite`` infinite,
        ``too_large`` finite and beyond 1e150, whose squares would not be. All others are measured.
    :param minimum: least value measured, ``maximum`` the greatest; infinities of the other sign without any.
    :param moments: of the values measured; ``clipped`` of the same clipped to the edges' ``low`` and ``high``.
    """

    form: ClassVar[str] = "numeric"

    kind: Kind
    edges: Edges
    at: Counts
    between: Counts
    sums: Floats
    rows: int = 0
    missing: int = 0
    negative_infinite: int = 0
    positive_infinite: int = 0
    too_large: int = 0
    minimum: float = np.inf
    maximum: float = -np.inf
    moments: Moments = field(default_factory=Moments)
    clipped: Moments = field(default_factory=Moments)

    @property
    def count(self) -> int:
        """Values measured."""
        return self.moments.count

    @property
    def infinite(self) -> int:
        return self.negative_infinite + self.positive_infinite

    @cached_property
    def upto(self) -> Counts:
        """Values less than or equal to each edge."""
        return np.cumsum(self.between[:-1] + self.at)

    @classmethod
    def on(cls, edges: Edges, kind: Kind) -> Self:
        """Return a profile of nothing, to count at these edges."""
        size = len(edges.values)
        zeros = np.zeros(size + 1, np.int64)
        return cls(kind=kind, edges=edges, at=zeros[:size], between=zeros, sums=np.zeros(size + 1))

    def empty(self) -> Self:
        """Return a profile of nothing on the same edges."""
        return self.on(self.edges, self.kind)

    def comparable(self, other: object) -> bool:
        """Whether the other was counted at the same edges."""
        return isinstance(other, NumericProfile) and np.array_equal(self.edges.values, other.edges.values)

    def __add__(self, other: Self) -> Self:
        if not self.comparable(other):
            raise DataError("two numeric profiles were counted at different edges; count both like one reference")
        return replace(
            self,
            at=self.at + other.at,
            between=self.between + other.between,
            sums=self.sums + other.sums,
            minimum=min(self.minimum, other.minimum),
            maximum=max(self.maximum, other.maximum),
            **{name: getattr(self, name) + getattr(other, name) for name in _ADDED},
        )

    def to_parts(self) -> tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]]]:
        """Return plain JSON and arrays; ``from_parts`` gives the same profile back."""
        header = {
            "kind": self.kind.value,
            "clip": [self.edges.low, self.edges.high],
            "distinct": self.edges.distinct,
            "counts": [getattr(self, name) for name in _COUNTS],
            **({"too_large": self.too_large} if self.too_large else {}),
            "range": [self.minimum, self.maximum] if self.count else None,
            "moments": [self.moments.count, self.moments.mean, self.moments.m2],
            "clipped": [self.clipped.count, self.clipped.mean, self.clipped.m2],
        }
        return header, {"edges": self.edges.values, "at": self.at, "between": self.between, "sums": self.sums}

    @classmethod
    def from_parts(cls, header: Mapping[str, Any], arrays: Mapping[str, np.ndarray[Any, Any]]) -> Self:
        minimum, maximum = header["range"] or (np.inf, -np.inf)
        return cls(
            kind=Kind(header["kind"]),
            edges=Edges(arrays["edges"], header["clip"][0], header["clip"][1], header["distinct"]),
            at=arrays["at"],
            between=arrays["between"],
            sums=arrays["sums"],
            too_large=header.get("too_large", 0),
            minimum=minimum,
            maximum=maximum,
            moments=Moments(*header["moments"]),
            clipped=Moments(*header["clipped"]),
            **dict(zip(_COUNTS, header["counts"], strict=True)),
        )

    def summary(self) -> dict[str, Any]:
        """Return what a report shows of the column: rows, missing, mean, deviation, range and quantiles."""
        shown = {name: getattr(self, name) for name in ("rows", "missing", "infinite", "too_large")}
        shown["kind"] = self.kind.value
        return shown | location(self, {"p1": 0.01, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p99": 0.99})


_COUNTS = ("rows", "missing", "negative_infinite", "positive_infinite")
_APART = (*_COUNTS, "too_large")
_ADDED = (*_APART, "moments", "clipped")


_MANY = 1 << 14
"""Values of one array from which on a table is made to look them up in."""


class NumericCounter:
    """Counts Arrow arrays of one column into a ``NumericProfile``."""

    def __init__(self, start: NumericProfile, column: str) -> None:
        self._start, self._column, self._edges = start, column, start.edges
        size = 2 * len(start.at) + 1
        self._counts, self._sums = np.zeros(size, np.int64), np.zeros(size)
        self._added = dict.fromkeys(_APART, 0)
        self._minimum, self._maximum = np.inf, -np.inf
        self._moments, self._clipped = Moments(), Moments()
        self._lookup: Lookup | None = None

    def update(self, array: pa.Array) -> None:
        lookup = self._lookup or SortedLookup(self._edges.values)
        if self._lookup is None and len(array) >= _MANY:
            lookup = self._lookup = lookup_for(self._edges.values)
        self._added["rows"] += len(array)
        self._added["missing"] += array.null_count
        for block in blocks(Slots.of(array, self._column)):
            self._add(block, lookup)

    def _add(self, block: Block, lookup: Lookup) -> None:
        self._added["missing"] += block.nan
        self._added["negative_infinite"] += block.negative
        self._added["positive_infinite"] += block.positive
        self._added["too_large"] += block.too_large
        if not block.count:
            return
        counts, sums = lookup.count(block)
        self._counts += counts
        self._sums += sums
        self._minimum, self._maximum = min(self._minimum, block.minimum), max(self._maximum, block.maximum)
        moments, clipped = block.moments(float(sums.sum()), self._edges.low, self._edges.high)
        self._moments += moments
        self._clipped += clipped

    def finish(self) -> NumericProfile:
        counted = replace(
            self._start.empty(),
            at=self._counts[1::2],
            between=self._counts[::2],
            sums=self._sums[::2],
            minimum=self._minimum,
            maximum=self._maximum,
            moments=self._moments,
            clipped=self._clipped,
            rows=self._added["rows"],
            missing=self._added["missing"],
            negative_infinite=self._added["negative_infinite"],
            positive_infinite=self._added["positive_infinite"],
            too_large=self._added["too_large"],
        )
        return self._start + counted
