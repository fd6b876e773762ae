"""What a comparison of two models must prove, and how what was found is worded."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from airflow_ml_monitor import numerals
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance.reference import LEAST_LABELS
from airflow_ml_monitor.performance.registry import Difference, Metric, find_metric
from airflow_ml_monitor.performance.scoring import Scoring
from airflow_ml_monitor.results import Limits, Status

Goal = Literal["superiority", "non_inferiority"]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What must be proven.

    :raises ConfigurationError: an unknown goal, or a margin or share that is none.
    """

    metric: Metric
    goal: Goal
    margin: float
    min_completeness: float

    def __post_init__(self) -> None:
        if self.goal not in get_args(Goal):
            raise ConfigurationError(f"goal={self.goal!r} is not known; use 'superiority' or 'non_inferiority'")
        if not math.isfinite(self.margin) or self.margin < 0:
            raise ConfigurationError(f"margin={self.margin!r} must be zero or more, in the units of the metric")
        if not 0 < self.min_completeness <= 1:
            raise ConfigurationError(f"min_completeness={self.min_completeness!r} must be a share above 0 and up to 1")

    @property
    def limits(self) -> Limits:
        """Where the difference must be, in the metric's own units."""
        least = self.margin if self.goal == "superiority" else -self.margin
        return Limits(lower=least) if self.metric.higher_is_better else Limits(upper=0.0 - least)

    def decide(self, found: Difference) -> Status:
        """Return ``pass`` where the whole interval is proven, ``fail`` where the whole is not, else ``insufficient``.

        At the limit itself a challenger is no worse, and is not better.
        """
        if found.interval is None:
            return Status.INSUFFICIENT
        sign = 1.0 if self.metric.higher_is_better else -1.0
        low, high = sorted(sign * end for end in found.interval)
        least = self.margin if self.goal == "superiority" else -self.margin
        at_limit = numerals.same(low, least) or low == least
        if low > least and not at_limit:
            return Status.PASS
        if at_limit and self.goal == "non_inferiority":
            return Status.PASS
        return Status.FAIL if high < least else Status.INSUFFICIENT

    def decide_with(self, found: Difference, worst: Difference | None) -> Status:
        """Return the verdict, a proof having to hold also with the missing labels at their worst for the challenger.

        :param worst: the difference then; ``None`` where no label is missing or the metric cannot tell.
        """
        if found.n < LEAST_LABELS:
            return Status.INSUFFICIENT
        status = self.decide(found)
        if status is Status.PASS and worst is not None and self.decide(worst) is not Status.PASS:
            return Status.INSUFFICIENT
        return status


def worded(
    found: Difference,
    status: Status,
    rule: Rule,
    confidence: float,
    *,
    worst: Difference | None,
    missing: int,
) -> str:
    """Return the verdict in a sentence.

    :param worst: the difference with the missing labels at their worst for the challenger.
    """
    if found.n < LEAST_LABELS:
        return f"{found.n} labelled rows are too few to compare by, {LEAST_LABELS} are needed"
    if found.value is None or found.interval is None:
        return found.reason or "there is no interval"
    ends = " to ".join(numerals.number(end) for end in found.interval)
    percent = numerals.number(100 * confidence, 3)
    goal = "better" if rule.goal == "superiority" else "no worse"
    by = f" by more than {numerals.number(rule.margin)}" if rule.margin else ""
    span = f"challenger less champion is {ends} ({percent} % interval, {found.n:,} rows)"
    if status is Status.PASS:
        return f"the challenger is proven {goal}{by}{_whatever(worst, missing)}: {span}"
    if status is Status.FAIL:
        return f"the challenger is proven not to be {goal}{by}: {span}"
    if worst is not None and worst.interval is not None and rule.decide(found) is Status.PASS:
        at_worst = " to ".join(numerals.number(end) for end in worst.interval)
        said = f"if the {missing:,} missing labels are at their worst for it, {at_worst}"
        return f"the challenger is not proven {goal}{by}: {span}; {said}; compare when more have come"
    return f"the challenger is not proven {goal}{by}: {span}{_rows_needed(found, rule)}"


def _whatever(worst: Difference | None, missing: int) -> str:
    if not missing:
        return ""
    return (
        f", whatever the {missing:,} missing labels are" if worst is not None else f"; {missing:,} labels are missing"
    )


def _rows_needed(found: Difference, rule: Rule) -> str:
    """Say how many rows would prove the difference seen, intervals narrowing with the root of the rows."""
    if found.value is None or found.interval is None:
        return ""
    sign = 1.0 if rule.metric.higher_is_better else -1.0
    ahead = sign * found.value - (rule.margin if rule.goal == "superiority" else -rule.margin)
    half = (found.interval.upper - found.interval.lower) / 2
    if found.value == 0:
        return ": no difference is seen"
    if ahead <= 0 or half == 0:
        return ", and the difference seen is on the wrong side"
    rows = float(f"{found.n * (half / ahead) ** 2:.1e}")
    return f"; about {numerals.number(rows)} rows would prove the difference seen"


def comparable(name: str, scoring: Scoring) -> Metric:
    metric = find_metric(name, scoring.problem)
    if metric.needs not in scoring.provides:
        raise ConfigurationError(f"{name} needs probabilities; give score= (binary) or scores= (multiclass)")
    if metric.better == "neither":
        raise ConfigurationError(f"models cannot be compared by {name}: it has no better side; take another metric")
    return metric
