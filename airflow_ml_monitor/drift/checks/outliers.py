"""Whether values lie where the reference has none, or pile up on one value."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from airflow_ml_monitor.drift.bins import cells
from airflow_ml_monitor.drift.checks.rises import greatest_rise, share_rise
from airflow_ml_monitor.drift.finding import Finding
from airflow_ml_monitor.drift.levels import Levels
from airflow_ml_monitor.drift.policy import DriftPolicy
from airflow_ml_monitor.drift.shares import Shares
from airflow_ml_monitor.drift.wording import number, percent, shown
from airflow_ml_monitor.profile.numeric import NumericProfile


def far_outside(column: str, reference: NumericProfile, current: NumericProfile, policy: DriftPolicy) -> Finding | None:
    """Measure by how much the share of values beyond 3 widths of the reference's 1-99 % range rose."""
    bounds = reference.edges.far
    if bounds is None:
        return None
    shares = Shares(_beyond(reference, bounds), reference.count, _beyond(current, bounds), current.count)
    span = f"{number(bounds[0])} to {number(bounds[1])}"
    extremes = f"least {number(current.minimum)}, greatest {number(current.maximum)} now"
    message = f"values outside {span}: {percent(shares.reference)} -> {percent(shares.current)}; {extremes}"
    return share_rise("far_outside", column, shares, policy, message, bounds=list(bounds))


def _beyond(profile: NumericProfile, bounds: tuple[float, float]) -> int:
    edges, upto = profile.edges.values, profile.upto
    low, high = np.searchsorted(edges, bounds)
    return int(upto[low] - profile.at[low]) + profile.count - int(upto[high])


def stuck_value(column: str, reference: NumericProfile, current: NumericProfile, policy: DriftPolicy) -> Finding:
    """Measure by how much the share of the rows at one value rose, of the value that rose most.

    Values of the reference that are edges are known one by one; any other value by the interval between two edges,
    which holds about a thousandth of the reference. Only what lies inside the reference's range is looked at.
    """
    counts = _inside(reference, cells(reference)), _inside(reference, cells(current))
    return greatest_rise(column, counts, (reference.count, current.count), policy, partial(_where, current))


def _inside(reference: NumericProfile, counts: Any) -> Any:
    edges = reference.edges.values
    start, stop = np.searchsorted(edges, (reference.minimum, reference.maximum))
    inside = np.zeros_like(counts)
    # The cell of edge i is 2 i + 1; what lies below or above the reference's values is not looked at.
    inside[2 * start + 1 : 2 * stop + 2] = counts[2 * start + 1 : 2 * stop + 2]
    return inside


def stuck_level(column: str, levels: Levels, policy: DriftPolicy) -> Finding:
    """Measure by how much the share of the rows at one level rose, or at a group of those too many to count."""
    counts = levels.reference, levels.current
    return greatest_rise(column, counts, (levels.n, levels.m), policy, lambda place: f"at {levels.name(place)}")


def _where(profile: NumericProfile, cell: int) -> str:
    edges, place = profile.edges.values, cell // 2
    if cell % 2:
        return f"at {shown(profile, float(edges[place]))}"
    return f"between {shown(profile, float(edges[place - 1]))} and {shown(profile, float(edges[place]))}"
