"""Reading columns of classes: their codes, and what of them is of no known class."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from airflow_ml_monitor.errors import DataError
from airflow_ml_monitor.performance.answers import Numbers
from airflow_ml_monitor.performance.columns import counted
from airflow_ml_monitor.performance.levels import Levels

Mask = NDArray[np.bool_]
_SHOWN = 5


def classes_of(labels: Levels, said: Levels | None) -> tuple[Any, ...]:
    """Return the classes that labels or answers name, in the order of their names."""
    seen = set(labels.counts()) | (set() if said is None else set(said.counts()))
    return tuple(sorted(seen, key=str))


def require_alike(label: str, labels: Levels, prediction: str, said: Levels) -> None:
    """Refuse texts beside numbers: every answer would be wrong.

    :param label: the column of the labels; ``prediction`` that of the answers.
    :raises DataError: one of the columns holds texts, and the other none.
    """
    if not labels.here.any() or not said.here.any():
        return
    named = {label: _first(labels), prediction: _first(said)}
    if len({isinstance(value, str) for value in named.values()}) > 1:
        shown = " and ".join(f"{name!r} holds {value!r}" for name, value in named.items())
        raise DataError(f"column {shown}: no label can equal an answer; cast one of them to the type of the other")


def _first(column: Levels) -> Any:
    return column.values[column.codes[column.here.argmax()]]


def class_codes(column: Levels, there: Mask, classes: tuple[Any, ...]) -> tuple[Numbers, dict[str, int]]:
    """Return the code of each row, NaN where there is none, and how many rows that are there are of another class."""
    places = {_class(name): float(code) for code, name in enumerate(classes)}
    codes = np.where(there, column.number(lambda value: places.get(_class(value), np.nan)), np.nan)
    return codes, strange(column, there & np.isnan(codes))


def _class(name: Any) -> tuple[bool, Any]:
    """Return a class such that ``True`` is not 1."""
    return isinstance(name, (bool, np.bool_)), name


def strange(column: Levels, rows: Mask) -> dict[str, int]:
    """Return of rows of an unknown class how many are of which; the rarer ones together."""
    counts = list(column.take(rows).counts().items())
    shown = {f"unknown class {value!r:.40}": count for value, count in counts[:_SHOWN]}
    rest = sum(count for _, count in counts[_SHOWN:])
    return shown | counted({f"{len(counts) - _SHOWN:,} more unknown classes": rest})


def missing_and(others: dict[str, int], missing: Mask, name: str) -> dict[str, int]:
    """Return why answers of a column cannot be used: those of other classes, and those that are missing."""
    return {f"{name} of {reason}": count for reason, count in others.items()} | counted(
        {f"{name} missing": int(missing.sum())}
    )
