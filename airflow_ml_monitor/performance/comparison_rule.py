"""What a comparison of two models must prove, and how what was found is worded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from airflow_ml_monitor import numerals
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance.comparison_terms import Goal, require_terms
from airflow_ml_monitor.performance.reference import LEAST_LABELS
from airflow_ml_monitor.performance.registry import Difference, Metric, find_metric
from airflow_ml_monitor.performance.scoring import Scoring
from airflow_ml_monitor.results import Interval, Limits, Status


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What must be proven.

    :param min_completeness: the share of labels from which those that are there decide; ``None`` for worst-case limits.
    :raises ConfigurationError: an unknown goal, or a margin or share that is none.
    """

    metric: Metric
    goal: Goal
    margin: float
    min_completeness: float | None = None

    def __post_init__(self) -> None:
        require_terms(self.goal, self.margin, self.min_completeness)

    @property
    def limits(self) -> Limits:
        """Where the difference must be, in the metric's own units."""
        return Limits(lower=self._least) if self.metric.higher_is_better else Limits(upper=0.0 - self._least)

    @property
    def aim(self) -> str:
        """What is to be proven of the challenger, in words."""
        better = "better" if self.goal == "superiority" else "no worse"
        return better + (f" by more than {numerals.number(self.margin)}" if self.margin else "")

    @property
    def contrary(self) -> str:
        """What is proven where the aim is refuted, in words."""
        return f"not to be {self.aim}" if self.goal == "superiority" else self.aim.removeprefix("no ")

    @property
    def _least(self) -> float:
        return self.margin if self.goal == "superiority" else -self.margin

    @property
    def _sign(self) -> float:
        return 1.0 if self.metric.higher_is_better else -1.0

    def ahead(self, value: float) -> float:
        """Return by how much a difference is better than what must be proven; below zero where it is worse."""
        return self._sign * value - self._least

    @property
    def counted(self) -> str:
        """What is compared pair by pair, in words."""
        return "rows" if self.metric.units is None else "queries"

    def decide(self, found: Difference) -> Status:
        """Return ``pass`` where the whole interval is proven, ``fail`` where the whole is not, else ``insufficient``.

        At the limit itself a challenger is no worse, and is not better.
        """
        if found.interval is None:
            return Status.INSUFFICIENT
        low, high = sorted(self._sign * end for end in found.interval)
        at_limit = numerals.same(low, self._least) or low == self._least
        if low > self._least and not at_limit:
            return Status.PASS
        if at_limit and self.goal == "non_inferiority":
            return Status.PASS
        return Status.FAIL if high < self._least else Status.INSUFFICIENT


class Extremes(NamedTuple):
    """The difference with the missing labels at their worst for the challenger, and at their best."""

    worst: Difference
    best: Difference


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What was found of two models on the same rows.

    :param found: by the labels that are known.
    :param total: the rows, ``missing`` of which have no label.
    :param extremes: ``None`` where no label is missing, or the metric has no closed form of them.
    """

    rule: Rule
    found: Difference
    total: int
    missing: int = 0
    extremes: Extremes | None = None

    @property
    def status(self) -> Status:
        """The verdict: with missing labels only what they cannot turn, or what a share that is enough says."""
        if self.found.n < LEAST_LABELS:
            return Status.INSUFFICIENT
        if not self.missing or self._enough:
            return self.rule.decide(self.found)
        if self.extremes is None or self.rule.min_completeness is not None:
            return Status.INSUFFICIENT
        either = {self.rule.decide(one) for one in self.extremes}
        return either.pop() if len(either) == 1 else Status.INSUFFICIENT

    @property
    def _enough(self) -> bool:
        least = self.rule.min_completeness
        return least is not None and self.total - self.missing >= least * self.total

    def worded(self, confidence: float, more_needed: str = "") -> str:
        """Return the verdict in a sentence.

        :param more_needed: how many more labels would decide, in words.
        """
        if self.missing == self.total:
            return f"none of {self.total:,} labels is known; compare when they have come"
        if 0 < self.found.n < LEAST_LABELS:
            few = f"{self.found.n} labelled {self.rule.counted} are too few to compare by, {LEAST_LABELS} are needed"
            return few + self._lacking
        if self.found.value is None or self.found.interval is None:
            return (self.found.reason or "there is no interval") + self._lacking
        ends, by = _ends(self.found.interval), f"{self.found.n:,} {self.rule.counted}"
        span = f"challenger less champion is {ends} ({numerals.percent(confidence)} interval, {by})"
        if self.status is Status.PASS:
            return f"the challenger is proven {self.rule.aim}{self._whatever}: {span}"
        if self.status is Status.FAIL:
            return f"the challenger is proven {self.rule.contrary}{self._whatever}: {span}"
        return f"the challenger is not proven {self.rule.aim}: {span}{self._open}{more_needed}"

    @property
    def _lacking(self) -> str:
        return f"; {self.missing:,} of {self.total:,} labels are missing" if self.missing else ""

    @property
    def _whatever(self) -> str:
        if not self.missing:
            return ""
        if self.extremes is None or self.rule.min_completeness is not None:
            return f" by the labels that are known, {self.missing:,} of {self.total:,} are missing"
        return f", whatever the {self.missing:,} missing labels are"

    @property
    def _open(self) -> str:
        """Say why nothing is proven, and what to do."""
        if not self.missing or self._enough:
            return rows_needed(self.found, self.rule) + self._lacking
        if self.rule.min_completeness is not None:
            least = numerals.percent(self.rule.min_completeness)
            return f"{self._lacking}, at least {least} must be known; compare when more have come"
        if self.extremes is None:
            why = f"{self._lacking}, and {self.rule.metric.name} has no worst case here"
            return f"{why}; compare when they have come, or set min_completeness"
        reach = (_ends(one.interval) for one in self.extremes)
        worst, best = reach
        said = f"with the {self.missing:,} missing labels at their worst for it {worst}, at their best {best}"
        return f"; {said}; compare when more have come"


def _ends(interval: Interval | None) -> str:
    return "unknown" if interval is None else " to ".join(numerals.number(end) for end in interval)


def rows_needed(found: Difference, rule: Rule) -> str:
    """Say how many rows, or queries, would prove the difference seen, intervals narrowing with the root of the rows."""
    if found.value is None or found.interval is None:
        return ""
    ahead = rule.ahead(found.value)
    half = (found.interval.upper - found.interval.lower) / 2
    if found.value == 0:
        return ": no difference is seen"
    if ahead <= 0 or half == 0:
        return ", and the difference seen is on the wrong side"
    rows = float(f"{found.n * (half / ahead) ** 2:.1e}")
    return f"; about {numerals.number(rows)} {rule.counted} would prove the difference seen"


def comparable(name: str, scoring: Scoring) -> Metric:
    """Return the metric of that name.

    :raises ConfigurationError: there is none, it needs what is not there, or it has no better side.
    """
    metric = find_metric(name, scoring.problem)
    if metric.needs not in scoring.provides:
        raise ConfigurationError(f"{name} needs probabilities; give score= (binary) or scores= (multiclass)")
    if metric.better == "neither":
        raise ConfigurationError(f"models cannot be compared by {name}: it has no better side; take another metric")
    return metric
