"""Numbers, times, quantiles and levels in words."""

from __future__ import annotations

import math
from typing import Any

from airflow_ml_monitor.profile.kinds import Kind
from airflow_ml_monitor.profile.numeric import NumericProfile
from airflow_ml_monitor.profile.quantiles import location, quantile, quantile_bounds
from airflow_ml_monitor.profile.times import as_time

_QUANTILES = {"median": 0.5, "5th percentile": 0.05, "95th": 0.95}
_BETWEEN = "between"


def number(value: float | None) -> str:
    """Return a number with four digits that count."""
    if value is None:
        return "none"
    return f"{value:,.0f}" if 1e4 <= abs(value) < 1e15 else f"{value:.4g}"


def percent(share: float) -> str:
    """Return a share in percent; a small one is not rounded to nothing."""
    return f"{100 * share:.1f} %" if share >= 0.001 else f"{100 * share:.2g} %"


def shown(profile: NumericProfile, value: float) -> str:
    """Return a value of a column, seconds of a time column as the time."""
    return as_time(value) if profile.kind is Kind.DATETIME else number(value)


def place(profile: NumericProfile) -> dict[str, Any]:
    """Return mean, deviation, range and quantiles in plain JSON."""
    return location(profile, {"p5": 0.05, "p50": 0.5, "p95": 0.95})


def moved(reference: NumericProfile, current: NumericProfile) -> str:
    """Return from where to where the values moved; quantiles that the reference's edges do not resolve as bounds."""
    mean = f"mean {shown(reference, reference.moments.mean)} -> {shown(current, current.moments.mean)}"
    was = [f"{name} {_quantile(reference, share)}" for name, share in _QUANTILES.items()]
    now = [_quantile(current, share) for share in _QUANTILES.values()]
    if len(set(now)) == 1 and now[0].startswith(_BETWEEN):
        return f"{mean}, {', '.join(was)} -> all {now[0]}"
    return ", ".join([mean, *(f"{one} -> {other}" for one, other in zip(was, now, strict=True))])


def _quantile(profile: NumericProfile, share: float) -> str:
    value = quantile(profile, share)
    if value is not None:
        return shown(profile, value)
    low, high = (shown(profile, bound) for bound in quantile_bounds(profile, share) or (math.nan, math.nan))
    return low if low == high else f"{_BETWEEN} {low} and {high}"


def rows(count: int) -> str:
    return f"{count:,} row" if count == 1 else f"{count:,} rows"
