"""Which columns hold the answers and the truth, and reading them into arrays; what cannot be read is counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance.answers import Answers, Numbers, Problem
from airflow_ml_monitor.performance.class_columns import class_codes, classes_of, missing_and, require_alike, strange
from airflow_ml_monitor.performance.columns import (
    clusters,
    counted,
    is_outside,
    number,
    numbers,
    probabilities,
    probability_faults,
    queries,
    relevances,
    require_whole_queries,
    span,
    weights,
)
from airflow_ml_monitor.performance.levels import Levels

Mask = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Read:
    """Answers with what of them, or of their labels, cannot be used.

    :param valid: which answers can be used; shape (rows,).
    :param invalid_answers: why -> how many answers cannot be.
    :param invalid_labels: why -> how many labels cannot be; they are missing (NaN) in ``answers.y``.
    """

    answers: Answers
    valid: Mask
    invalid_answers: Mapping[str, int] = field(default_factory=dict)
    invalid_labels: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Scoring:
    """Which column holds what; see ``evaluate_model``.

    :raises ConfigurationError: columns that do not go together with the problem.
    """

    problem: Problem
    label: str
    score: str | None
    scores: Mapping[Any, str] | None
    prediction: str | None
    positive: Any
    threshold: float
    cluster: str | None = None
    weight: str | None = None
    query: str | None = None
    label_range: tuple[float, float] | None = None

    @classmethod
    def of(
        cls,
        *,
        problem: str,
        label: str,
        score: str | None,
        scores: Mapping[Any, str] | None,
        prediction: str | None,
        positive: Any,
        threshold: float,
        cluster: str | None = None,
        weight: str | None = None,
        query: str | None = None,
        label_range: Sequence[float] | None = None,
    ) -> Scoring:
        """Read it from the arguments of ``evaluate_model``: what a problem has no use for is dropped."""
        try:
            kind = Problem(problem)
        except ValueError:
            known = ", ".join(repr(each.value) for each in Problem)
            raise ConfigurationError(f"problem={problem!r} is not known; use one of {known}") from None
        if scores is not None and not isinstance(scores, Mapping):
            raise ConfigurationError(f"scores={scores!r} must say which class has which column: {{class: column}}")
        if kind is Problem.REGRESSION or (kind is Problem.MULTICLASS and not scores):
            prediction = prediction or "prediction"
        return cls(
            problem=kind,
            label=label,
            score=score if kind in (Problem.BINARY, Problem.RANKING) else None,
            scores=dict(scores) if scores and kind is Problem.MULTICLASS else None,
            prediction=None if kind is Problem.RANKING else prediction,
            positive=positive,
            threshold=threshold,
            cluster=cluster,
            weight=weight,
            query=query if kind is Problem.RANKING else None,
            label_range=span(label_range) if kind is Problem.REGRESSION else None,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        scores = None if self.scores is None else {str(k): v for k, v in self.scores.items()}
        positive = None if self.positive is None else str(self.positive)
        return asdict(self) | {"scores": scores, "positive": positive, "problem": self.problem.value}

    def __post_init__(self) -> None:
        if not all(isinstance(name, str) and name for name in (self.label, *self.columns)):
            named = [self.label, *self.columns]
            raise ConfigurationError(
                f"label, score, scores, prediction, weight, cluster or query is no name of a column, among {named!r}"
            )
        if self.problem is Problem.BINARY and self.score is None and self.prediction is None:
            raise ConfigurationError("a binary problem needs score= or prediction=, the column of the model's answer")
        if self.problem is Problem.RANKING and (self.query is None or self.score is None):
            raise ConfigurationError(
                "a ranking needs query=, the column that says which rows are ranked together, and score=, by what"
            )
        if self.scores is not None and len(self.scores) < 2:
            raise ConfigurationError(f"scores={dict(self.scores)!r} must name a probability column for each class")
        if not 0 <= self.threshold <= 1:
            raise ConfigurationError(f"threshold={self.threshold!r} must be between 0 and 1, as scores are")
        if self.label in self.columns:
            raise ConfigurationError(
                f"{self.label!r} is the column of the label and of an answer; rename one, for instance in a query"
            )

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the predictions that are read."""
        several = tuple((self.scores or {}).values())
        named = (self.score, *several, self.prediction, self.weight, self.cluster, self.query)
        return tuple(name for name in named if name is not None)

    @property
    def provides(self) -> frozenset[str]:
        """What metrics may need: ``score``, ``predicted``."""
        scored = {"score"} if self.score or self.scores else set()
        return frozenset(scored if self.problem is Problem.RANKING else {"predicted"} | scored)

    def read(self, table: pa.Table, labelled: Mask) -> Read:
        """Return the answers of a cohort's rows, which hold the columns and the label."""
        read = {
            Problem.BINARY: _binary,
            Problem.MULTICLASS: _multiclass,
            Problem.REGRESSION: _regression,
            Problem.RANKING: _ranking,
        }
        found = read[self.problem](self, table, labelled)
        if self.cluster is not None:
            found = replace(found, answers=replace(found.answers, cluster=clusters(table[self.cluster], self.cluster)))
            require_whole_queries(found.answers, self.cluster)
        return found if self.weight is None else _weighted(found, table[self.weight], self.weight)


def _weighted(read: Read, column: pa.ChunkedArray, name: str) -> Read:
    weight, faults = weights(column, name)
    return Read(
        answers=replace(read.answers, weight=weight),
        valid=read.valid & ~np.isnan(weight),
        invalid_answers={**read.invalid_answers, **faults},
        invalid_labels=read.invalid_labels,
    )


def _binary(scoring: Scoring, table: pa.Table, labelled: Mask) -> Read:
    columns = {name: Levels.of(table[name], name) for name in (scoring.label, scoring.prediction) if name is not None}
    negative = _negative(scoring.positive, list(columns.values()))
    y, unknown = _coded(columns[scoring.label], labelled, scoring.positive, negative, scoring.label)
    if unknown and np.isnan(y).all():
        unknown = {f"{reason} (none is {scoring.positive!r}, the positive class)": n for reason, n in unknown.items()}
    score, predicted = None, None
    reasons: dict[str, int] = {}
    valid = np.ones(len(table), bool)
    if scoring.score is not None:
        score = numbers(table[scoring.score])
        reasons = probability_faults(score, scoring.score)
        predicted = (score >= scoring.threshold).astype(float)
    if scoring.prediction is not None:
        said = columns[scoring.prediction]
        everywhere = said.here
        predicted, others = _coded(said, everywhere, scoring.positive, negative, scoring.prediction)
        reasons = reasons | missing_and(others, ~everywhere, scoring.prediction)
        valid &= ~np.isnan(predicted)
    if score is not None:
        valid &= (score >= 0) & (score <= 1)
    answers = Answers(problem=Problem.BINARY, y=y, score=score, predicted=predicted)
    return Read(answers=answers, valid=valid, invalid_answers=reasons, invalid_labels=unknown)


def _multiclass(scoring: Scoring, table: pa.Table, labelled: Mask) -> Read:
    label, prediction = Levels.of(table[scoring.label], scoring.label), scoring.prediction
    said = None if prediction is None else Levels.of(table[prediction], prediction)
    if said is not None:
        require_alike(scoring.label, label.take(labelled), str(prediction), said)
    classes = tuple(scoring.scores) if scoring.scores else classes_of(label.take(labelled), said)
    y, unknown = class_codes(label, labelled, classes)
    score, predicted = None, None
    reasons: dict[str, int] = {}
    valid = np.ones(len(table), bool)
    if scoring.scores is not None:
        score = np.column_stack([numbers(table[name]) for name in scoring.scores.values()])
        valid, reasons = probabilities(score)
        predicted = np.where(valid[:, None], score, 0.0).argmax(axis=1).astype(float)
    if said is not None:
        predicted, others = class_codes(said, said.here, classes)
        reasons = reasons | missing_and(others, ~said.here, str(prediction))
        valid &= ~np.isnan(predicted)
    answers = Answers(problem=Problem.MULTICLASS, y=y, score=score, predicted=predicted, classes=classes)
    return Read(answers=answers, valid=valid, invalid_answers=reasons, invalid_labels=unknown)


def _ranking(scoring: Scoring, table: pa.Table, labelled: Mask) -> Read:
    score, (truth, wrong) = numbers(table[str(scoring.score)]), relevances(table[scoring.label], labelled)
    query, asked = queries(table[str(scoring.query)], str(scoring.query))
    reasons = counted(
        {
            f"{scoring.score} infinite": int(np.isinf(score).sum()),
            f"{scoring.score} missing or no number": int(np.isnan(score).sum()),
            f"{scoring.query} missing": int((~asked).sum()),
        }
    )
    answers = Answers(problem=Problem.RANKING, y=truth, score=score, query=query)
    return Read(answers=answers, valid=np.isfinite(score) & asked, invalid_answers=reasons, invalid_labels=wrong)


def _regression(scoring: Scoring, table: pa.Table, labelled: Mask) -> Read:
    said, truth = numbers(table[str(scoring.prediction)]), numbers(table[scoring.label])
    finite = np.isfinite(truth)
    outside = finite & labelled & is_outside(truth, scoring.label_range)
    wrong = counted(
        {
            "a target outside label_range": int(outside.sum()),
            "infinite": int((labelled & np.isinf(truth)).sum()),
            "no number": int((labelled & np.isnan(truth)).sum()),
        }
    )
    reasons = counted(
        {
            f"{scoring.prediction} infinite": int(np.isinf(said).sum()),
            f"{scoring.prediction} missing or no number": int(np.isnan(said).sum()),
        }
    )
    answers = Answers(
        problem=Problem.REGRESSION,
        y=np.where(labelled & finite & ~outside, truth, np.nan),
        predicted=np.where(np.isfinite(said), said, np.nan),
        span=scoring.label_range,
    )
    return Read(answers=answers, valid=np.isfinite(said), invalid_answers=reasons, invalid_labels=wrong)


def _negative(positive: Any, columns: Sequence[Levels]) -> Any:
    """Return the label of the negative class; ``None`` where the classes are 0 and 1.

    The commonest label besides the positive one, or answer while no label tells: of text nothing else does. Where none
    is positive and the others are of several classes, nothing does: the positive one may be among them, misspelt.

    :param columns: the labels, and the answers where there are any.
    """
    if positive is None:
        return None
    for column in columns:
        counts = column.counts()
        others = {value: count for value, count in counts.items() if value != positive}
        if len(others) == 1 or (others and len(others) < len(counts)):
            return next(iter(others))
    return None


def _coded(column: Levels, there: Mask, positive: Any, negative: Any, name: str) -> tuple[Numbers, dict[str, int]]:
    """Return 1.0, 0.0 or NaN for each row, and how many that are there are of another class."""
    if positive is None:
        codes = _zero_one(column, there, name)
    else:
        codes = np.where(column.is_in(positive), 1.0, np.nan)
        if negative is not None:
            codes = np.where(column.is_in(negative), 0.0, codes)
    codes = np.where(there, codes, np.nan)
    return codes, strange(column, there & np.isnan(codes))


def _zero_one(column: Levels, there: Mask, name: str) -> Numbers:
    codes = column.number(number)
    if there.any() and np.isnan(codes[there]).all():
        shown = ", ".join(repr(value) for value in list(column.take(there).counts())[:3])
        raise ConfigurationError(
            f"column {name!r} holds {shown}, neither true and false nor 1 and 0; say positive=, the label of the "
            "positive class"
        )
    return np.where((codes == 0) | (codes == 1), codes, np.nan)
