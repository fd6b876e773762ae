"""Features as numbers for trees: levels by the reference's own ranking, what it does not know being missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from airflow_ml_monitor.errors import DataError
from airflow_ml_monitor.performance.answers import Numbers

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
    def of(cls, frame: pd.DataFrame, columns: Sequence[str]) -> Encoder:
        """Learn it from the reference's rows.

        :raises DataError: a column of lists or the like.
        """
        named = {name: _levels(frame[name]) for name in columns if not _is_number(frame[name])}
        return cls(tuple(columns), named)

    @property
    def leveled(self) -> list[int]:
        """The places of columns of levels."""
        return [place for place, name in enumerate(self.columns) if name in self.levels]

    def encode(self, frame: pd.DataFrame) -> Numbers:
        """Return one column each, NaN where a value is missing or unknown; infinite numbers at the largest float."""
        encoded = [self._column(frame[name]) for name in self.columns]
        return np.nan_to_num(np.column_stack(encoded), nan=np.nan)

    def _column(self, column: pd.Series[Any]) -> Numbers:
        known = self.levels.get(str(column.name))
        if known is not None:
            return column.astype("object").map(known).to_numpy(float, na_value=np.nan)
        return pd.to_numeric(column, errors="coerce").to_numpy(float, na_value=np.nan)


def _is_number(column: pd.Series[Any]) -> bool:
    return is_numeric_dtype(column) or is_bool_dtype(column)


def _levels(column: pd.Series[Any]) -> dict[Any, int]:
    try:
        ranked = column.astype("object").value_counts().index[:_MOST_LEVELS]
        return {level: code for code, level in enumerate(ranked)}
    except TypeError as error:
        raise DataError(
            f"column {column.name!r} cannot be a feature: it holds neither numbers nor levels ({error}); leave it out"
        ) from error
