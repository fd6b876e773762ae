"""``backtest``: what a policy would have said of past windows, and the limits that keep to an alarm budget."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from airflow_ml_monitor.data import Connections
from airflow_ml_monitor.drift.alarms import YEAR
from airflow_ml_monitor.drift.detect import detect_drift
from airflow_ml_monitor.drift.policy import DriftPolicy
from airflow_ml_monitor.drift.windows import Windows, windows_of
from airflow_ml_monitor.drift.wording import number
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.profile import Profile, profile_like
from airflow_ml_monitor.results import CheckResult, Report, Severity, Status
from airflow_ml_monitor.window import Window

_ABOVE = 1.001
"""A proposed limit lies a hair above the largest effect that should not alarm: an effect at its limit does."""


@dataclass(frozen=True)
class Backtest:
    """What a policy would have said of past windows.

    :param reports: one report a window, in the order of their time.
    :param policy: the policy replayed.
    :param budget: alarms a year that are bearable; ``None`` for none given.
    """

    reports: tuple[Report, ...]
    policy: DriftPolicy
    budget: float | None = None

    @property
    def alarms(self) -> tuple[Report, ...]:
        """The windows that would have failed."""
        return tuple(report for report in self.reports if report.status in (Status.FAIL, Status.ERROR))

    @property
    def years(self) -> float | None:
        """Time that the windows cover, gaps left out; ``None`` where they have no times."""
        lengths = [report.window.length for report in self.reports if report.window is not None]
        if len(lengths) < len(self.reports) or not lengths:
            return None
        return sum(length / YEAR for length in lengths)

    @property
    def alarms_per_year(self) -> float | None:
        return None if self.years is None else len(self.alarms) / self.years

    @property
    def allowed(self) -> int:
        """Alarms that the budget allows in the time covered, rounded.

        :raises ConfigurationError: there is no budget, or the windows have no times.
        """
        if self.budget is None or self.years is None:
            raise ConfigurationError("proposed limits need alarms_per_year= and windows with times")
        return round(self.budget * self.years)

    def proposed_limits(self) -> dict[str, dict[str, float]]:
        """Return, by column, the limits to raise so that no more than the allowed windows alarm.

        The windows that go furthest beyond their limits keep their alarm; in the others each failing check gets the
        limit that it would have needed.
        """
        quiet = sorted(self.alarms, key=_furthest)[: max(0, len(self.alarms) - self.allowed)]
        proposed: dict[str, dict[str, float]] = {}
        for result in (result for report in quiet for result in _failing(report)):
            if result.column is not None and result.value is not None:
                own = proposed.setdefault(result.column, {})
                name = limit_name(result)
                own[name] = max(own.get(name, 0.0), result.value * _ABOVE)
        return proposed

    def proposed_policy(self) -> DriftPolicy:
        """Return the policy with the proposed limits."""
        merged = {column: dict(own) for column, own in self.policy.column_limits.items()}
        for column, own in self.proposed_limits().items():
            merged.setdefault(column, {}).update(own)
        return replace(self.policy, column_limits=merged)

    def summary(self) -> str:
        """Return what would have alarmed and when, how often a year, and the proposed limits."""
        rate = f", {number(self.alarms_per_year)} a year" if self.alarms_per_year is not None else ""
        lines = [f"{len(self.alarms)} of {len(self.reports)} windows would have failed{rate}"]
        for report in self.alarms:
            failing = [f"{r.label} {r.metric} {number(r.value)} at {number(r.limits.upper)}" for r in _failing(report)]
            lines.append(f"  - {report.window or 'no time'}: {'; '.join(failing)}")
        if self.budget is not None and self.years is not None:
            lines.append(
                f"{number(self.budget)} alarms a year allow {self.allowed} in these {number(self.years)} years"
            )
            limits = self.proposed_limits()
            lines += [f"  - {column}: {_limits(own)}" for column, own in limits.items()] or ["  - no limit to raise"]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        known = self.budget is not None and self.years is not None
        return {
            "windows": len(self.reports),
            "alarms": [
                {
                    "window": None if report.window is None else report.window.to_dict(),
                    "checks": [result.to_dict() for result in _failing(report)],
                }
                for report in self.alarms
            ],
            "alarms_per_year": self.alarms_per_year,
            "budget": self.budget,
            "proposed_limits": self.proposed_limits() if known else None,
            "policy": self.policy.to_dict(),
        }


def backtest(
    reference: Profile,
    history: Any,
    policy: DriftPolicy | None = None,
    *,
    window: Window | None = None,
    windows: Windows | None = None,
    alarms_per_year: float | None = None,
    connections: Connections | None = None,
) -> Backtest:
    """Replay past windows against a reference: what would have alarmed, when, and which limits would have been right.

    :param reference: the profile that batches are compared with.
    :param history: past windows: a list of profiles counted like the reference, of data frames or of datasets; or one
        data frame or dataset with ``windows``.
    :param windows: the windows of a dataset, or the length of those that ``window`` is cut into.
    :param alarms_per_year: false alarms a year that are bearable, for ``proposed_limits``. The history is taken for
        one without real drift beyond the alarms that are allowed.
    :raises ConfigurationError: a dataset without windows, nothing to replay, or a number of alarms that is none.
    """
    if alarms_per_year is not None and not 0 <= alarms_per_year < math.inf:
        raise ConfigurationError(f"alarms_per_year={alarms_per_year:g} is no number of alarms; give one from 0 on")
    policy = policy or DriftPolicy()
    reports: list[Report] = []
    for batch in _batches(reference, history, window, windows, connections):
        as_of = None if batch.window is None else batch.window.end
        reports.append(detect_drift(reference, batch, policy=policy, as_of=as_of, history=tuple(reports)))
    if not reports:
        raise ConfigurationError("there is no past window to replay; give a list of them, or data with windows=")
    reports.sort(key=lambda report: (report.window is not None, report.window))
    return Backtest(tuple(reports), policy, alarms_per_year)


def _batches(
    reference: Profile, history: Any, window: Window | None, windows: Windows | None, connections: Connections | None
) -> Iterable[Profile]:
    if windows is not None:
        for part in windows_of(windows, window):
            yield profile_like(reference, history, window=part, connections=connections)
    elif isinstance(history, (list, tuple)):
        for batch in sorted(history, key=_when):
            yield batch if isinstance(batch, Profile) else profile_like(reference, batch, connections=connections)
    else:
        raise ConfigurationError("backtest needs a list of past windows, or data with windows= to cut it by")


def _when(batch: Any) -> tuple[bool, Window | None]:
    window = batch.window if isinstance(batch, Profile) else None
    return window is not None, window


def _failing(report: Report) -> list[CheckResult]:
    wanted = (Status.FAIL, Status.ERROR)
    return [r for r in report.results if r.status in wanted and r.severity is Severity.CRITICAL]


def _furthest(report: Report) -> float:
    """Return how far a report goes beyond its limits: the largest effect over its limit."""
    ratios = [r.value / r.limits.upper for r in _failing(report) if r.value is not None and r.limits.upper]
    return max(ratios, default=math.inf)


def limit_name(result: CheckResult) -> str:
    """Return the name under which a policy keeps the limit of a check."""
    return result.metric.rpartition(".")[2] if result.check in ("distribution", "score") else result.check


def _limits(own: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {number(limit)}" for name, limit in own.items())
