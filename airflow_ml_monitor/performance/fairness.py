"""Fairness: whether the rates of a model differ between groups by more than a limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from airflow_ml_monitor import numerals
from airflow_ml_monitor.performance import spreads
from airflow_ml_monitor.performance.answers import Answers, Problem
from airflow_ml_monitor.performance.fairness_limits import (
    CALIBRATION,
    FALSE_POSITIVE,
    OBSERVED,
    RATES,
    SELECTION,
    TRUE_POSITIVE,
    FairnessLimit,
)
from airflow_ml_monitor.performance.intervals.proportions import hull
from airflow_ml_monitor.performance.reference import LEAST_LABELS
from airflow_ml_monitor.performance.registry import Estimate, bounds, estimate, find_metric
from airflow_ml_monitor.performance.segment_levels import bounded, segment_levels
from airflow_ml_monitor.performance.segments_judged import judged_levels
from airflow_ml_monitor.results import CheckResult, Interval, Limits, Severity, Status

_METRICS = {
    SELECTION: "predicted_share",
    TRUE_POSITIVE: "recall",
    FALSE_POSITIVE: "specificity",
    CALIBRATION: "calibration_in_the_large",
    OBSERVED: "calibration_in_the_large",
}
_WHERE = {
    Status.FAIL: "wholly past the limit",
    Status.WARN: "on both sides of the limit",
    Status.PASS: "wholly within the limit",
}


class Rate(NamedTuple):
    """A rate of a group, with its interval; ``n`` of the answers it is a share of."""

    value: float | None
    interval: Interval | None
    n: int


@dataclass(frozen=True, kw_only=True)
class FairnessRuling:
    """How a measure of fairness is judged.

    :param min_completeness: the share of labels from which those that are there decide; ``None`` for worst-case limits.
    """

    wanted: FairnessLimit
    confidence: float
    min_completeness: float | None = None

    def judge(self, table: pa.Table, answers: Answers) -> list[CheckResult]:
        """Return the check, and one for each group of too few answers.

        :param table: holds the columns of the groups, a row per answer.
        """
        (groups,) = bounded([self.wanted.groups], table)
        named = segment_levels(groups, table)
        parts = {level: answers.take(named.is_in(level)) for level in judged_levels(groups, named.counts())}
        counts = {level: self._counted(part) for level, part in parts.items()}
        fit = {level: part for level, part in parts.items() if counts[level] >= LEAST_LABELS}
        small = [self._small(level, counts[level]) for level in parts if level not in fit]
        return [self._check(fit, answers, len(small)), *small]

    def _counted(self, part: Answers) -> int:
        """Return of how many answers the group's rate is a share; of several rates the fewest.

        Where worst-case limits decide, labels to come count: a group that they make large enough could turn a pass.
        """
        known = part.known
        to_come = len(part) - len(known) if self.min_completeness is None else 0
        counted = {
            SELECTION: len(part),
            TRUE_POSITIVE: int((known.y == 1).sum()) + to_come,
            FALSE_POSITIVE: int((known.y == 0).sum()) + to_come,
            CALIBRATION: len(known) + to_come,
            OBSERVED: len(known) + to_come,
        }
        return min(counted[rate] for rate in RATES[self.wanted.metric])

    def _check(self, parts: Mapping[str, Answers], answers: Answers, small: int) -> CheckResult:
        missing = int(np.isnan(answers.y).sum()) if RATES[self.wanted.metric] != (SELECTION,) else 0
        found = self._found(parts, worst=bool(missing) and self.min_completeness is None)
        status, said = self._verdict(found, parts, missing, len(answers))
        left = f"; {small} groups of fewer than {LEAST_LABELS} answers are not judged" if small else ""
        return CheckResult(
            check=self.wanted.metric,
            metric=self.wanted.metric,
            status=status,
            severity=self.wanted.severity,
            required=self.wanted.required,
            column=self.wanted.groups.name,
            value=found.spread.value,
            limits=self.wanted.limits,
            interval=found.spread.interval,
            n_current=sum(len(part) for part in parts.values()),
            message=said + left,
            detail={
                "groups": found.plain,
                "interval_method": "MOVER on logarithms" if self.wanted.is_ratio else "MOVER",
                "missing": missing,
                "provisional": missing > 0 and status is Status.INSUFFICIENT,
            },
        )

    def _found(self, parts: Mapping[str, Answers], *, worst: bool) -> Found:
        rates = RATES[self.wanted.metric]
        confidence = spreads.pair_confidence(self.confidence, len(parts), len(rates))
        by_rate = {
            rate: {level: rate_of(rate, part, confidence, worst=worst) for level, part in parts.items()}
            for rate in rates
        }
        apart = spreads.ratio if self.wanted.is_ratio else spreads.difference
        found = []
        for groups in by_rate.values():
            known = [(one.value, one.interval) for one in groups.values()]
            usable = [(value, interval) for value, interval in known if value is not None and interval is not None]
            enough = len(usable) == len(known) > 1
            found.append(apart(usable) if enough else spreads.Spread(None, None))
        return Found(spreads.of_both(found, least=self.wanted.is_ratio), by_rate)

    def _verdict(self, found: Found, parts: Mapping[str, Answers], missing: int, total: int) -> tuple[Status, str]:
        interval = found.spread.interval
        if len(parts) < 2:
            said = f"{len(parts)} of the groups have {LEAST_LABELS} answers or more to judge by, two are needed"
            return Status.INSUFFICIENT, said
        lacking = f"{missing:,} of {total:,} labels are missing"
        if interval is None:
            said = "the rates of the groups cannot be set beside each other: one of them has no value"
            return Status.INSUFFICIENT, said + (f"; {lacking}" if missing else "")
        share = (total - missing) / total
        if missing and self.min_completeness is not None and share < self.min_completeness:
            least = numerals.percent(self.min_completeness)
            return Status.INSUFFICIENT, f"{lacking}, at least {least} are asked for; judge again when more have come"
        status = decided(interval, self.wanted.limits)
        ends = " to ".join(numerals.number(end) for end in interval)
        said = f"{found.ends}; the {numerals.percent(self.confidence)} interval {ends} is {_WHERE[status]}"
        if not missing or self.min_completeness is not None:
            return status, said + (f"; {lacking}" if missing else "")
        if status is Status.WARN:
            return Status.INSUFFICIENT, f"{said}, and {lacking}; judge again when more have come"
        return status, f"{said}, whatever the labels are that are missing: {missing:,} of {total:,}"

    def _small(self, level: str, count: int) -> CheckResult:
        return CheckResult(
            check=self.wanted.metric,
            metric=self.wanted.metric,
            status=Status.INSUFFICIENT,
            severity=Severity.INFO,
            column=self.wanted.groups.name,
            segment=level,
            n_current=count,
            message=f"{count} answers are too few to judge the group by, {LEAST_LABELS} are needed",
        )


@dataclass(frozen=True)
class Found:
    """How far groups are apart, and the rates behind it: rate -> group -> its value."""

    spread: spreads.Spread
    rates: Mapping[str, Mapping[str, Rate]] = field(default_factory=dict)

    @property
    def plain(self) -> dict[str, Any]:
        """Return the rates as plain JSON types."""
        return {
            rate: {
                level: {"value": one.value, "interval": one.interval and list(one.interval), "n": one.n}
                for level, one in groups.items()
            }
            for rate, groups in self.rates.items()
        }

    @property
    def ends(self) -> str:
        """Say which group has the greatest and which the least of each rate."""
        said = []
        for rate, groups in self.rates.items():
            values = sorted((one.value, level) for level, one in groups.items() if one.value is not None)
            (low, lowest), (high, highest) = values[0], values[-1]
            said.append(f"{rate} {numerals.number(low)} ({lowest}) to {numerals.number(high)} ({highest})")
        return ", ".join(said)


def decided(interval: Interval, limits: Limits) -> Status:
    """Return ``fail`` where the interval is wholly past the limit, ``warn`` where it is on both sides of it."""
    past, within = interval.upper, interval.lower
    limit, sign = limits.lower, 1.0
    if limit is None:
        assert limits.upper is not None, "a fairness limit has one side"
        limit, sign, past, within = limits.upper, -1.0, interval.lower, interval.upper
    if sign * past < sign * limit and not numerals.same(past, limit):
        return Status.FAIL
    return Status.WARN if sign * within < sign * limit and not numerals.same(within, limit) else Status.PASS


def rate_of(rate: str, part: Answers, confidence: float, *, worst: bool) -> Rate:
    """Return a rate of a group; with ``worst`` its interval holds whatever the missing labels are."""
    if rate == SELECTION:  # it needs no labels
        part = part.with_labels(np.zeros(len(part)))
    metric = find_metric(_METRICS[rate], Problem.BINARY)
    found = estimate(metric, part, confidence=confidence)
    interval = found.interval
    if worst and rate != SELECTION:
        either = bounds(metric, part, confidence=confidence)
        ends = [] if either is None else [one.interval for one in either if one.interval is not None]
        interval = hull(*ends) if len(ends) == 2 else None
    if rate == FALSE_POSITIVE:
        return _turned(found, interval, 1.0, 1.0)
    if rate == OBSERVED:
        return _turned(found, interval, _mean_score(part.known), _mean_score(part if worst else part.known))
    return Rate(found.value, interval, found.n)


def _turned(found: Estimate, interval: Interval | None, whole: float, whole_of_ends: float) -> Rate:
    """Return one less a metric by a whole: by that of its own rows, and by that of the rows of its interval."""
    if found.value is None or not whole or not whole_of_ends:
        return Rate(None, None, found.n)
    ends = None if interval is None else Interval(*sorted(max(0.0, 1 - end / whole_of_ends) for end in interval))
    return Rate(1 - found.value / whole, ends, found.n)


def _mean_score(answers: Answers) -> float:
    """Return the share of positives that the scores foretell: what is known of a window, and has no error."""
    assert answers.score is not None, "require_possible has seen to it"
    weights = answers.weights
    return float(np.average(answers.score, weights=weights)) if weights.sum() else 0.0
