"""The forms a column profile has, and what counts into each."""

from __future__ import annotations

from typing import Protocol

import pyarrow as pa

from airflow_ml_monitor.profile.levels import LevelCounter, LevelProfile
from airflow_ml_monitor.profile.numeric import NumericCounter, NumericProfile
from airflow_ml_monitor.profile.plain import PlainCounter, PlainProfile
from airflow_ml_monitor.profile.text import TextCounter, TextProfile

ColumnProfile = NumericProfile | LevelProfile | TextProfile | PlainProfile

FORMS: dict[str, type[ColumnProfile]] = {
    form.form: form for form in (NumericProfile, LevelProfile, TextProfile, PlainProfile)
}


class Counter(Protocol):
    """Takes the arrays of one column, one batch after the other, and returns their profile."""

    def update(self, array: pa.Array) -> None: ...

    def finish(self) -> ColumnProfile: ...


def counter_for(start: ColumnProfile, column: str) -> Counter:
    """Return what adds Arrow arrays of a column to a profile of it."""
    if isinstance(start, NumericProfile):
        return NumericCounter(start, column)
    if isinstance(start, LevelProfile):
        return LevelCounter(start)
    if isinstance(start, TextProfile):
        return TextCounter(start, column)
    return PlainCounter(start)


def merged(one: ColumnProfile, other: ColumnProfile) -> ColumnProfile | None:
    """Return the merge of two profiles of a column; ``None`` where they were not counted alike."""
    return one + other if one.comparable(other) else None  # type: ignore[operator]
