"""Answers made up for tests: of every problem, seeded or by hypothesis, ties and missing labels among them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import numpy as np
from hypothesis import strategies as st

from airflow_ml_monitor.performance.answers import Answers, Numbers, Problem

SCORES = (0.0, 0.1, 0.25, 0.5, 0.5, 0.75, 0.9, 1.0)
CLASSES = ("a", "b", "c")


def binary(
    rows: int = 400, *, seed: int = 0, skill: float = 1.5, prevalence: float = 0.3, y: Numbers | None = None
) -> Answers:
    """Return answers whose scores are calibrated; with ``y``, another model's answers to the same rows."""
    generator = np.random.default_rng(seed)
    truth = (generator.random(rows) < prevalence).astype(float) if y is None else y
    ratio = prevalence / (1 - prevalence)
    odds = ratio * np.exp(skill * (truth - 0.5) * skill + skill * generator.standard_normal(len(truth)))
    score = odds / (1 + odds)
    return Answers(problem=Problem.BINARY, y=truth, score=score, predicted=(score >= prevalence).astype(float))


def multiclass(rows: int = 400, *, seed: int = 0, skill: float = 1.0, y: Numbers | None = None) -> Answers:
    generator = np.random.default_rng(seed)
    truth = generator.choice(3, rows, p=[0.6, 0.3, 0.1]).astype(float) if y is None else y
    weights = np.exp(generator.standard_normal((len(truth), 3)) + skill * np.eye(3)[truth.astype(int)])
    score = weights / weights.sum(axis=1, keepdims=True)
    predicted = score.argmax(axis=1).astype(float)
    return Answers(problem=Problem.MULTICLASS, y=truth, score=score, predicted=predicted, classes=CLASSES)


def regression(rows: int = 400, *, seed: int = 0, noise: float = 1.0, y: Numbers | None = None) -> Answers:
    generator = np.random.default_rng(seed)
    truth = generator.gamma(3.0, 2.0, rows) + 0.1 if y is None else y
    predicted = truth + noise * generator.standard_normal(len(truth)) + 0.2
    return Answers(problem=Problem.REGRESSION, y=truth, predicted=predicted)


def ranking(rows: int = 400, *, seed: int = 0, skill: float = 1.0, y: Numbers | None = None) -> Answers:
    """Return answers in queries of five rows, of which the first always has a relevant one."""
    generator = np.random.default_rng(seed)
    truth = generator.choice([0.0, 1.0, 2.0, 3.0], rows, p=[0.7, 0.15, 0.1, 0.05]) if y is None else y
    truth = np.append(1.0, truth[1:]) if y is None else truth
    score = skill * truth + generator.standard_normal(len(truth))
    return Answers(problem=Problem.RANKING, y=truth, score=score, query=np.arange(len(truth)) // 5)


MAKE: dict[Problem, Callable[..., Answers]] = {
    Problem.BINARY: binary,
    Problem.MULTICLASS: multiclass,
    Problem.REGRESSION: regression,
    Problem.RANKING: ranking,
}


@st.composite
def partly_labelled(draw: st.DrawFn, problem: Problem = Problem.BINARY, most_missing: int = 8) -> Answers:
    """Draw a few answers with many ties, some of whose labels are missing."""
    classes = 2 if problem is Problem.BINARY else len(CLASSES)
    known, missing = draw(st.integers(0, 8)), draw(st.integers(0, most_missing))
    size = known + missing
    if size == 0:
        size = known = 1
    truth = draw(st.lists(st.integers(0, classes - 1), min_size=known, max_size=known))
    predicted = draw(st.lists(st.integers(0, classes - 1), min_size=size, max_size=size))
    y = np.array([*truth, *[np.nan] * (size - known)], dtype=float)
    order = np.array(draw(st.permutations(range(size))))
    return Answers(
        problem=problem,
        y=y[order],
        score=_scores(draw, size, classes),
        predicted=np.array(predicted, dtype=float),
        classes=() if problem is Problem.BINARY else CLASSES,
    )


def _scores(draw: st.DrawFn, size: int, classes: int) -> Numbers:
    if classes == 2:
        return np.array(draw(st.lists(st.sampled_from(SCORES), min_size=size, max_size=size)))
    row = st.tuples(*[st.sampled_from((0.1, 0.2, 0.4, 0.7)) for _ in range(classes)])
    weights = np.array(draw(st.lists(row, min_size=size, max_size=size)))
    shares: Numbers = weights / weights.sum(axis=1, keepdims=True)
    return shares


def completions(answers: Answers) -> Iterator[Answers]:
    """Yield the answers with every completion of the missing labels."""
    missing = np.flatnonzero(np.isnan(answers.y))
    for labels in itertools.product(range(max(2, len(answers.classes))), repeat=len(missing)):
        y = answers.y.copy()
        y[missing] = labels
        yield answers.with_labels(y)
