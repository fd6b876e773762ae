"""``compare_models``: is a challenger proven to be better than the champion, or at least no worse?"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from airflow_ml_monitor.data import Connections, as_dataset
from airflow_ml_monitor.data.arrays import as_arrow
from airflow_ml_monitor.performance.answers import Answers, Numbers
from airflow_ml_monitor.performance.compared import SegmentVeto, compared
from airflow_ml_monitor.performance.comparison_rule import Rule, comparable
from airflow_ml_monitor.performance.comparison_terms import Goal
from airflow_ml_monitor.performance.delays_learnt import Delay
from airflow_ml_monitor.performance.evaluate import Evaluation
from airflow_ml_monitor.performance.findings import findings
from airflow_ml_monitor.performance.pairs import Pairs, Side, paired
from airflow_ml_monitor.performance.registry import (
    Metric,
    difference,
    estimate,
)
from airflow_ml_monitor.performance.scoring import Scoring
from airflow_ml_monitor.performance.segments import Segment, as_segments
from airflow_ml_monitor.performance.told import other_metrics
from airflow_ml_monitor.results import CheckResult, Limits, Report, Severity, Status
from airflow_ml_monitor.window import Window, as_of_or_now

KIND = "model_comparison"


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
    delay: Delay = timedelta(0),
    void: str | Mapping[str, Any] | None = None,
    min_completeness: float | None = None,
    segments: str | Segment | Iterable[str | Segment] = (),
    segment_margin: float | None = None,
    window: Any = None,
    as_of: datetime | str | None = None,
    confidence: float = 0.95,
    cluster: str | None = None,
    weight: str | None = None,
    query: str | None = None,
    label_range: Sequence[float] | None = None,
    connections: Connections | None = None,
) -> Report:
    """Return a report on the difference of two models on the same labelled rows, pair by pair.

    The check named after the metric has the difference ``challenger - champion`` in the metric's own units, with its
    confidence interval. It passes where the whole interval is better than the champion by more than ``margin``
    (superiority), or worse by no more than it (non-inferiority); it fails where the whole interval is on the other
    side; else it is ``insufficient``: not proven. Where labels are missing, it is decided where those at their worst
    for the challenger and at their best say the same: no label that comes later turns a proof into its contrary.
    ``pairs`` fails where a row has no usable answer of one of the two. Both models' own values, and the differences by
    the other metrics, are told as ``info``.

    :param champion: predictions of the model in use; :param challenger: those of the one that would replace it, of the
        same keys. The other parameters are those of ``evaluate_model``.
    :param metric: what they are compared by.
    :param goal: ``"superiority"`` or ``"non_inferiority"``.
    :param margin: in the metric's own units, not below zero.
    :param min_completeness: the share of labels from which those that are there decide, of each segment, too; ``None``
        for worst-case limits. Metrics that have none then prove nothing while labels are missing.
    :param segments: columns of the champion's predictions by whose levels the two are compared as well. A ``required``
        one vetoes: in each of its levels the challenger must be proven no worse by more than ``segment_margin``. The
        others are told.
    :param cluster: column of the champion's predictions that says which rows belong together; ``weight`` how much a row
        counts; ``query`` which rows are ranked together (ranking).
    :param label_range: the least and the greatest target that there can be (regression).
    :raises ConfigurationError: what is asked for cannot go together; nothing has been read then.
    :raises DataError: the data is there and cannot be used as described.
    """
    started = time.perf_counter()
    moment = as_of_or_now(as_of)
    scoring = Scoring.of(
        problem=problem,
        label=label,
        score=score,
        scores=scores,
        prediction=prediction,
        positive=positive,
        threshold=threshold,
        cluster=cluster,
        weight=weight,
        query=query,
        label_range=label_range,
    )
    rule = Rule(metric=comparable(metric, scoring), goal=goal, margin=margin, min_completeness=min_completeness)
    veto = SegmentVeto(as_segments(segments), segment_margin)
    sides = [
        Evaluation(
            predictions=as_dataset(predictions),
            labels=as_dataset(labels),
            on=on,
            scoring=how,
            expect=(),
            segments=wanted,
            delay=delay,
            void=void,
            min_completeness=None,
            confidence=confidence,
            as_of=moment,
            connections=connections,
        )
        for predictions, wanted, how in (
            (champion, veto.segments, scoring),
            (challenger, (), replace(scoring, cluster=None, weight=None)),
        )
    ]
    where = None if window is None else Window.of(window)
    # Labels are due by the champion's predictions: both models' labels are the same, and one need not say when twice.
    sides = [sides[0].with_known_delay(), replace(sides[1], delay=timedelta(0))]
    first, second = (Side.of(side, where) for side in sides)
    return Report(
        kind=KIND,
        results=tuple(_results(first, second, Pairs.of(first, second, on), rule, veto, confidence)),
        window=where,
        as_of=moment,
        rows_reference=len(first),
        rows_current=len(second),
        duration=time.perf_counter() - started,
        config=_config(sides, rule, veto),
    )


def _results(
    first: Side, second: Side, pairs: Pairs, rule: Rule, veto: SegmentVeto, confidence: float
) -> list[CheckResult]:
    old, new = first.read.answers.take(pairs.champion), second.read.answers.take(pairs.challenger)
    table = first.table.take(as_arrow(pairs.champion))
    old, new = _of_the_same_classes(old, replace(new, cluster=old.cluster, weight=old.weight))
    counts = first.cohort.counts
    beside = findings(counts, first.read.invalid_answers, first.read.invalid_labels, len(first.read.valid))
    told = [result for result in beside if result.check not in ("completeness", "invalid_predictions")]
    return [
        *told,
        *(replace(result, segment="challenger") for result in _duplicates(second)),
        paired(first, second, pairs),
        _completeness(old, rule),
        compared(old, new, rule, confidence),
        *veto.judge(table, old, new, rule, confidence),
        *(_own(name, answers, rule.metric, confidence) for name, answers in (("champion", old), ("challenger", new))),
        *(_told(metric, old, new, confidence) for metric in _others(rule.metric, first.scoring, len(old))),
    ]


def _duplicates(side: Side) -> list[CheckResult]:
    """Return what is said of predictions of a key that had one, where there are any."""
    return [
        one for one in findings(side.cohort.counts, {}, {}, 0) if one.check == "duplicate_predictions" and one.value
    ]


def _of_the_same_classes(old: Answers, new: Answers) -> tuple[Answers, Answers]:
    """Return both with codes of the classes that either names: models need not name the same ones."""
    if old.classes == new.classes:
        return old, new
    classes = tuple(sorted({*old.classes, *new.classes}, key=str))
    return _recoded(old, classes), _recoded(new, classes)


def _recoded(answers: Answers, classes: tuple[Any, ...]) -> Answers:
    codes = np.array([*(classes.index(name) for name in answers.classes), np.nan])

    def recode(column: Numbers) -> Numbers:
        recoded: Numbers = codes[np.where(np.isnan(column), len(answers.classes), column).astype(int)]
        return recoded

    predicted = None if answers.predicted is None else recode(answers.predicted)
    return replace(answers, y=recode(answers.y), predicted=predicted, classes=classes)


def _completeness(answers: Answers, rule: Rule) -> CheckResult:
    total = len(answers)
    known = int((~np.isnan(answers.y)).sum())
    share, least = known / total if total else None, rule.min_completeness
    enough = share is not None and (least is None or share >= least)
    return CheckResult(
        check="completeness",
        metric="completeness",
        status=Status.PASS if enough else Status.INSUFFICIENT,
        severity=Severity.INFO if least is None else Severity.CRITICAL,
        required=least is not None,
        value=share,
        limits=Limits(lower=least),
        n_current=total,
        message=f"{known:,} of {total:,} rows have a label" + ("" if enough else "; compare when more have come"),
    )


def _others(metric: Metric, scoring: Scoring, rows: int) -> list[Metric]:
    """Return the other metrics that models can be compared by; not those that would take long."""
    return [one for one in other_metrics(scoring, {metric.name}, rows) if one.better != "neither"]


def _told(metric: Metric, old: Answers, new: Answers, confidence: float) -> CheckResult:
    """Return the difference by a metric that decides nothing."""
    found = difference(metric, old, new, confidence=confidence)
    return CheckResult(
        check=metric.name,
        metric=f"{metric.name}_difference",
        status=Status.INSUFFICIENT if found.value is None else Status.PASS,
        severity=Severity.INFO,
        value=found.value,
        interval=found.interval,
        p_value=found.p_value,
        n_reference=found.n,
        n_current=found.n,
        message=found.reason,
        detail={"interval_method": found.method},
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


def _config(sides: Sequence[Evaluation], rule: Rule, veto: SegmentVeto) -> dict[str, Any]:
    champion, challenger = (side.to_dict(None) for side in sides)
    for name in ("expect", "reference"):
        del champion[name]
    return champion | {
        "champion": champion.pop("predictions"),
        "challenger": challenger["predictions"],
        "metric": rule.metric.name,
        "goal": rule.goal,
        "margin": rule.margin,
        "min_completeness": rule.min_completeness,
        "segment_margin": veto.margin,
    }
