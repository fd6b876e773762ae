"""``estimate_performance``: how is the model probably doing, before the labels are there?"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from airflow_ml_monitor.data import Connections, as_dataset
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance.answers import Problem
from airflow_ml_monitor.performance.estimation import beside
from airflow_ml_monitor.performance.estimation.cbpe import estimate_classifier
from airflow_ml_monitor.performance.estimation.features import Encoder
from airflow_ml_monitor.performance.estimation.judging import Estimated, require_judgeable, undecided
from airflow_ml_monitor.performance.estimation.late_labels import LateLabels
from airflow_ml_monitor.performance.estimation.loss_model import LOSSES, estimate_regressor
from airflow_ml_monitor.performance.estimation.sides import (
    Side,
    read_side,
    require_comparable,
    require_of_rows,
    too_few,
)
from airflow_ml_monitor.performance.estimation.together import widened
from airflow_ml_monitor.performance.estimation.weighted import weighable
from airflow_ml_monitor.performance.expectations import Expectation
from airflow_ml_monitor.performance.findings import nothing_expected
from airflow_ml_monitor.performance.reference import LEAST_LABELS
from airflow_ml_monitor.performance.registry import Estimate, Metric, find_metric
from airflow_ml_monitor.performance.scoring import Scoring
from airflow_ml_monitor.results import CheckResult, Report
from airflow_ml_monitor.window import Window, as_of_or_now

KIND = "estimated_performance"
_NOT_OF_SHARES = ("average_precision",)
"""Of few positives it is far higher by labels than by their expected shares (0.03 at 100), so nobody could compare."""


def estimate_performance(
    reference: Any,
    current: Any,
    *,
    problem: str,
    label: str = "label",
    expect: Expectation | Iterable[Expectation] = (),
    score: str | None = "score",
    scores: Mapping[Any, str] | None = None,
    prediction: str | None = None,
    positive: Any = None,
    threshold: float = 0.5,
    features: Sequence[str] = (),
    cluster: str | None = None,
    weight: str | None = None,
    window: Any = None,
    reference_window: Any = None,
    labels: Any = None,
    on: str | Sequence[str] = (),
    void: str | Mapping[str, Any] | None = None,
    as_of: datetime | str | None = None,
    confidence: float = 0.95,
    connections: Connections | None = None,
) -> Report:
    """Return a report on how well a model probably does on rows whose labels are not known yet.

    Classifiers by confidence-based performance estimation (CBPE): the scores are calibrated on the labelled reference
    by isotonic regression, and every current row counts as positive by its calibrated probability. Regressors by direct
    loss estimation (DLE): trees learn on the reference how far off an answer is, by the features and the answer.

    The estimate assumes that the relation of features and label is that of the reference, and says so: it sees what a
    changed mix of rows does to a metric, and is blind to a relation that changed. Its interval is of the value that the
    labels of these very rows will give. An expectation is judged by it as ``evaluate_model`` does.

    The checks: one per expectation, named after its metric; the other metrics as ``info``; ``calibration`` (warning:
    it does not hold on rows held out), ``support`` (warning: answers beyond all of the reference's),
    ``invalid_predictions``, ``invalid_labels``, and ``assumption``. With fewer than 30 labels in the reference, or
    without one of a class, all is ``insufficient``.

    :param reference: a dataset or data frame of predictions with their labels, none of which the model learnt from.
    :param current: a dataset or data frame of predictions; a column of labels is not read.
    :param problem: ``"binary"``, ``"multiclass"`` or ``"regression"``; the first two need probabilities.
    :param expect: ``AtLeast``, ``AtMost``, ``NoWorseThanReference``.
    :param features: what the loss of a regressor may depend on, besides its answer.
    :param cluster: column of both sides that says which rows belong together, such as a customer's: intervals are as
        wide as the labels of the reference say that makes them.
    :param weight: refused: what a score is worth for rows that weigh more is not known from rows that count alike.
    :param window: event time of the current rows; ``reference_window`` that of the reference's.
    :param labels: where the labels of the reference are, if not in its rows; of a key the latest label known at
        ``as_of`` counts. ``on`` is the key they share, ``void`` says which predictions of it never get one.
    :param as_of: rows of a dataset with an ``arrived_at_column`` that arrived later do not exist; now by default.
    :param confidence: of the intervals. The other parameters are those of ``evaluate_model``.
    :raises ConfigurationError: what is asked for cannot go together; nothing has been read then.
    :raises DataError: the data is there and cannot be used as described.
    """
    started = time.perf_counter()
    require_of_rows(problem)
    estimation = Estimation(
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
        ),
        expect=(expect,) if isinstance(expect, Expectation) else tuple(expect),
        features=features,
        confidence=confidence,
    )
    require_judgeable(estimation.expect, estimation.metrics)
    late = LateLabels.of(labels, on=on, label=label, void=void)
    given, moment = as_dataset(reference), as_of_or_now(as_of)
    where, before = (None if one is None else Window.of(one) for one in (window, reference_window))
    common: dict[str, Any] = {"features": estimation.looked_at, "as_of": moment, "connections": connections}
    known = read_side(given, estimation.scoring, called="reference", labelled=True, window=before, late=late, **common)
    rows = read_side(as_dataset(current), estimation.scoring, called="current", labelled=False, window=where, **common)
    return Report(
        kind=KIND,
        results=tuple(estimation.results(known.labelled, rows)),
        window=where,
        as_of=moment,
        reference=given.label if before is None else f"window {before} of {given.label}",
        rows_reference=len(known.labelled.answers),
        rows_current=len(rows.read.valid),
        duration=time.perf_counter() - started,
        config=estimation.to_dict()
        | {"reference": given.to_dict(), "current": as_dataset(current).to_dict()}
        | ({} if late is None else late.to_dict()),
    )


@dataclass(frozen=True, kw_only=True)
class Estimation:
    """One call of ``estimate_performance``, its arguments resolved.

    :raises ConfigurationError: a confidence that is none, features that are none, or no probabilities.
    """

    scoring: Scoring
    expect: tuple[Expectation, ...]
    features: Sequence[str]
    confidence: float

    def __post_init__(self) -> None:
        if not 0 < self.confidence < 1:
            raise ConfigurationError(f"confidence={self.confidence!r} must be between 0 and 1, such as 0.95")
        require_comparable(self.scoring, self.features)
        if self.scoring.weight is not None:
            raise ConfigurationError(
                f"weight={self.scoring.weight!r} cannot be: what a score is worth for rows that weigh more is not "
                "known from rows that count alike; leave it out, and judge by labels with evaluate_model(weight=)"
            )
        if self.scoring.problem is not Problem.REGRESSION and "score" not in self.scoring.provides:
            raise ConfigurationError("an estimate needs probabilities; give score= (binary) or scores= (multiclass)")

    @property
    def metrics(self) -> dict[str, Metric]:
        """What can be estimated, by name."""
        problem = self.scoring.problem
        names = LOSSES if problem is Problem.REGRESSION else weighable(problem, scored=True)
        return {name: find_metric(name, problem) for name in names if name not in _NOT_OF_SHARES}

    @property
    def looked_at(self) -> list[str]:
        """The columns that a loss may depend on."""
        if self.scoring.problem is not Problem.REGRESSION:
            return []
        return list(dict.fromkeys([*self.features, str(self.scoring.prediction)]))

    def results(self, reference: Side, current: Side) -> list[CheckResult]:
        """Return all checks.

        :param reference: labelled rows.
        """
        found = [*reference.findings(), *current.findings()]
        if not self.expect:
            found.append(nothing_expected())
        reason = too_few(reference.answers, LEAST_LABELS)
        if not len(current.answers):
            reason = reason or "there is no current row to estimate it for"
        if reason:
            return [*found, *(undecided(one, reason) for one in self.expect)]
        problem, estimates = self.scoring.problem, self._estimates(reference, current)
        if problem is not Problem.REGRESSION:
            found.append(beside.calibration(reference.answers))
        judged = [estimates[one.metric].judge(one) for one in self.expect]
        asked = {one.metric for one in self.expect}
        told = [one.told() for name, one in estimates.items() if name not in asked]
        assumed = beside.assumption(problem, self.looked_at)
        return [*found, beside.support(reference.answers, current.answers), *judged, *told, assumed]

    def _estimates(self, reference: Side, current: Side) -> dict[str, Estimated]:
        names = list(self.metrics)
        if self.scoring.problem is Problem.REGRESSION:
            found = self._losses(reference, current)
        else:
            found = estimate_classifier(reference.answers, current.answers, names, confidence=self.confidence)
        return {
            name: Estimated(
                metric=self.metrics[name],
                found=widened(found[name], self.metrics[name], reference.answers, current.answers),
                reference=reference.answers,
                confidence=self.confidence,
            )
            for name in names
        }

    def _losses(self, reference: Side, current: Side) -> dict[str, Estimate]:
        assert reference.answers.predicted is not None, "a regression has its answers"
        encoder = Encoder.of(reference.table, self.looked_at)
        return estimate_regressor(
            encoder.encode(reference.table),
            reference.answers.predicted - reference.answers.y,
            encoder.encode(current.table),
            leveled=encoder.leveled,
            confidence=self.confidence,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the resolved configuration as plain JSON types."""
        scoring, scores = self.scoring, self.scoring.scores
        return {
            "problem": scoring.problem.value,
            "label": scoring.label,
            "score": scoring.score,
            "scores": None if scores is None else {str(name): column for name, column in scores.items()},
            "prediction": scoring.prediction,
            "positive": None if scoring.positive is None else str(scoring.positive),
            "threshold": scoring.threshold,
            "expect": [one.to_dict() for one in self.expect],
            "features": list(self.features),
            "cluster": scoring.cluster,
            "confidence": self.confidence,
            "method": "DLE" if scoring.problem is Problem.REGRESSION else "CBPE",
        }
