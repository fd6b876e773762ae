"""``build_reference``: a reference of all rows, or of windows, whose differences among themselves are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any

import numpy as np

from airflow_ml_monitor.data import Connections
from airflow_ml_monitor.drift.columns import column_findings
from airflow_ml_monitor.drift.policy import DriftPolicy
from airflow_ml_monitor.errors import ConfigurationError, DataError
from airflow_ml_monitor.profile import Profile, profile_like
from airflow_ml_monitor.profile import build_reference as profile_of_all
from airflow_ml_monitor.profile.variation import Variation, key
from airflow_ml_monitor.window import Window

Windows = timedelta | Iterable[Any]


def build_reference(
    data: Any,
    *,
    window: Window | None = None,
    windows: Windows | None = None,
    as_of: datetime | None = None,
    columns: Sequence[str] | None = None,
    kinds: Mapping[str, str] | None = None,
    policy: DriftPolicy | None = None,
    sample: int = 0,
    connections: Connections | None = None,
) -> Profile:
    """Return the profile of a reference, which says where later batches are counted.

    The rows are read twice (once where they are small), with ``windows`` three times: to choose edges and levels, and
    to count at them. Memory is bounded at any number of rows.

    :param data: a dataset, a pandas or polars data frame or an Arrow table.
    :param window: event time to read; all rows by default.
    :param windows: the windows that the reference consists of, such as every Monday of a quarter; or the length of
        those that ``window`` is cut into (a shorter rest at its end is left out). Each is compared with all the others;
        where there are at least eight, a policy learns its limits from that.
    :param as_of: the moment whose knowledge counts.
    :param columns: columns to count; by default those of the dataset without its time and arrival columns.
    :param kinds: a kind (``numeric``, ``categorical``, ``boolean``, ``datetime``, ``text``, ``other``) for a column
        whose type says another, such as a numeric code.
    :param policy: the checks whose variation is measured, where they are not the default ones: scores, methods by name.
    :param sample: rows to keep with the profile, drawn uniformly, for the methods that look at all columns together;
        none by default, since rows may be people's data.
    :raises DataError: no rows, an unknown column, or values that are not of the kind wanted.
    :raises ConfigurationError: windows without a time column, or a length without ``window``.
    """
    given: dict[str, Any] = {"as_of": as_of, "columns": columns, "kinds": kinds, "connections": connections}
    if windows is None:
        return profile_of_all(data, window=window, sample=sample, **given)
    cut = windows_of(windows, window)
    span = Window(min(part.start for part in cut), max(part.end for part in cut))
    shape = profile_of_all(data, window=span, sample=sample, **given)
    parts = [profile_like(shape, data, window=part, as_of=as_of, connections=connections) for part in cut]
    parts = [replace(part, types=shape.types) for part in parts if part.rows]
    if not parts:
        raise DataError(f"no rows of {shape.source} in any of the {len(cut)} windows; a reference needs rows")
    whole = sum(parts[1:], parts[0])
    return replace(whole, window=span, source=shape.source, sample=shape.sample, variation=variation_of(parts, policy))


def windows_of(windows: Windows, span: Window | None) -> list[Window]:
    """Return windows as given, or those that a span is cut into.

    :raises ConfigurationError: a length without a span, longer than it or not positive; or no windows.
    """
    if not isinstance(windows, timedelta):
        found = sorted(Window.of(window) for window in windows)
        if not found:
            raise ConfigurationError("windows= names no window; leave it out to take all rows as one")
        return found
    if span is None:
        raise ConfigurationError(f"windows={windows} cuts a window into parts; give window= as well")
    if not timedelta(0) < windows <= span.length:
        raise ConfigurationError(f"windows={windows} must be longer than nothing and at most {span.length}, as window=")
    return [Window(span.start + i * windows, span.start + (i + 1) * windows) for i in range(span.length // windows)]


def variation_of(parts: Sequence[Profile], policy: DriftPolicy | None = None) -> Variation:
    """Return how much profiles of windows differ, each compared with the sum of all others.

    :param policy: the checks to make; those of the default policy without one.
    """
    policy = policy or DriftPolicy()
    before = [Profile(), *accumulate(parts)]
    after = [Profile(), *accumulate(reversed(parts))][::-1]
    effects: dict[str, dict[str, Any]] = {}
    for place, part in enumerate(parts):
        others = before[place] + after[place + 1]
        for name, column in others.columns.items():
            own = effects.setdefault(name, {})
            found = column_findings(name, column, part.columns[name], policy) if name in part.columns else ()
            for finding in found:
                if finding.value is not None and finding.limit is not None:
                    empty = np.full(len(parts), np.nan)
                    own.setdefault(key(finding.check, finding.metric), empty)[place] = finding.value
    return Variation(tuple(part.window for part in parts if part.window is not None), effects)
