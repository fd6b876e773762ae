"""Reading one column as numbers, probabilities, weights, clusters or queries, and why what of it cannot be."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from airflow_ml_monitor.data.arrays import floats
from airflow_ml_monitor.errors import ConfigurationError, DataError
from airflow_ml_monitor.performance.answers import Answers, Numbers
from airflow_ml_monitor.performance.label_keys import decoded, nature_of
from airflow_ml_monitor.performance.levels import Levels

Mask = NDArray[np.bool_]
SUM_TOLERANCE = 0.01
"""How far the probabilities of all classes may be from summing to one: they may have been rounded."""


def numbers(column: pa.ChunkedArray) -> Numbers:
    """Return a column as floats, NaN where it holds none; texts and decimals are read as they are written."""
    column = decoded(column)
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return floats(column)
    if pa.types.is_boolean(kind):
        return floats(column.cast(pa.uint8()))
    if pa.types.is_timestamp(kind) or pa.types.is_duration(kind):
        return floats(column.cast(pa.int64()))
    if pa.types.is_decimal(kind):
        column = column.cast(pa.string())
    elif nature_of(kind) != "text":
        return np.full(len(column), np.nan)
    return Levels.of(column, "").number(number)


def number(value: Any) -> float:
    """Return one value as a float, NaN where it is none."""
    try:
        return math.nan if isinstance(value, str) and "_" in value else float(value)
    except (TypeError, ValueError):
        return math.nan


def probability_faults(score: Numbers, name: str) -> dict[str, int]:
    return counted(
        {
            f"{name} missing or no number": int(np.isnan(score).sum()),
            f"{name} outside [0, 1]": int(((score < 0) | (score > 1)).sum()),
        }
    )


def probabilities(score: Numbers) -> tuple[Mask, dict[str, int]]:
    """Return which rows hold probabilities of all classes that sum to one, and why the others do not."""
    absent = np.isnan(score).any(axis=1)
    outside = ~absent & ((score < 0) | (score > 1)).any(axis=1)
    off = ~absent & ~outside & (np.abs(score.sum(axis=1) - 1) > SUM_TOLERANCE)
    reasons = {
        "a probability missing or no number": int(absent.sum()),
        "a probability outside [0, 1]": int(outside.sum()),
        "probabilities that do not sum to one": int(off.sum()),
    }
    return ~(absent | outside | off), counted(reasons)


def counted(reasons: Mapping[str, int]) -> dict[str, int]:
    return {reason: count for reason, count in reasons.items() if count}


def weights(column: pa.ChunkedArray, name: str) -> tuple[Numbers, dict[str, int]]:
    """Return how much each row counts, NaN where the column does not say, and why that is so of how many rows."""
    weight = numbers(column)
    usable = np.isfinite(weight) & (weight >= 0)
    wrong = {f"{name} missing, infinite or below zero": int((~usable).sum())}
    return np.where(usable, weight, np.nan), counted(wrong)


def clusters(column: pa.ChunkedArray, name: str) -> NDArray[np.int64]:
    """Return a code for each row, equal where rows belong together; rows without a value stand alone."""
    codes = Levels.of(column, name).codes
    alone = codes.max(initial=-1) + 1 + np.arange(len(codes))
    return np.where(codes < 0, alone, codes)


def queries(column: pa.ChunkedArray, name: str) -> tuple[NDArray[np.int64], Mask]:
    """Return a code for each row, equal where rows are ranked together, and which rows are of a query."""
    codes = Levels.of(column, name).codes
    return codes, codes >= 0


def relevances(column: pa.ChunkedArray, labelled: Mask) -> tuple[Numbers, dict[str, int]]:
    """Return how relevant each row is, NaN where the label is missing or says nothing, and why that is so."""
    truth = numbers(column)
    usable = np.isfinite(truth) & (truth >= 0)
    wrong = {
        "no number": int((labelled & np.isnan(truth)).sum()),
        "infinite": int((labelled & np.isinf(truth)).sum()),
        "below zero": int((labelled & np.isfinite(truth) & (truth < 0)).sum()),
    }
    return np.where(labelled & usable, truth, np.nan), counted(wrong)


def require_whole_queries(answers: Answers, name: str) -> None:
    """Refuse queries whose rows are of several clusters: nobody knows which of those the query belongs to.

    :raises DataError: there is one.
    """
    if answers.query is None or answers.cluster is None:
        return
    pairs = np.unique(np.stack([answers.query, answers.cluster]), axis=1)
    cut = pairs.shape[1] - len(np.unique(answers.query))
    if cut:
        raise DataError(f"cluster={name!r} differs within queries ({cut:,} times); name a column that says who asked")


def span(given: Sequence[float] | None) -> tuple[float, float] | None:
    """Return the least and the greatest target that there can be.

    :raises ConfigurationError: these are not two numbers in ascending order.
    """
    if given is None:
        return None
    ends = tuple(given)
    if len(ends) != 2 or not all(map(math.isfinite, ends)) or ends[0] >= ends[1]:
        raise ConfigurationError(
            f"label_range={given!r} must be two numbers, the least and the greatest target there can be"
        )
    return float(ends[0]), float(ends[1])


def is_outside(targets: Numbers, ends: tuple[float, float] | None) -> NDArray[np.bool_]:
    """Return which targets are outside the span, where there is one."""
    outside: NDArray[np.bool_] = np.zeros(len(targets), dtype=bool)
    return outside if ends is None else (targets < ends[0]) | (targets > ends[1])
