"""What a ``DriftPolicy`` is checked for when it is made."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from airflow_ml_monitor.drift.limits import METHOD_LIMITS
from airflow_ml_monitor.errors import ConfigurationError

if TYPE_CHECKING:
    from airflow_ml_monitor.drift.policy import DriftPolicy

CORRECTIONS = ("holm", "bh", "none")
RULES = ("any", "share", "weighted")
MULTIVARIATE = ("domain_classifier", "pca_reconstruction", "mmd")
NAMING = ("columns", "critical", "warning", "scores", "methods", "weights", "column_limits")
"""The settings that name columns which must be there."""


def names(setting: str, given: Iterable[str] | None) -> tuple[str, ...] | None:
    """Return names as a tuple.

    :raises ConfigurationError: they are one text.
    """
    if isinstance(given, str):
        raise ConfigurationError(f"DriftPolicy({setting}{given!r}) is one text; give a list of names")
    return None if given is None else tuple(given)


def method_choices(methods: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return the methods of each column.

    :raises ConfigurationError: a method that does not exist, or none for a column.
    """
    single = [name for name in METHOD_LIMITS if name not in MULTIVARIATE or name == "mmd"]
    chosen = {column: (given,) if isinstance(given, str) else tuple(given) for column, given in methods.items()}
    for column, given in chosen.items():
        unknown = [name for name in given if name not in single]
        if unknown or not given:
            told = f"names {unknown[0]!r}" if unknown else "names no method"
            raise ConfigurationError(f"DriftPolicy(methods={{{column!r}: ...}}) {told}; there are {', '.join(single)}")
    return chosen


def refuse_ranges(policy: DriftPolicy) -> None:
    """Refuse settings that are out of range.

    :raises ConfigurationError: there is one.
    """
    if not 0.0 < policy.alpha < 1.0:
        raise ConfigurationError(f"DriftPolicy(alpha={policy.alpha!r}) must lie between 0 and 1, such as 0.05")
    if policy.confirm is not None and not _is_some_of_some(policy.confirm):
        raise ConfigurationError(
            f"DriftPolicy(confirm={policy.confirm!r}) must say how many of how many windows: two whole numbers, (2, 3)"
        )
    if policy.min_rows < 2:
        raise ConfigurationError(f"DriftPolicy(min_rows={policy.min_rows!r}) must be at least 2")
    for setting, value, known in (("correction", policy.correction, CORRECTIONS), ("rule", policy.rule, RULES)):
        if value not in known:
            raise ConfigurationError(f"DriftPolicy({setting}={value!r}) is none of {', '.join(known)}")
    for name in policy.multivariate:
        if name not in MULTIVARIATE:
            raise ConfigurationError(f"DriftPolicy(multivariate=) names {name!r}; there are {', '.join(MULTIVARIATE)}")
    amounts = {name: getattr(policy, name) for name in ("looks_per_year", "alarms_per_year")}
    for name, amount in (amounts | {f"weights[{column!r}]": w for column, w in policy.weights.items()}).items():
        if amount is not None and not 0.0 < amount < math.inf:
            raise ConfigurationError(f"DriftPolicy({name}={amount!r}) must be a number above 0")


def _is_some_of_some(given: tuple[Any, ...]) -> bool:
    whole = len(given) == 2 and all(isinstance(one, int) and not isinstance(one, bool) for one in given)
    return whole and 1 <= given[0] <= given[1]


def refuse_contradictions(policy: DriftPolicy) -> None:
    """Refuse settings that contradict each other.

    :raises ConfigurationError: there are some.
    """
    if policy.columns == ():
        raise ConfigurationError("DriftPolicy(columns=()) compares nothing; leave it out to compare all columns")
    wanted = set(policy.columns or ())
    for name, other, both in (
        ("columns", "exclude", wanted & set(policy.exclude)),
        ("critical", "warning", set(policy.critical or ()) & set(policy.warning)),
        ("scores", "methods", set(policy.scores) & set(policy.methods)),
    ):
        if both:
            raise ConfigurationError(f"DriftPolicy has {', '.join(sorted(both))} both in {name} and in {other}")
    if policy.weights and policy.rule != "weighted":
        raise ConfigurationError(f"DriftPolicy(weights=) is for rule='weighted', the rule is {policy.rule!r}")
    for name in (name for name in NAMING if name != "columns"):
        named = set(getattr(policy, name) or ())
        unused = sorted(named & set(policy.exclude) | (set() if policy.columns is None else named - wanted))
        if unused:
            raise ConfigurationError(f"DriftPolicy({name}=) names {', '.join(unused)}, which it does not compare")
