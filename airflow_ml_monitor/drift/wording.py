"""Numbers, times, quantiles and levels in words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from airflow_ml_monitor.profile.kinds import Kind
from airflow_ml_monitor.profile.numeric import NumericProfile

_QUANTILES = {"p5": 0.05, "p50": 0.5, "p95": 0.95}


def number(value: float | None) -> str:
    """Return a number with four digits that count."""
    if value is None:
        return "none"
    return f"{value:,.0f}" if 1e4 <= abs(value) < 1e15 else f"{value:.4g}"


def percent(share: float) -> str:
    """Return a share in percent; a small one is not rounded to nothing."""
    return f"{100 * share:.1f} %" if share >= 0.001 else f"{100 * share:.2g} %"


def shown(profile: NumericProfile, value: float | None) -> str:
    """Return a value of a column, seconds of a time column as the time."""
    if profile.kind is not Kind.DATETIME or value is None:
        return number(value)
    try:
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%dT%H:%MZ")
    except (ValueError, OverflowError, OSError):
        return number(value)


def location(profile: NumericProfile) -> dict[str, Any]:
    """Return mean, deviation and quantiles in plain JSON."""
    quantiles = {name: profile.quantile(share) for name, share in _QUANTILES.items()}
    return {"mean": profile.moments.mean, "std": profile.moments.variance**0.5, **quantiles}


def moved(reference: NumericProfile, current: NumericProfile) -> str:
    """Return from where to where the values moved."""

    def both(was: float | None, now: float | None) -> str:
        return f"{shown(reference, was)} -> {shown(current, now)}"

    low, middle, high = (both(reference.quantile(q), current.quantile(q)) for q in _QUANTILES.values())
    mean = both(reference.moments.mean, current.moments.mean)
    return f"mean {mean}, median {middle}, 5th percentile {low}, 95th {high}"


def rows(count: int) -> str:
    return f"{count:,} row" if count == 1 else f"{count:,} rows"
