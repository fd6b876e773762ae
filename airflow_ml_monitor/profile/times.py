"""Times as they are written: profiles hold them as seconds since 1970."""

from __future__ import annotations

from datetime import UTC, datetime


def as_time(seconds: float) -> str:
    """Return seconds since 1970 as an ISO time in UTC, to the minute where nothing is beyond it."""
    try:
        moment = datetime.fromtimestamp(round(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return f"{seconds:.4g} s after 1970"
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ" if moment.second else "%Y-%m-%dT%H:%MZ")
