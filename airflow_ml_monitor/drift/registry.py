"""The methods by name: each file of ``drift.methods`` registers one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from airflow_ml_monitor.errors import ConfigurationError


class Measurement(NamedTuple):
    """One method on one pair of columns.

    :param value: the effect; its range is the method's.
    :param p_value: probability of at least this value under no change; ``None`` where the method has none.
    :param n_reference: values behind it (``n_current`` likewise), missing and infinite ones left out.
    """

    value: float
    p_value: float | None
    n_reference: int
    n_current: int


Takes = Literal["numbers", "bins", "levels"]


class Method(NamedTuple):
    """A registered method.

    :param takes: ``numbers``, two numeric profiles; ``levels``, two arrays of counts by level; ``bins``, the same,
        numbers being counted in bins at the reference's quantiles.
    """

    name: str
    takes: Takes
    function: Callable[..., Measurement]


_METHODS: dict[str, Method] = {}

Function = Callable[..., Measurement]


def method(name: str, *, takes: Takes) -> Callable[[Function], Function]:
    """Register a function as the method of that name.

    :raises ConfigurationError: there is one of that name already.
    """

    def register(function: Function) -> Function:
        if name in _METHODS:
            raise ConfigurationError(f"a drift method {name!r} exists already")
        _METHODS[name] = Method(name, takes, function)
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


def enough(name: str, counts: Any) -> tuple[int, int]:
    """Return the two sample sizes.

    :raises ConfigurationError: one of them is zero.
    """
    sizes = (int(counts[0]), int(counts[1]))
    if not all(sizes):
        raise ConfigurationError(f"{name} needs values on both sides, there are {sizes[0]} and {sizes[1]}")
    return sizes
