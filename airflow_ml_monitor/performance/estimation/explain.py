"""``explain_change``: has the relation of features and label changed, or only the mix of the rows?"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from airflow_ml_monitor.data import Connections, as_dataset
from airflow_ml_monitor.performance.estimation.late_labels import LateLabels
from airflow_ml_monitor.performance.estimation.question import Question
from airflow_ml_monitor.performance.estimation.sides import read_side, require_of_rows
from airflow_ml_monitor.performance.scoring import Scoring
from airflow_ml_monitor.results import Report
from airflow_ml_monitor.window import Window, as_of_or_now

KIND = "relation"


def explain_change(
    reference: Any,
    current: Any,
    *,
    problem: str,
    metric: str,
    margin: float | None = None,
    features: Sequence[str] = (),
    label: str = "label",
    score: str | None = "score",
    scores: Mapping[Any, str] | None = None,
    prediction: str | None = None,
    positive: Any = None,
    threshold: float = 0.5,
    min_completeness: float = 0.9,
    window: Any = None,
    reference_window: Any = None,
    labels: Any = None,
    on: str | Sequence[str] = (),
    void: str | Mapping[str, Any] | None = None,
    as_of: datetime | str | None = None,
    confidence: float = 0.95,
    connections: Connections | None = None,
) -> Report:
    """Return a report on why a metric is another than in the reference: for its mix of rows, or for another relation.

    A classifier, cross-fitted, tells current rows from the reference's by the features and the answers; its odds weigh
    the reference so that it has the mix of the current rows. What the metric of the reweighted reference is above that
    of the plain one is the *mix* (covariate shift); what the current metric is above the reweighted one is the
    *relation* (concept drift). They sum up to the change. What the features do not hold counts as relation.

    The checks: ``relation`` (critical: fails where its whole interval is worse than ``margin``, warns where it is on
    both sides), ``mix``, ``change`` and the three values as ``info``; ``reweighting``: the reference's effective rows,
    without 100 of which, or with more than 5 % of current rows that have no like in it, neither part is known;
    ``completeness`` of the current labels, without which nothing is decided. Without a ``margin`` all is told and
    nothing judged: the report is ``insufficient``.

    :param reference: a dataset or data frame of predictions with their labels; ``current`` likewise.
    :param metric: what changed.
    :param margin: how much worse the relation alone may make it, in its own units.
    :param features: what the mix is of, besides the answers.
    :param min_completeness: the share of current rows whose label must be known: early ones are a biased sample.
    :param labels: where the labels of both sides are, if not in their rows; of a key the latest label known at
        ``as_of`` counts. ``on`` is the key they share, ``void`` says which predictions never get one.

    Of more than 200,000 labelled rows of a side, so many are drawn by a fixed seed.

    The other parameters are those of ``estimate_performance``.

    :raises ConfigurationError: what is asked for cannot go together; nothing has been read then.
    :raises DataError: the data is there and cannot be used as described.
    """
    started = time.perf_counter()
    require_of_rows(problem)
    scoring = Scoring.of(
        problem=problem,
        label=label,
        score=score,
        scores=scores,
        prediction=prediction,
        positive=positive,
        threshold=threshold,
    )
    question = Question.of(metric, scoring, margin, features, min_completeness, confidence)
    late = LateLabels.of(labels, on=on, label=label, void=void)
    given, asked = as_dataset(reference), as_dataset(current)
    moment = as_of_or_now(as_of)
    where, before = (None if one is None else Window.of(one) for one in (window, reference_window))
    common: dict[str, Any] = {"features": features, "labelled": True, "late": late, "as_of": moment}
    sides = tuple(
        read_side(data, scoring, called=called, window=of, connections=connections, **common)
        for data, called, of in ((given, "reference", before), (asked, "current", where))
    )
    return Report(
        kind=KIND,
        results=tuple(question.results(sides[0], sides[1])),
        window=where,
        as_of=moment,
        reference=given.label if before is None else f"window {before} of {given.label}",
        rows_reference=len(sides[0].read.valid),
        rows_current=len(sides[1].read.valid),
        duration=time.perf_counter() - started,
        config=question.to_dict()
        | {"reference": given.to_dict(), "current": asked.to_dict()}
        | ({} if late is None else late.to_dict()),
    )
