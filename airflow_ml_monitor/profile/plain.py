"""The profile of a column whose values cannot be compared: rows and missing ones only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from airflow_ml_monitor.profile.kinds import Kind


@dataclass(frozen=True, kw_only=True)
class PlainProfile:
    """Counts of a column of lists, structs and the like, or of one without any value."""

    form: ClassVar[str] = "plain"

    kind: Kind
    rows: int = 0
    missing: int = 0

    @property
    def count(self) -> int:
        """Rows that have a value."""
        return self.rows - self.missing

    def empty(self) -> Self:
        return replace(self, rows=0, missing=0)

    def comparable(self, other: object) -> bool:
        return isinstance(other, PlainProfile)

    def __add__(self, other: Self) -> Self:
        return replace(self, rows=self.rows + other.rows, missing=self.missing + other.missing)

    def to_parts(self) -> tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]]]:
        return {"kind": self.kind.value, "counts": [self.rows, self.missing]}, {}

    @classmethod
    def from_parts(cls, header: Mapping[str, Any], arrays: Mapping[str, np.ndarray[Any, Any]]) -> Self:
        rows, missing = header["counts"]
        return cls(kind=Kind(header["kind"]), rows=rows, missing=missing)

    def summary(self) -> dict[str, Any]:
        return {"kind": self.kind.value, "rows": self.rows, "missing": self.missing}


class PlainCounter:
    """Counts Arrow arrays of one column into a ``PlainProfile``."""

    def __init__(self, start: PlainProfile) -> None:
        self._profile = start

    def update(self, array: pa.Array) -> None:
        profile, missing = self._profile, array.null_count
        if pa.types.is_floating(array.type):
            missing = pc.sum(pc.is_null(array, nan_is_null=True)).as_py() or 0
        self._profile = replace(profile, rows=profile.rows + len(array), missing=profile.missing + missing)

    def finish(self) -> PlainProfile:
        return self._profile
