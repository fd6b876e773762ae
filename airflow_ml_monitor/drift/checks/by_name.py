"""Whether the distribution of a column moved, by the methods that a policy names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_ml_monitor.drift.bins import quantile_bins
from airflow_ml_monitor.drift.finding import Finding
from airflow_ml_monitor.drift.levels import Levels
from airflow_ml_monitor.drift.measuring import serves
from airflow_ml_monitor.drift.methods.psi import psi_critical
from airflow_ml_monitor.drift.policy import DriftPolicy
from airflow_ml_monitor.drift.registry import find_method
from airflow_ml_monitor.drift.wording import moved, place
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.profile import Profile
from airflow_ml_monitor.profile.columns import ColumnProfile
from airflow_ml_monitor.profile.kinds import Kind
from airflow_ml_monitor.profile.levels import LevelProfile
from airflow_ml_monitor.profile.numeric import NumericProfile
from airflow_ml_monitor.results import Status


def named_distributions(
    column: str, reference: ColumnProfile, current: ColumnProfile, policy: DriftPolicy
) -> Iterator[Finding]:
    """Yield one finding for each method named for the column.

    What a method cannot measure, such as a third level for a test of two, is an ``error`` of its check alone.
    """
    about = _about(reference, current)
    for name in policy.methods[column]:
        method = find_method(name)
        given: dict[str, Any] = {"check": "distribution", "metric": name, "column": column, **about}
        try:
            found = method.on(reference, current)
        except ConfigurationError as error:
            told = given | {"message": f"cannot be measured: {error}", "settled": Status.ERROR}
            yield Finding(**told, severity=policy.severity(column))
            continue
        detail = about["detail"] | ({} if found.effect is None else {"statistic": found.value})
        yield Finding(
            **(given | {"detail": detail, "n_reference": found.n_reference, "n_current": found.n_current}),
            severity=policy.severity(column),
            value=method.effect(found),
            limit=_limit(name, column, reference, current, policy),
            p_value=found.p_value,
        )


def refuse_methods_of_other_kinds(reference: Profile, policy: DriftPolicy) -> None:
    """Refuse methods that do not measure columns of the kind they are named for.

    :raises ConfigurationError: there is one.
    """
    for column, names in policy.methods.items():
        kind = reference.columns[column].kind
        for name in names:
            if kind is not Kind.EMPTY and not serves(name, kind):
                served = ", ".join(find_method(name).kinds)
                raise ConfigurationError(
                    f"DriftPolicy(methods={{{column!r}: {name!r}}}): {name} measures {served} columns, "
                    f"{column} is {kind} in the reference"
                )


def _limit(name: str, column: str, reference: ColumnProfile, current: ColumnProfile, policy: DriftPolicy) -> float:
    limit = policy.limit(name, column)
    if name != "psi":
        return limit
    counts = None
    if isinstance(reference, NumericProfile) and isinstance(current, NumericProfile):
        counts = quantile_bins(reference, current, 10)
    elif isinstance(reference, LevelProfile) and isinstance(current, LevelProfile):
        levels = Levels.of(reference, current)
        counts = levels.reference, levels.current
    if counts is None:
        return limit
    bins = int(((counts[0] + counts[1]) > 0).sum())
    return max(limit, psi_critical(policy.alpha, bins, int(counts[0].sum()), int(counts[1].sum())))


def _about(reference: ColumnProfile, current: ColumnProfile) -> dict[str, Any]:
    """Return what moved, in words and numbers, and the sizes."""
    sizes = {"n_reference": reference.count, "n_current": current.count}
    if isinstance(reference, NumericProfile) and isinstance(current, NumericProfile):
        detail = {"reference": place(reference), "current": place(current)}
        return sizes | {"message": moved(reference, current), "detail": detail}
    if isinstance(reference, LevelProfile) and isinstance(current, LevelProfile):
        levels = Levels.of(reference, current)
        return sizes | {"message": levels.story(), "detail": levels.detail()}
    return sizes | {"message": "", "detail": {}}
