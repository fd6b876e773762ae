"""Quantiles of a numeric profile: a number where its edges resolve one, else the bounds it lies between."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from airflow_ml_monitor.profile.kinds import Kind
from airflow_ml_monitor.profile.times import as_time

if TYPE_CHECKING:
    from airflow_ml_monitor.profile.numeric import NumericProfile

_OF_VALUE = 0.02
_OF_RANGE = 0.002


def quantile_bounds(profile: NumericProfile, share: float) -> tuple[float, float] | None:
    """Return two values between which the quantile lies; the same one twice where it is known, ``None`` of nothing.

    The quantile is the least value up to which at least that share of the values lies. It is known at an edge, and
    where an interval between edges holds one value; otherwise it lies between the edges, or the least and greatest
    value where these are nearer.
    """
    if not profile.count:
        return None
    edges, upto, wanted = profile.edges.values, profile.upto, share * profile.count
    place = int(np.searchsorted(upto, wanted, side="left"))
    if place < len(edges) and upto[place] - profile.at[place] < wanted:
        return float(edges[place]), float(edges[place])
    if profile.between[place] <= 1:
        alone = float(profile.sums[place]) if profile.between[place] else profile.maximum
        return alone, alone
    low = float(edges[place - 1]) if place else profile.minimum
    high = float(edges[place]) if place < len(edges) else profile.maximum
    return max(low, profile.minimum), min(high, profile.maximum)


def quantile(profile: NumericProfile, share: float) -> float | None:
    """Return the quantile, off by at most 1 % of itself or 0.1 % of the reference's 1st-to-99th-percentile range;
    ``None`` where the edges are too far apart to say."""
    bounds = quantile_bounds(profile, share)
    return _middle(*bounds) if bounds is not None and _narrow(profile, *bounds) else None


def _middle(low: float, high: float) -> float:
    return (low + high) / 2.0


def _narrow(profile: NumericProfile, low: float, high: float) -> bool:
    """Whether two bounds are as good as one number.

    Inside the reference's range its own spread is the scale; beyond it only the value itself is, since values may
    be in quite another unit there. For times no value is a scale: 1970 is no zero.
    """
    edges, apart = profile.edges, high - low
    if apart <= 0.0 or (edges.low <= low and high <= edges.high and apart <= _OF_RANGE * (edges.high - edges.low)):
        return True
    return profile.kind is not Kind.DATETIME and low * high > 0.0 and apart <= _OF_VALUE * min(abs(low), abs(high))


def location(profile: NumericProfile, shares: Mapping[str, float]) -> dict[str, Any]:
    """Return mean, deviation, range and these quantiles in plain JSON; nothing of no values.

    A quantile that the edges do not resolve is a pair of bounds. Times are ISO texts, their deviation seconds.
    """
    if not profile.count:
        return {}
    exact = {"mean": profile.moments.mean, "min": profile.minimum, "max": profile.maximum}
    found: dict[str, Any] = {name: _plain(profile, value) for name, value in exact.items()}
    for name, share in shares.items():
        bounds = quantile_bounds(profile, share) or (0.0, 0.0)
        known = _narrow(profile, *bounds)
        found[name] = _plain(profile, _middle(*bounds)) if known else [_plain(profile, bound) for bound in bounds]
    return found | {"std": profile.moments.variance**0.5}


def _plain(profile: NumericProfile, value: float) -> float | str:
    return as_time(value) if profile.kind is Kind.DATETIME else value
