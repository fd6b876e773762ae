"""Features as numbers for trees: levels by the reference's own ranking, what it does not know being missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from airflow_ml_monitor.performance.answers import Numbers
from airflow_ml_monitor.performance.columns import numbers
from airflow_ml_monitor.performance.label_keys import nature_of
from airflow_ml_monitor.performance.levels import Levels

_MOST_LEVELS = 200


@dataclass(frozen=True, eq=False)
class Encoder:
    """How columns become numbers.

    :param levels: of a column that holds no numbers, its levels -> their codes; those beyond the 200 of the most rows
        count as missing.
    """

    columns: tuple[str, ...]
    levels: Mapping[str, Mapping[Any, int]]

    @classmethod
    def of(cls, table: pa.Table, columns: Sequence[str]) -> Encoder:
        """Learn it from the reference's rows.

        :raises DataError: a column of lists or the like.
        """
        named = {name: _levels(table[name], name) for name in columns if not _is_number(table[name])}
        return cls(tuple(columns), named)

    @property
    def leveled(self) -> list[int]:
        """The places of columns of levels."""
        return [place for place, name in enumerate(self.columns) if name in self.levels]

    def encode(self, table: pa.Table) -> Numbers:
        """Return one column each, NaN where a value is missing or unknown; infinite numbers at the largest float."""
        encoded = [self._column(table[name], name) for name in self.columns]
        return np.nan_to_num(np.column_stack(encoded), nan=np.nan)

    def _column(self, column: pa.ChunkedArray, name: str) -> Numbers:
        known = self.levels.get(name)
        if known is None:
            return numbers(column)
        return Levels.of(column, name).number(lambda level: known.get(level, np.nan))


def _is_number(column: pa.ChunkedArray) -> bool:
    nature = nature_of(column.type)
    return nature == "number" or (nature == "boolean" and not column.null_count)


def _levels(column: pa.ChunkedArray, name: str) -> dict[Any, int]:
    ranked = list(Levels.of(column, name).counts())[:_MOST_LEVELS]
    return {level: code for code, level in enumerate(ranked)}
