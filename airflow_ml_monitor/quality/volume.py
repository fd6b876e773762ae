"""The check ``rows``: an empty or missing window, and a number of rows far from what the reference leads to expect."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.quality.extent import Extent
from airflow_ml_monitor.results import CheckResult, Limits, Severity, Status
from airflow_ml_monitor.window import Window

if TYPE_CHECKING:
    from airflow_ml_monitor.data import Dataset
    from airflow_ml_monitor.profile import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeLimits:
    """How many rows a window may have; a number exactly at a limit passes.

    :param lowest_ratio: least rows, as a ratio to the number the reference leads to expect; ``None`` for no such limit.
    :param highest_ratio: most rows, as such a ratio; ``None`` for no such limit.
    :param min_rows: least rows, whatever is expected; 0 lets an empty window pass, by default it fails.
    :param max_rows: most rows, whatever is expected.
    :param severity: what breaking a limit means; a missing file or table is always critical.
    :raises ConfigurationError: a negative or infinite limit, or one that nothing could meet.
    """

    lowest_ratio: float | None = 0.5
    highest_ratio: float | None = 2.0
    min_rows: int | None = None
    max_rows: int | None = None
    severity: Severity = Severity.CRITICAL

    def __post_init__(self) -> None:
        for name in ("lowest_ratio", "highest_ratio", "min_rows", "max_rows"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value >= 0):
                raise ConfigurationError(f"VolumeLimits({name}={value!r}) must be a number from 0 up, or None")
        for low, high in (("lowest_ratio", "highest_ratio"), ("min_rows", "max_rows")):
            least, most = getattr(self, low), getattr(self, high)
            if least is not None and most is not None and least > most:
                raise ConfigurationError(
                    f"VolumeLimits({low}={least!r}, {high}={most!r}): the floor is above the ceiling"
                )
        try:
            object.__setattr__(self, "severity", Severity(self.severity))
        except ValueError:
            raise ConfigurationError(
                f"VolumeLimits(severity={self.severity!r}) is not known; use critical, warning or info"
            ) from None

    def around(self, expected: float | None) -> Limits:
        """Return the limits on the number of rows where ``expected`` of them are expected; ``None`` for no idea."""
        lower = [1.0 if self.min_rows is None else float(self.min_rows)]
        upper = [] if self.max_rows is None else [float(self.max_rows)]
        if expected is not None and self.lowest_ratio is not None:
            lower.append(self.lowest_ratio * expected)
        if expected is not None and self.highest_ratio is not None:
            upper.append(self.highest_ratio * expected)
        return Limits(max(lower), min(upper) if upper else None)


def expected_rows(reference: Profile | None, window: Window | None) -> float | None:
    """Return the rows a window should have: those of the reference, scaled by time where both have a window."""
    if reference is None:
        return None
    if window is None or reference.window is None:
        return float(reference.rows)
    return float(reference.rows * (window.length / reference.window.length))


def rows_check(
    extent: Extent, dataset: Dataset, *, window: Window | None, limits: VolumeLimits, reference: Profile | None = None
) -> CheckResult:
    """Return whether there are rows, and about as many as expected."""
    expected = expected_rows(reference, window)
    allowed = limits.around(expected)
    kept = (allowed.lower is None or extent.rows >= allowed.lower) and (
        allowed.upper is None or extent.rows <= allowed.upper
    )
    passed = kept and extent.missing is None
    return CheckResult(
        check="rows",
        metric="rows",
        status=Status.PASS if passed else Status.FAIL,
        severity=Severity.CRITICAL if extent.missing else limits.severity,
        value=float(extent.rows),
        limits=allowed,
        n_reference=None if reference is None else reference.rows,
        n_current=extent.rows,
        message=_sentence(extent, dataset, window, expected, allowed),
        detail={} if expected is None else {"expected_rows": round(expected, 1)},
    )


def _sentence(extent: Extent, dataset: Dataset, window: Window | None, expected: float | None, allowed: Limits) -> str:
    when = f" for {window}" if window else ""
    if extent.missing:
        return f"outage: nothing to read{when}: {extent.missing}"
    place = dataset.label
    if window and dataset.time_column is None:
        when, place = "", f"{place} (all there are: without a time_column they are not cut to {window})"
    if extent.rows == 0 and allowed.lower:
        return f"outage: there is no row{when} in {place}; check that what writes it has run"
    least = f"at least {math.ceil(allowed.lower or 0):,}"
    most = "" if allowed.upper is None else f" and at most {math.floor(allowed.upper):,}"
    guess = "" if expected is None else f"about {expected:,.0f} expected from the reference, "
    return f"{extent.rows:,} rows{when} in {place}; {guess}{least}{most} allowed"
