"""``learn_suite``: the expectation suite that a reference keeps, to be reviewed and then kept by every window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_ml_monitor.errors import ConfigurationError, DataError
from airflow_ml_monitor.quality.learn_limits import FALSE_ALARMS, LEAST_ROWS, Budget
from airflow_ml_monitor.window import Window, as_of_or_now

if TYPE_CHECKING:
    from airflow_ml_monitor.data import Connections
    from airflow_ml_monitor.profile import Profile
    from airflow_ml_monitor.quality.learn_columns import Column

_CHECKS_PER_COLUMN = 2
"""Of those that chance may break: the missing share, and the range or the levels."""


def learn_suite(
    data: Any,
    *,
    window: Window | None = None,
    as_of: datetime | str | None = None,
    columns: Sequence[str] | None = None,
    name: str = "learnt",
    window_rows: int | None = None,
    most_levels: int = 100,
    connections: Connections | None = None,
) -> dict[str, Any]:
    """Return an expectation suite learnt from a reference, as plain JSON that ``load_suite`` and ``validate`` take.

    Per column: the family of its type, the share that may be missing, uniqueness where it is a key (all ``critical``),
    and a range or a set of levels (``warning``). Limits are such that of windows of the same process at most 2 %
    break any of them at all. ``meta.why`` says each reason, and ``meta.not_learnt`` of the suite what was left out.

    Levels are listed only where they have ten rows or more, bounds are rounded outwards, and neither is kept for a
    key. Times have no range: later windows lie beyond it. From a profile nothing is learnt about uniqueness.

    :param data: a dataset, a data frame, or a ``Profile``.
    :param window: event time to learn from; all rows by default.
    :param as_of: the moment whose knowledge counts; now by default.
    :param columns: columns to learn about; by default those of the dataset without its time and arrival columns.
    :param window_rows: rows a window to be judged has at least; as many as the reference by default.
    :param most_levels: the longest list of levels to make.
    :param connections: where connection ids and URLs lead.
    :raises DataError: fewer than 30 rows, or an unknown column.
    :raises ConfigurationError: ``window_rows`` or ``most_levels`` below 1, or a window for a profile.
    """
    from airflow_ml_monitor.profile import Profile

    _require_positive(window_rows=window_rows, most_levels=most_levels)
    if isinstance(data, Profile):
        profile, extra = _of_profile(data, columns, window), dict[str, Mapping[str, Any]]()
    else:
        profile, extra = _of_data(data, columns, window, as_of, connections)
    if profile.rows < LEAST_ROWS:
        raise DataError(
            f"a reference of {profile.rows:,} rows is too small to learn from; give a window of {LEAST_ROWS} or more"
        )
    described = _described(profile, extra, most_levels)
    alpha = FALSE_ALARMS / (_CHECKS_PER_COLUMN * max(1, len(described)))
    return _suite(name, profile, described, Budget(window_rows or profile.rows, alpha))


def _require_positive(**given: int | None) -> None:
    for name, value in given.items():
        if value is not None and value < 1:
            raise ConfigurationError(f"{name}={value} is below 1; give a whole number of at least 1")


def _of_profile(profile: Profile, columns: Sequence[str] | None, window: Window | None) -> Profile:
    if window is not None:
        raise ConfigurationError("a profile has a window already; leave window= out, or give the dataset itself")
    unknown = [name for name in columns or () if name not in profile.columns]
    if unknown:
        raise DataError(f"column {unknown[0]!r} is not in the profile; it has {', '.join(profile.columns)}")
    return profile if columns is None else profile.only(columns)


def _of_data(
    data: Any,
    columns: Sequence[str] | None,
    window: Window | None,
    as_of: datetime | str | None,
    connections: Connections | None,
) -> tuple[Profile, dict[str, Mapping[str, Any]]]:
    """Return the profile of the rows, and what it does not hold: which columns are keys, a database's type names."""
    from airflow_ml_monitor.data import Connections, as_dataset
    from airflow_ml_monitor.profile import build_reference
    from airflow_ml_monitor.quality.learn_keys import keys_of
    from airflow_ml_monitor.quality.learn_types import database_names

    dataset, connections = as_dataset(data), connections or Connections()
    moment = as_of_or_now(as_of)  # one for all passes, so that they see the same rows
    span = None if window is None else Window.of(window)
    profile = build_reference(dataset, window=span, as_of=moment, columns=columns, connections=connections)
    rows = dataset.open(span, as_of=moment, connections=connections)
    keys, names = keys_of(profile, rows), database_names(rows)
    return profile, {name: {"key": name in keys, "database_name": names.get(name)} for name in profile.columns}


def _described(profile: Profile, extra: Mapping[str, Mapping[str, Any]], most_levels: int) -> list[Column]:
    from airflow_ml_monitor.quality.learn_columns import Column
    from airflow_ml_monitor.quality.learn_types import type_list

    return [
        Column(
            name=name,
            profile=column,
            types=type_list(profile.types[name], extra.get(name, {}).get("database_name")),
            key=bool(extra.get(name, {}).get("key")),
            integer="int" in profile.types[name].text,
            most_levels=most_levels,
        )
        for name, column in profile.columns.items()
    ]


def _suite(name: str, profile: Profile, columns: Sequence[Column], budget: Budget) -> dict[str, Any]:
    from airflow_ml_monitor.quality.learn_columns import Learnt, learn_column

    expectations: list[dict[str, Any]] = []
    reasons: dict[str, list[str]] = {}
    for column in columns:
        for found in learn_column(column, budget):
            if isinstance(found, Learnt):
                expectations.append(found.to_dict(column.name))
            else:
                reasons.setdefault(column.name, []).append(found.reason)
    if not expectations:
        raise DataError(f"nothing could be learnt from {profile.rows:,} rows: {reasons}; give columns with values")
    window = None if profile.window is None else profile.window.to_dict()
    learnt_from = {"rows": profile.rows, "window": window, "window_rows": budget.rows}
    return {"name": name, "expectations": expectations, "meta": {"learnt_from": learnt_from, "not_learnt": reasons}}
