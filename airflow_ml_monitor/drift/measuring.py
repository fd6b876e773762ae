"""``measure``: one method on one pair of columns, given as values or as profiles."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyarrow as pa

from airflow_ml_monitor.drift import methods as _registered  # noqa: F401 - registers the methods
from airflow_ml_monitor.drift.bins import FEW_VALUES, numeric_levels, quantile_bins
from airflow_ml_monitor.drift.registry import Measurement, Method, enough, find_method, method_names
from airflow_ml_monitor.drift.rows import is_rows, measure_rows
from airflow_ml_monitor.errors import ConfigurationError, DataError
from airflow_ml_monitor.profile.arrays import Counts, numbers
from airflow_ml_monitor.profile.columns import ColumnProfile
from airflow_ml_monitor.profile.edges import Edges
from airflow_ml_monitor.profile.kernel import LARGEST
from airflow_ml_monitor.profile.kinds import Kind, natural_kind
from airflow_ml_monitor.profile.levels import LevelCounter, LevelProfile, positions
from airflow_ml_monitor.profile.numeric import NumericCounter, NumericProfile
from airflow_ml_monitor.profile.plan import LevelPlanner

_NUMBERS = (Kind.NUMERIC, Kind.DATETIME)


def measure(name: str, reference: Any, current: Any, *, bins: int = 10) -> Measurement:
    """Return one method's value, p-value, sample sizes and effect for two columns.

    :param name: one of ``method_names()``.
    :param reference: values (list, array, Series, Arrow array), missing ones left out; or a column profile. For
        ``domain_classifier``, ``pca_reconstruction`` and ``mmd`` also a data frame, an Arrow table or an array of
        rows x columns.
    :param current: likewise; a profile must have been counted like the reference's.
    :param bins: number of bins for numbers in ``psi``, ``jensen_shannon``, ``hellinger``, ``kl`` and ``l_infinity``, at
        the reference's quantiles. In all of these but ``psi``, and in the methods of levels, numbers of at most 50
        distinct values are taken as levels.
    :raises ConfigurationError: an unknown method, no values on a side, or values that it does not measure.
    :raises DataError: values beyond 1e150.
    """
    method = find_method(name)
    if is_rows(reference) or is_rows(current) or method.takes == "rows":
        return measure_rows(name, reference, current)
    return _measured(method, *_profiles(reference, current), bins)


def measure_profiles(name: str, reference: ColumnProfile, current: ColumnProfile, *, bins: int = 10) -> Measurement:
    """Return what ``measure`` does for the profiles of one column, of which no value is at hand.

    :raises ConfigurationError: an unknown method, no values on a side, or a kind of column it does not measure.
    :raises DataError: the two profiles were not counted alike.
    """
    method = find_method(name)
    if type(reference) is not type(current) or not reference.comparable(current):
        raise DataError("the two profiles were not counted alike; make the current one with profile_like(reference)")
    if reference.kind not in method.kinds:
        served = ", ".join(kind.value for kind in method.kinds) or "rows of several columns"
        others = ", ".join(other for other in method_names() if serves(other, reference.kind)) or "no method does"
        raise ConfigurationError(
            f"{name} measures {served}, this column is {reference.kind.value}; methods that measure it: {others}"
        )
    return _measured(method, reference, current, bins)


def serves(name: str, kind: Kind) -> bool:
    """Whether a method measures columns of that kind.

    :raises ConfigurationError: an unknown method.
    """
    return kind in find_method(name).kinds


def _measured(method: Method, reference: ColumnProfile, current: ColumnProfile, bins: int) -> Measurement:
    if isinstance(reference, NumericProfile) and isinstance(current, NumericProfile):
        if method.takes == "numbers":
            return method.function(reference, current)
        return method.function(*_binned(method, reference, current, bins))
    if method.takes == "numbers":
        raise ConfigurationError(f"{method.name} measures numbers; for text and booleans use tvd, chi2 or psi")
    assert isinstance(reference, LevelProfile)
    assert isinstance(current, LevelProfile)
    return method.function(*aligned(reference, current))


def aligned(reference: LevelProfile, current: LevelProfile) -> tuple[Counts, Counts]:
    """Return the counts of both sides by level: the listed ones, then those outside, those not kept as one."""
    outside = np.union1d(reference.outside.hashes, current.outside.hashes)
    return _all_levels(reference, outside), _all_levels(current, outside)


def _all_levels(profile: LevelProfile, outside: np.ndarray[Any, Any]) -> Counts:
    counts = np.zeros(len(outside) + 1, np.int64)
    place, _ = positions(outside, profile.outside.hashes)
    counts[place] = profile.outside.counts
    counts[-1] = profile.outside.rows - int(profile.outside.counts.sum())
    return np.concatenate((profile.counts, counts))


def _binned(method: Method, reference: NumericProfile, current: NumericProfile, bins: int) -> tuple[Counts, Counts]:
    enough(method.name, (reference.count, current.count))
    levels = numeric_levels(reference, current)
    if levels is not None and method.name != "psi":
        return levels
    if method.takes != "bins":
        raise ConfigurationError(
            f"{method.name} compares levels, these numbers have more than {FEW_VALUES}; use ks or wasserstein_normed"
        )
    return quantile_bins(reference, current, bins)


def _profiles(reference: Any, current: Any) -> tuple[ColumnProfile, ColumnProfile]:
    forms = (NumericProfile, LevelProfile)
    if isinstance(reference, forms) and isinstance(current, forms):
        if not reference.comparable(current):
            raise DataError(
                "the two profiles were not counted alike; make the current one with profile_like(reference)"
            )
        return reference, current
    one, other = _array(reference), _array(current)
    kinds = {natural_kind(array.type) for array in (one, other)} - {Kind.EMPTY}
    if kinds and kinds <= set(_NUMBERS):
        return _numeric(one, other)
    if Kind.OTHER in kinds:
        raise ConfigurationError(f"values of {one.type} and {other.type} cannot be compared")
    return _levels(one, other)


def _array(values: Any) -> pa.Array:
    if isinstance(values, (pa.Array, pa.ChunkedArray)):
        return pa.concat_arrays(values.chunks) if isinstance(values, pa.ChunkedArray) else values
    try:
        return pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([None if _is_missing(value) else str(value) for value in values])


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _numeric(one: pa.Array, other: pa.Array) -> tuple[NumericProfile, NumericProfile]:
    values = [numbers(array, "of the sample") for array in (one, other)]
    pooled = np.unique(np.concatenate(values))
    pooled = pooled[np.abs(pooled) < LARGEST]
    low, high = (float(pooled[0]), float(pooled[-1])) if len(pooled) else (0.0, 0.0)
    start = NumericProfile.on(Edges(pooled, low, high, len(pooled)), Kind.NUMERIC)
    counted = []
    for array in (one, other):
        counter = NumericCounter(start, "of the sample")
        counter.update(array)
        counted.append(counter.finish())
        if counted[-1].too_large:
            beyond = f"{counted[-1].too_large:,} values lie beyond 1e{math.log10(LARGEST):.0f}"
            raise DataError(f"{beyond}; divide both samples to measure them")
    return counted[0], counted[1]


def _levels(one: pa.Array, other: pa.Array) -> tuple[LevelProfile, LevelProfile]:
    planner = LevelPlanner(Kind.CATEGORICAL)
    planner.update(one)
    start = planner.finish()
    assert isinstance(start, LevelProfile)
    counted = []
    for array in (one, other):
        counter = LevelCounter(start)
        counter.update(array)
        counted.append(counter.finish())
    return counted[0], counted[1]
