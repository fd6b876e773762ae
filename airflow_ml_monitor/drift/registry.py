"""The methods by name: each file of ``drift.methods`` registers one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from airflow_ml_monitor.drift.limits import METHOD_LIMITS
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.profile.kinds import Kind

NUMBERS = (Kind.NUMERIC, Kind.DATETIME)
LEVELS = (Kind.CATEGORICAL, Kind.BOOLEAN)


class Measurement(NamedTuple):
    """One method on one pair of columns.

    :param value: what the method is known for; its range is the method's.
    :param p_value: probability of at least this value under no change.
    :param n_reference: values behind it (``n_current`` likewise), missing and infinite ones left out.
    :param effect: how large the difference is, without a unit and however many rows there are, where ``value`` has a
        unit or grows with the rows; ``None`` where ``value`` says it.
    """

    value: float
    p_value: float | None
    n_reference: int
    n_current: int
    effect: float | None = None


Takes = Literal["numbers", "bins", "levels", "rows"]
Function = Callable[..., Measurement]


class Method(NamedTuple):
    """A registered method.

    :param takes: ``numbers``, two numeric profiles; ``levels``, two arrays of counts by level; ``bins``, the same,
        numbers being counted in bins at the reference's quantiles; ``rows``, two tables of several columns.
    :param kinds: the kinds of columns a policy may choose it for; none where it takes rows.
    """

    name: str
    takes: Takes
    kinds: tuple[Kind, ...]
    function: Function

    @property
    def limit(self) -> float:
        """The effect from which on a difference matters, unless a policy says another."""
        return METHOD_LIMITS[self.name]

    def effect(self, found: Measurement) -> float:
        """Return what the limit is compared with."""
        return found.value if found.effect is None else found.effect

    def on(self, reference: Any, current: Any, *, bins: int = 10) -> Measurement:
        """Measure two column profiles, as ``measuring.measure_profiles`` does."""
        from airflow_ml_monitor.drift.measuring import measure_profiles

        return measure_profiles(self.name, reference, current, bins=bins)


_METHODS: dict[str, Method] = {}


def method(name: str, *, takes: Takes, kinds: tuple[Kind, ...]) -> Callable[[Function], Function]:
    """Register a function as the method of that name.

    :raises ConfigurationError: there is one of that name already, or no limit for it.
    """

    def register(function: Function) -> Function:
        if name in _METHODS:
            raise ConfigurationError(f"a drift method {name!r} exists already")
        if name not in METHOD_LIMITS:
            raise ConfigurationError(f"a drift method {name!r} has no limit; give it one in drift.limits.METHOD_LIMITS")
        _METHODS[name] = Method(name, takes, kinds, function)
        return function

    return register


def find_method(name: str) -> Method:
    """Return the method of that name.

    :raises ConfigurationError: there is none.
    """
    if name not in _METHODS:
        raise ConfigurationError(f"no drift method {name!r}; known: {', '.join(sorted(_METHODS))}")
    return _METHODS[name]


def method_names() -> list[str]:
    """Return the names of all methods, in alphabetical order."""
    return sorted(_METHODS)


def enough(name: str, counts: Any, least: int = 1) -> tuple[int, int]:
    """Return the two sample sizes.

    :raises ConfigurationError: one of them is less than ``least``.
    """
    sizes = (int(counts[0]), int(counts[1]))
    if min(sizes) < least:
        wanted = "values" if least == 1 else f"at least {least} values"
        raise ConfigurationError(f"{name} needs {wanted} on both sides, there are {sizes[0]} and {sizes[1]}")
    return sizes
