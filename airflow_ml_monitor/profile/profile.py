"""``Profile``: the mergeable summary of a dataset or window."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self

import numpy as np

from airflow_ml_monitor.errors import DataError
from airflow_ml_monitor.profile.columns import FORMS, ColumnProfile, merged
from airflow_ml_monitor.profile.kinds import ColumnType, Kind
from airflow_ml_monitor.profile.sample import RowSample
from airflow_ml_monitor.profile.serial import compressed, decompressed, pack, unpack
from airflow_ml_monitor.profile.variation import Variation
from airflow_ml_monitor.window import Window


@dataclass(frozen=True, eq=False, kw_only=True)
class Profile:
    """Per column counts, missing values, moments and distribution of some rows. Kilobytes a column, no rows.

    ``a + b`` is the profile of the rows of both, in any grouping; ``Profile()`` adds nothing. Both must have been
    counted like one reference (``profile_like``).

    :param rows: rows summarised.
    :param window: event time they lie in; ``None`` for all rows of a dataset.
    :param columns: the columns that were counted.
    :param types: type and kind of every column the source had, the ones not counted included.
    :param source: the dataset in words, for messages; no part of the content.
    :param variation: of a reference of several windows, how much these differ among themselves.
    :param sample: some of the rows, where they were asked for.
    """

    rows: int = 0
    window: Window | None = None
    columns: Mapping[str, ColumnProfile] = field(default_factory=dict)
    types: Mapping[str, ColumnType] = field(default_factory=dict)
    source: str = ""
    variation: Variation | None = None
    sample: RowSample | None = None

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the content, in hexadecimal: equal for equal profiles."""
        return hashlib.sha256(self._packed).hexdigest()

    @cached_property
    def _packed(self) -> bytes:
        headers: dict[str, Any] = {}
        arrays: dict[str, np.ndarray[Any, Any]] = {}
        for name, column in self.columns.items():
            header, parts = column.to_parts()
            headers[name] = {"form": column.form, "arrays": sorted(parts), **header}
            arrays |= {f"{name}\0{part}": array for part, array in parts.items()}
        window = None if self.window is None else self.window.to_dict()
        content = {"rows": self.rows, "window": window, "columns": headers, "order": list(self.columns)}
        if self.variation is not None:
            content["variation"], parts = self.variation.to_parts()
            arrays |= parts
        rows = b"" if self.sample is None else self.sample.to_bytes()
        if rows:
            content["sample"] = len(rows)
        return pack(content | {"types": [[name, *kind] for name, kind in self.types.items()]}, arrays) + rows

    def to_bytes(self) -> bytes:
        """Return the profile in its compact stored form; ``from_bytes`` gives an equal one back."""
        source = self.source.encode()
        return compressed(len(source).to_bytes(4, "little") + source + self._packed)

    @classmethod
    def from_bytes(cls, stored: bytes, *, columns: Collection[str] | None = None) -> Self:
        """Read what ``to_bytes`` wrote.

        :param columns: read these columns alone; by default all of them.
        :raises DataError: the bytes are no profile, damaged, or of a later version of this package.
        """
        raw = decompressed(bytes(stored))
        split = 4 + int.from_bytes(raw[:4], "little")
        content, arrays = unpack(raw[split:])
        read = {}
        for name in content["order"]:
            if columns is not None and name not in columns:
                continue
            header = content["columns"][name]
            parts = {part: arrays[f"{name}\0{part}"] for part in header["arrays"]}
            read[name] = FORMS[header["form"]].from_parts(header, parts)
        return cls(
            rows=content["rows"],
            window=None if content["window"] is None else Window.of(content["window"]),
            columns=read,
            types={name: ColumnType(text, Kind(kind)) for name, text, kind in content["types"]},
            source=raw[4:split].decode(),
            variation=Variation.from_parts(content["variation"], arrays) if "variation" in content else None,
            sample=RowSample.from_bytes(raw[-content["sample"] :]) if "sample" in content else None,
        )

    def only(self, columns: Iterable[str]) -> Self:
        """Return the profile of these columns alone."""
        names = list(columns)
        variation = None if self.variation is None else self.variation.only(names)
        return replace(self, columns={name: self.columns[name] for name in names}, variation=variation)

    def comparable(self, reference: Profile) -> bool:
        """Whether it was counted like a reference: every column it shares with it at the same edges and levels."""
        shared = [name for name in reference.columns if name in self.columns]
        return bool(shared) and all(reference.columns[name].comparable(self.columns[name]) for name in shared)

    def empty(self) -> Self:
        """Return a profile of nothing that counts the same columns at the same edges and levels."""
        columns = {name: column.empty() for name, column in self.columns.items()}
        return replace(self, rows=0, window=None, columns=columns, source="", variation=None, sample=None)

    def __add__(self, other: Self) -> Self:
        if not isinstance(other, Profile):
            return NotImplemented
        if not self.columns and not self.rows:
            return other
        if not other.columns and not other.rows:
            return self
        return replace(
            self,
            rows=self.rows + other.rows,
            window=_spanning(self.window, other.window),
            columns=_merged_columns(self.columns, other.columns),
            types={**other.types, **self.types},
            variation=None,
            sample=None,
        )

    def __radd__(self, other: object) -> Self:
        return self if other == 0 else NotImplemented

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Profile) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def to_dict(self) -> dict[str, Any]:
        """Return a summary in plain JSON for reports: no raw values, no level under ten rows."""
        return {
            "rows": self.rows,
            "window": None if self.window is None else self.window.to_dict(),
            "digest": self.digest,
            "columns": {name: column.summary() for name, column in self.columns.items()},
        }


def _spanning(one: Window | None, other: Window | None) -> Window | None:
    if one is None or other is None:
        return None
    return Window(min(one.start, other.start), max(one.end, other.end))


def _merged_columns(one: Mapping[str, ColumnProfile], other: Mapping[str, ColumnProfile]) -> dict[str, ColumnProfile]:
    columns = {**one, **other}
    for name in [name for name in one if name in other]:
        both = merged(one[name], other[name])
        if both is None:
            raise DataError(
                f"column {name!r} was counted differently in the two profiles; make both with profile_like(reference)"
            )
        columns[name] = both
    return columns
