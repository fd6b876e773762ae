"""How far rates of several groups are apart, with an interval: the greatest less, or by, the least."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple

from airflow_ml_monitor.performance.intervals.proportions import difference_of_two
from airflow_ml_monitor.results import Interval

Rate = tuple[float, Interval]
"""A rate and its interval."""


class Spread(NamedTuple):
    """How far rates are apart; ``None`` where it is not defined."""

    value: float | None
    interval: Interval | None


def pair_confidence(confidence: float, groups: int, rates: int = 1) -> float:
    """Return the confidence of each rate's interval with which the spread of all pairs has this one (Bonferroni)."""
    pairs = max(1, groups * (groups - 1) // 2)
    return 1 - (1 - confidence) / (pairs * rates)


def difference(rates: Sequence[Rate]) -> Spread:
    """Return the greatest rate less the least, from independent rates with intervals of ``pair_confidence``.

    Each pair's interval is Newcombe's (MOVER with the rates' own). The greatest of the differences is at least the
    greatest lower end and at most the greatest upper end of them all, so that no pair is chosen by its value.
    """
    apart = [difference_of_two(one, other) for one, other in itertools.permutations(rates, 2)]
    values = [value for value, _ in rates]
    lower, upper = (max(ends) for ends in zip(*apart, strict=True))
    return Spread(max(values) - min(values), Interval(max(0.0, lower), upper))


def ratio(rates: Sequence[Rate]) -> Spread:
    """Return the least rate by the greatest, from independent rates with intervals of ``pair_confidence``.

    Each pair's interval is MOVER's on the logarithms (Zou and Donner 2008). Where no group has any there is no ratio.
    """
    values = [value for value, _ in rates]
    if max(values) <= 0:
        return Spread(None, None)
    apart = [_quotient(one, other) for one, other in itertools.permutations(rates, 2)]
    lower, upper = (min(ends) for ends in zip(*apart, strict=True))
    return Spread(min(values) / max(values), Interval(lower, min(1.0, upper)))


def _quotient(one: Rate, other: Rate) -> Interval:
    (a, (a_low, a_high)), (b, (b_low, b_high)) = one, other
    if a <= 0:
        return Interval(0.0, a_high / b_low if b_low > 0 else math.inf)
    if b <= 0:
        return Interval(a_low / b_high, math.inf)
    logs = [(_log(value), Interval(_log(ends[0]), _log(ends[1]))) for value, ends in (one, other)]
    lower, upper = difference_of_two(*logs)
    return Interval(math.exp(lower), math.exp(min(upper, 700.0)))


def _log(value: float) -> float:
    return math.log(value) if value > 0 else -math.inf


def of_both(spreads: Sequence[Spread], *, least: bool) -> Spread:
    """Return the worse of several spreads: the least ratio, or the greatest difference."""
    if any(one.value is None or one.interval is None for one in spreads):
        return Spread(None, None)
    worst = min if least else max
    ends = [one.interval for one in spreads if one.interval is not None]
    value = worst(one.value for one in spreads if one.value is not None)
    return Spread(value, Interval(worst(end.lower for end in ends), worst(end.upper for end in ends)))
