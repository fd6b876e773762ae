"""``compare_models``: is a challenger proven to be better than the champion, or at least no worse?"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from airflow_ml_monitor import numerals
from airflow_ml_monitor.data import Connections, as_dataset
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance.answers import Answers
from airflow_ml_monitor.performance.cohort import Cohort
from airflow_ml_monitor.performance.evaluate import Evaluation
from airflow_ml_monitor.performance.findings import findings
from airflow_ml_monitor.performance.registry import Difference, Metric, difference, estimate, find_metric
from airflow_ml_monitor.performance.scoring import Read, Scoring
from airflow_ml_monitor.performance.verdict import LEAST_LABELS
from airflow_ml_monitor.results import CheckResult, Limits, Report, Severity, Status
from airflow_ml_monitor.window import Window, as_utc

KIND = "model_comparison"
Goal = Literal["superiority", "non_inferiority"]


def compare_models(
    champion: Any,
    challenger: Any,
    labels: Any,
    *,
    on: str | Sequence[str],
    problem: str,
    metric: str,
    goal: Goal = "superiority",
    margin: float = 0.0,
    label: str = "label",
    score: str | None = "score",
    scores: Mapping[Any, str] | None = None,
    prediction: str | None = None,
    positive: Any = None,
    threshold: float = 0.5,
    delay: timedelta = timedelta(0),
    void: str | Mapping[str, Any] | None = None,
    min_completeness: float = 0.9,
    window: Any = None,
    as_of: datetime | str | None = None,
    confidence: float = 0.95,
    connections: Connections | None = None,
) -> Report:
    """Return a report on the difference of two models on the same labelled rows, pair by pair.

    The check named after the metric has the difference ``challenger - champion`` in the metric's own units, with its
    confidence interval. It passes where the whole interval is better than the champion by more than ``margin``
    (superiority), or worse by no more than it (non-inferiority); it fails where the whole interval is on the other
    side; else it is ``insufficient``: not proven. ``pairs`` fails where a row has no usable answer of one of the two;
    ``completeness`` is ``insufficient`` below ``min_completeness``. Both models' own values are told as ``info``.

    :param champion: predictions of the model in use; :param challenger: those of the one that would replace it, of the
        same keys. The other parameters are those of ``evaluate_model``.
    :param metric: what they are compared by.
    :param goal: ``"superiority"`` or ``"non_inferiority"``.
    :param margin: in the metric's own units, not below zero.
    :raises ConfigurationError: what is asked for cannot go together; nothing has been read then.
    :raises DataError: the data is there and cannot be used as described.
    """
    started = time.perf_counter()
    moment = datetime.now(UTC) if as_of is None else as_utc(as_of, what="as_of")
    scoring = Scoring.of(
        problem=problem,
        label=label,
        score=score,
        scores=scores,
        prediction=prediction,
        positive=positive,
        threshold=threshold,
    )
    rule = Rule(metric=_comparable(metric, scoring), goal=goal, margin=margin, min_completeness=min_completeness)
    sides = [
        Evaluation(
            predictions=as_dataset(predictions),
            labels=as_dataset(labels),
            on=on,
            scoring=scoring,
            expect=(),
            segments=(),
            delay=delay,
            void=void,
            min_completeness=None,
            confidence=confidence,
            as_of=moment,
            connections=connections,
        )
        for predictions in (champion, challenger)
    ]
    where = None if window is None else Window.of(window)
    first, second = (Side.of(side, where) for side in sides)
    return Report(
        kind=KIND,
        results=tuple(_results(first, second, rule, confidence)),
        window=where,
        as_of=moment,
        rows_reference=len(first.keys),
        rows_current=len(second.keys),
        duration=time.perf_counter() - started,
        config=_config(sides, rule),
    )


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
        return Limits(lower=least) if self.metric.higher_is_better else Limits(upper=-least)

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


@dataclass(frozen=True)
class Side:
    """One of the two: its cohort and answers, by key."""

    cohort: Cohort
    read: Read
    keys: pd.Index[Any]

    @classmethod
    def of(cls, evaluation: Evaluation, window: Window | None) -> Side:
        cohort, read = evaluation.read(window)
        names = [evaluation.on] if isinstance(evaluation.on, str) else list(evaluation.on)
        frame = cohort.frame.loc[~cohort.void, names]
        keys = pd.Index(frame[names[0]]) if len(names) == 1 else pd.MultiIndex.from_frame(frame)
        return cls(cohort, read, keys)

    @property
    def answered(self) -> pd.Index[Any]:
        """The keys with an answer that can be used."""
        return self.keys[self.read.valid]


def _results(first: Side, second: Side, rule: Rule, confidence: float) -> list[CheckResult]:
    common = first.answered.intersection(second.answered, sort=False)
    old, new = (side.read.answers.take(side.keys.get_indexer(common)) for side in (first, second))
    counts = first.cohort.counts
    beside = findings(counts, first.read.invalid_answers, first.read.invalid_labels, len(first.read.valid))
    told = [result for result in beside if result.check not in ("completeness", "invalid_predictions")]
    return [
        *told,
        _pairs(first, second, len(common)),
        _completeness(old, rule),
        _compared(old, new, rule, confidence),
        *(_own(name, answers, rule.metric, confidence) for name, answers in (("champion", old), ("challenger", new))),
    ]


def _pairs(first: Side, second: Side, common: int) -> CheckResult:
    everything = first.keys.union(second.keys, sort=False)
    unpaired = len(everything) - common
    only = [
        len(one.answered.difference(other.answered, sort=False)) for one, other in ((first, second), (second, first))
    ]
    neither = unpaired - sum(only)
    said = (
        f"{unpaired:,} of {len(everything):,} rows are not answered by both: {only[0]:,} by the champion only, "
        f"{only[1]:,} by the challenger only, {neither:,} by neither so that it can be used; let both answer all rows"
    )
    return CheckResult(
        check="pairs",
        metric="unpaired_rows",
        status=Status.FAIL if unpaired else Status.PASS if common else Status.INSUFFICIENT,
        required=True,
        value=float(unpaired),
        limits=Limits(upper=0),
        n_reference=len(first.keys),
        n_current=len(second.keys),
        message=said if unpaired else f"{common:,} rows are answered by both",
    )


def _completeness(answers: Answers, rule: Rule) -> CheckResult:
    total = len(answers)
    known = int((~np.isnan(answers.y)).sum())
    share = known / total if total else None
    enough = share is not None and share >= rule.min_completeness
    return CheckResult(
        check="completeness",
        metric="completeness",
        status=Status.PASS if enough else Status.INSUFFICIENT,
        required=True,
        value=share,
        limits=Limits(lower=rule.min_completeness),
        n_current=total,
        message=f"{known:,} of {total:,} rows have a label" + ("" if enough else "; compare when more have come"),
    )


def _compared(old: Answers, new: Answers, rule: Rule, confidence: float) -> CheckResult:
    found = difference(rule.metric, old, new, confidence=confidence)
    few = found.n < LEAST_LABELS
    status = Status.INSUFFICIENT if few else rule.decide(found)
    return CheckResult(
        check=rule.metric.name,
        metric=f"{rule.metric.name}_difference",
        status=status,
        required=True,
        value=found.value,
        limits=rule.limits,
        interval=found.interval,
        p_value=found.p_value,
        n_reference=found.n,
        n_current=found.n,
        message=_said(found, status, rule, confidence),
        detail={"goal": rule.goal, "margin": rule.margin, "interval_method": found.method},
    )


def _said(found: Difference, status: Status, rule: Rule, confidence: float) -> str:
    if found.n < LEAST_LABELS:
        return f"{found.n} labelled rows are too few to compare by, {LEAST_LABELS} are needed"
    if found.value is None or found.interval is None:
        return found.reason or "there is no interval"
    ends = " to ".join(numerals.number(end) for end in found.interval)
    percent = numerals.number(100 * confidence, 3)
    goal = "better" if rule.goal == "superiority" else "no worse"
    by = f" by more than {numerals.number(rule.margin)}" if rule.margin else ""
    around = f"challenger - champion, {percent} % interval {ends} from {found.n:,} rows: the challenger is "
    if status is Status.PASS:
        return f"{around}proven {goal}{by}"
    if status is Status.FAIL:
        return f"{around}proven not to be {goal}{by}"
    return f"{around}not proven {goal}{by}{_rows_needed(found, rule)}"


def _rows_needed(found: Difference, rule: Rule) -> str:
    """Say how many rows would prove the difference seen, intervals narrowing with the root of the rows."""
    if found.value is None or found.interval is None:
        return ""
    sign = 1.0 if rule.metric.higher_is_better else -1.0
    ahead = sign * found.value - (rule.margin if rule.goal == "superiority" else -rule.margin)
    half = (found.interval.upper - found.interval.lower) / 2
    if ahead <= 0 or half == 0:
        return ", and the difference seen is on the wrong side"
    return (
        f"; about {numerals.number(math.ceil(found.n * (half / ahead) ** 2), 2)} rows would prove the difference seen"
    )


def _own(name: str, answers: Answers, metric: Metric, confidence: float) -> CheckResult:
    found = estimate(metric, answers, confidence=confidence)
    return CheckResult(
        check=name,
        metric=metric.name,
        status=Status.INSUFFICIENT if found.value is None else Status.PASS,
        severity=Severity.INFO,
        value=found.value,
        interval=found.interval,
        n_current=found.n,
        message=found.reason,
    )


def _comparable(name: str, scoring: Scoring) -> Metric:
    metric = find_metric(name, scoring.problem)
    if metric.needs not in scoring.provides:
        raise ConfigurationError(f"{name} needs probabilities; give score= (binary) or scores= (multiclass)")
    if metric.better == "neither":
        raise ConfigurationError(f"models cannot be compared by {name}: it has no better side; take another metric")
    return metric


def _config(sides: Sequence[Evaluation], rule: Rule) -> dict[str, Any]:
    champion, challenger = (side.to_dict(None) for side in sides)
    for name in ("expect", "segments", "reference"):
        del champion[name]
    return champion | {
        "champion": champion.pop("predictions"),
        "challenger": challenger["predictions"],
        "metric": rule.metric.name,
        "goal": rule.goal,
        "margin": rule.margin,
        "min_completeness": rule.min_completeness,
    }
