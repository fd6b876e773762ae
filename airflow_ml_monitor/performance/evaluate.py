"""``evaluate_model``: is a model good enough, by the labels of its predictions that are known?"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Self

import pyarrow as pa

from airflow_ml_monitor.data import Connections, Dataset, as_dataset
from airflow_ml_monitor.data.arrays import flags_as_arrow
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.history import reports_known
from airflow_ml_monitor.performance.cohort import Cohort, build_cohort
from airflow_ml_monitor.performance.delays import known_delay
from airflow_ml_monitor.performance.delays_learnt import Delay
from airflow_ml_monitor.performance.expectations import Expectation
from airflow_ml_monitor.performance.expected import require_expected
from airflow_ml_monitor.performance.fairness_limits import FairnessLimit
from airflow_ml_monitor.performance.find_segments import FindSegments
from airflow_ml_monitor.performance.findings import findings, nothing_expected
from airflow_ml_monitor.performance.further_checks import NOTHING_FURTHER, FurtherChecks
from airflow_ml_monitor.performance.missing_labels import missing_labels
from airflow_ml_monitor.performance.own_metrics import metrics_of
from airflow_ml_monitor.performance.pictures import pictures
from airflow_ml_monitor.performance.reference import KIND, OwnPerformance, reference_label
from airflow_ml_monitor.performance.rulings import Rulings, Standards
from airflow_ml_monitor.performance.scoring import Read, Scoring
from airflow_ml_monitor.performance.segment_levels import bounded
from airflow_ml_monitor.performance.segments import Segment, as_segments, columns_of
from airflow_ml_monitor.performance.segments_judged import bounds_in, judge_segments
from airflow_ml_monitor.performance.told import other_metrics, told
from airflow_ml_monitor.results import CheckResult, Report
from airflow_ml_monitor.window import Window, as_of_or_now


def evaluate_model(
    predictions: Any,
    labels: Any,
    *,
    on: str | Sequence[str],
    problem: str,
    expect: Expectation | Iterable[Expectation] = (),
    label: str = "label",
    score: str | None = "score",
    scores: Mapping[Any, str] | None = None,
    prediction: str | None = None,
    positive: Any = None,
    threshold: float = 0.5,
    cluster: str | None = None,
    weight: str | None = None,
    query: str | None = None,
    label_range: Sequence[float] | None = None,
    delay: Delay = timedelta(0),
    void: str | Mapping[str, Any] | None = None,
    segments: str | Segment | Iterable[str | Segment] = (),
    reference: Window | tuple[Any, Any] | Report | None = None,
    min_completeness: float | None = None,
    window: Any = None,
    as_of: datetime | str | None = None,
    confidence: float = 0.95,
    history: Iterable[Report] = (),
    find_segments: str | Iterable[str] | FindSegments | None = None,
    fairness: FairnessLimit | Iterable[FairnessLimit] = (),
    trained_at: datetime | str | None = None,
    max_age: timedelta | None = None,
    connections: Connections | None = None,
) -> Report:
    """Return a report on a model's quality in a window, by the labels known at ``as_of``.

    The checks: one per expectation, named after its metric, and again for each level of each segment; the other
    metrics of the problem as ``info``; and what is said beside them: ``predictions`` (none in the window),
    ``invalid_predictions`` (answers that are missing, infinite, no probabilities: critical), ``invalid_labels`` (of an
    unknown class, infinite: they count as missing), ``duplicate_predictions``, ``unmatched_labels``, ``coverage`` and
    ``completeness``, whose detail has all counts of labels.

    An expectation fails where the confidence interval is wholly past its limit, warns where it is on both sides, and
    passes else; the limit itself is inside. Where labels are missing, it is judged with those at the worst and at the
    best for the metric, and decided where both agree, else ``insufficient``: no label that comes later can turn a pass
    into a failure or a failure into a pass by its value. With fewer than 30 labels nothing is decided.

    :param predictions: a dataset or data frame; its ``time_column`` is the time of the prediction.
    :param labels: a dataset or data frame, never cut by the window; its ``arrived_at_column`` is when a row was known.
    :param on: the key that a prediction and its label share: a column, or several.
    :param problem: ``"binary"``, ``"multiclass"``, ``"regression"`` or ``"ranking"``.
    :param expect: ``AtLeast``, ``AtMost``, ``NoWorseThanReference``, ``NoWorseThanPrevious``, ``BetterThanDummy``.
    :param label: column of the label.
    :param score: column of the positive class's probability (binary), ``None`` where there is none; or of any number,
        by which rows are ranked from the highest (ranking).
    :param scores: class -> column of its probability (multiclass).
    :param prediction: column of the class answered, or of the value (regression, ``"prediction"`` by default).
    :param positive: the label of the positive class, where it is neither ``True`` nor 1.
    :param threshold: the score from which on a binary answer is positive; ``prediction`` goes before it.
    :param cluster: column of the predictions that says which rows belong together, such as a customer's; a row
        without a value stands alone. Intervals are as wide as that makes them.
    :param weight: column of the predictions that says how much a row counts, not below zero.
    :param query: column of the predictions that says which rows are ranked together (ranking).
    :param label_range: the least and the greatest target that there can be (regression): with them missing labels
        have a worst case. A label outside is invalid.
    :param delay: a prediction is mature, its label due, that long after its time; or the column of the predictions that
        says when, such as ``"label_due_at"``; or a ``LearntDelay`` with ``over``.
    :param void: which predictions never get a label: a boolean column of either dataset, or ``{column: value(s)}``.
    :param segments: columns of the predictions by whose levels the same is asked, or ``Segment`` objects.
    :param reference: where ``NoWorseThanReference`` finds the reference's own performance: another window of the same
        predictions and labels, or a report this function made. Its uncertainty widens the interval. Of a window, a
        dummy has seen the labels.
    :param min_completeness: the share of labels from which those that are there decide; ``None`` for worst-case limits.
    :param window: event time to judge; all predictions by default.
    :param as_of: the moment whose knowledge counts; now by default.
    :param confidence: of the intervals; of each level of a segment ``1 - (1 - confidence) / levels``.
    :param history: earlier reports on the model, for expectations that hold ``over_windows``; those with a later
        ``as_of`` do not count.
    :param find_segments: columns of the predictions by which to find the parts of the rows where the loss is greatest,
        told as ``worst_segment``; or ``FindSegments``.
    :param fairness: limits on how much groups may differ: ``FairnessLimit`` (binary).
    :param trained_at: when the model was trained: its age at the end of the window is the check ``model_age``,
        which fails beyond ``max_age``.
    :param connections: where connection ids and URLs of datasets lead.
    :raises ConfigurationError: what is asked for cannot go together; nothing has been read then.
    :raises DataError: the data is there and cannot be used as described.
    """
    started = time.perf_counter()
    evaluation = Evaluation(
        predictions=as_dataset(predictions),
        labels=as_dataset(labels),
        on=on,
        scoring=Scoring.of(
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
        ),
        expect=(expect,) if isinstance(expect, Expectation) else tuple(expect),
        segments=as_segments(segments),
        delay=delay,
        void=void,
        min_completeness=min_completeness,
        confidence=confidence,
        as_of=as_of_or_now(as_of),
        connections=connections,
        further=FurtherChecks.of(
            find_segments=find_segments, fairness=fairness, trained_at=trained_at, max_age=max_age
        ),
    )
    where = None if window is None else Window.of(window)
    evaluation.require_possible(reference, where)
    evaluation = evaluation.with_known_delay()
    known = reports_known(history, evaluation.as_of)
    standards = Standards.find(evaluation.expect, evaluation.performance, reference, where, known)
    cohort, read = evaluation.read(where)
    results = tuple(evaluation.judge(cohort, read, standards))
    return Report(
        kind=KIND,
        results=results,
        window=where,
        as_of=evaluation.as_of,
        reference=reference_label(reference),
        rows_reference=max((one.n_reference for one in results if one.n_reference is not None), default=None),
        rows_current=cohort.counts.predictions,
        duration=time.perf_counter() - started,
        config=evaluation.to_dict(reference),
    )


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """One call of ``evaluate_model``, its arguments resolved.

    :raises ConfigurationError: a share or a confidence that is none.
    """

    predictions: Dataset
    labels: Dataset
    on: str | Sequence[str]
    scoring: Scoring
    expect: tuple[Expectation, ...]
    segments: tuple[Segment, ...]
    delay: Delay
    void: str | Mapping[str, Any] | None
    min_completeness: float | None
    confidence: float
    as_of: datetime
    connections: Connections | None
    further: FurtherChecks = NOTHING_FURTHER

    def __post_init__(self) -> None:
        if not 0 < self.confidence < 1:
            raise ConfigurationError(f"confidence={self.confidence!r} must be between 0 and 1, such as 0.95")
        if self.min_completeness is not None and not 0 < self.min_completeness <= 1:
            raise ConfigurationError(f"min_completeness={self.min_completeness!r} must be a share above 0 and up to 1")

    def require_possible(self, reference: Any, window: Window | None) -> None:
        """Refuse expectations that could never be judged, by a ``ConfigurationError``."""
        self.further.require_possible(self.scoring)
        timed = self.predictions.time_column is not None
        require_expected(self.expect, self.scoring, reference, window, timed=timed, confidence=self.confidence)

    def with_known_delay(self) -> Self:
        """Return the same with the delay that counts, where it is learnt from the predictions."""
        question: dict[str, Any] = {
            "on": self.on,
            "label": self.scoring.label,
            "void": self.void,
            "connections": self.connections,
        }
        return replace(self, delay=known_delay(self.delay, self.predictions, self.labels, as_of=self.as_of, **question))

    def read(self, window: Window | None) -> tuple[Cohort, Read]:
        """Return the cohort of a window and its answers."""
        columns = [*self.scoring.columns, *columns_of(self.segments), *self.further.columns]
        cohort = build_cohort(
            self.predictions,
            self.labels,
            on=self.on,
            label=self.scoring.label,
            columns=list(dict.fromkeys(columns)),
            delay=self.delay,
            void=self.void,
            window=window,
            as_of=self.as_of,
            connections=self.connections,
        )
        asked = ~cohort.void
        return cohort, self.scoring.read(cohort.table.filter(flags_as_arrow(asked)), cohort.labelled[asked])

    def performance(self, window: Window) -> OwnPerformance:
        """Return how the model did in another window."""
        cohort, read = self.read(window)
        return OwnPerformance(answers=read.answers.take(read.valid), table=_answered(cohort, read))

    def judge(self, cohort: Cohort, read: Read, standards: Standards) -> list[CheckResult]:
        """Return all checks."""
        answers = read.answers.take(read.valid)
        found = findings(cohort.counts, read.invalid_answers, read.invalid_labels, len(read.valid))
        made = Rulings(self.confidence, self.min_completeness, answers, standards)
        metrics = metrics_of(self.expect, self.scoring.problem)
        rulings = [made.of(one, metric) for one, metric in zip(self.expect, metrics, strict=True)]
        results = [ruling.judge(answers) for ruling in rulings]
        table = _answered(cohort, read)
        own = standards.reference or OwnPerformance()
        known = None if own.report is None else bounds_in(own.report)
        segments = bounded(self.segments, table if own.table is None else own.table, known)
        found += missing_labels(answers, table, segments)
        for segment in segments:
            results += judge_segments(segment, table, answers, rulings)
        asked = {one.metric for one in self.expect}
        if not self.expect and not self.further.fairness:
            found = [*found, nothing_expected()]
        found += self.further.aged(cohort.window, cohort.as_of)
        results += self.further.judge(table, answers, self.scoring, self.confidence, self.min_completeness)
        others = other_metrics(self.scoring, asked, len(answers))
        beside = [told(metric, answers, self.confidence) for metric in others]
        return [*found, *results, *beside, *pictures(answers)]

    def to_dict(self, reference: Any) -> dict[str, Any]:
        """Return the resolved configuration as plain JSON types."""
        return {
            "predictions": self.predictions.to_dict(),
            "labels": self.labels.to_dict(),
            "on": [self.on] if isinstance(self.on, str) else list(self.on),
            **self.scoring.to_dict(),
            "expect": [one.to_dict() for one in self.expect],
            "segments": [one.to_dict() for one in self.segments],
            "delay_seconds": self.delay.total_seconds() if isinstance(self.delay, timedelta) else None,
            "due_column": self.delay if isinstance(self.delay, str) else None,
            "void": self.void
            if self.void is None or isinstance(self.void, str)
            else {k: str(v) for k, v in self.void.items()},
            "reference": reference_label(reference),
            "min_completeness": self.min_completeness,
            "confidence": self.confidence,
            **self.further.to_dict(),
        }


def _answered(cohort: Cohort, read: Read) -> pa.Table:
    """Return the rows of the cohort whose answers can be used, one per answer."""
    return cohort.table.filter(flags_as_arrow(~cohort.void)).filter(flags_as_arrow(read.valid))
