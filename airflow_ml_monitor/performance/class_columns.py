"""Reading columns of classes: their codes, and what of them is of no known class."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from airflow_ml_monitor.errors import DataError
from airflow_ml_monitor.performance.answers import Numbers
from airflow_ml_monitor.performance.columns import counted

Mask = NDArray[np.bool_]
_SHOWN = 5


def classes_of(labels: pd.Series[Any], said: pd.Series[Any] | None) -> tuple[Any, ...]:
    """Return the classes that labels or answers name, in the order of their names."""
    seen = set(labels.dropna().unique()) | (set() if said is None else set(said.dropna().unique()))
    return tuple(sorted(seen, key=str))


def require_alike(labels: pd.Series[Any], said: pd.Series[Any]) -> None:
    """Refuse texts beside numbers: every answer would be wrong.

    :raises DataError: one of the columns holds texts, and the other none.
    """
    samples = [column.dropna().head(1).tolist() for column in (labels, said)]
    if all(samples) and isinstance(samples[0][0], str) != isinstance(samples[1][0], str):
        shown = " and ".join(
            f"{column.name!r} holds {value!r}" for column, (value,) in zip((labels, said), samples, strict=True)
        )
        raise DataError(f"column {shown}: no label can equal an answer; cast one of them to the type of the other")


def class_codes(column: pd.Series[Any], there: Mask, classes: tuple[Any, ...]) -> tuple[Numbers, dict[str, int]]:
    """Return the code of each row, NaN where there is none, and how many rows that are there are of another class."""
    codes = column.map({name: float(code) for code, name in enumerate(classes)}).to_numpy(float, na_value=np.nan)
    codes = np.where(there, codes, np.nan)
    return codes, strange(column, there & np.isnan(codes))


def strange(column: pd.Series[Any], rows: Mask) -> dict[str, int]:
    """Return of rows of an unknown class how many are of which; the rarer ones together."""
    counts = column[rows].value_counts()
    shown = {f"unknown class {value!r:.40}": int(count) for value, count in counts[:_SHOWN].items()}
    rest = int(counts[_SHOWN:].sum())
    return shown | counted({f"{len(counts) - _SHOWN:,} more unknown classes": rest})


def missing_and(others: dict[str, int], missing: Mask, name: str) -> dict[str, int]:
    """Return why answers of a column cannot be used: those of other classes, and those that are missing."""
    return {f"{name} of {reason}": count for reason, count in others.items()} | counted(
        {f"{name} missing": int(missing.sum())}
    )
