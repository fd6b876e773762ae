"""Every metric from its expectation: equal to scikit-learn, weighted, in clusters, from scores and from classes."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

from airflow_ml_monitor.performance import AtLeast, evaluate_model
from airflow_ml_monitor.results import CheckResult
from tests.performance.metrics.test_values import BINARY, MULTICLASS, REGRESSION
from tests.performance.scored import NOW, made, told

ROWS = 1_000
THRESHOLD = 0.35
CLASSES = ("a", "b", "c")
NAMED_BY_NUMBERS: dict[str, dict[str, Any]] = {
    "binary": {
        "f0.5": lambda y, score, said: sk.fbeta_score(y, said, beta=0.5),
        "f2": lambda y, score, said: sk.fbeta_score(y, said, beta=2),
        "lift@0.2": lambda y, score, said: y[score >= np.quantile(score, 0.8)].mean() / y.mean(),
        "value@0,-1,-20,5": lambda y, score, said: (
            (np.array([[0, -1], [-20, 5]]) * sk.confusion_matrix(y, said)).sum() / len(y)
        ),
    },
    "multiclass": {},
    "regression": {
        "pinball@0.1": lambda y, said: sk.mean_pinball_loss(y, said, alpha=0.1),
        "pinball@0.9": lambda y, said: sk.mean_pinball_loss(y, said, alpha=0.9),
    },
}
ORACLES: dict[str, dict[str, Any]] = {
    "binary": BINARY | NAMED_BY_NUMBERS["binary"],
    "multiclass": MULTICLASS | NAMED_BY_NUMBERS["multiclass"],
    "regression": REGRESSION | NAMED_BY_NUMBERS["regression"],
}
EVERY = [(problem, name) for problem, oracles in ORACLES.items() for name in sorted(oracles)]
OF_SCORES = {
    *("average_precision", "brier", "calibration_in_the_large", "ece", "ks", "lift@0.2", "log_loss", "roc_auc"),
    "roc_auc_ovr",
}
NOT_OF_COPIES = {"ece", "lift@0.2"}  # whose bins and edge are of rows, whatever these weigh


@functools.cache
def data(problem: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return predictions of customers of five rows, some of which count twice or three times, and their labels."""
    generator = np.random.default_rng(12)
    own = np.repeat(generator.standard_normal(ROWS // 5), 5)
    frame = pd.DataFrame({"id": np.arange(ROWS), "customer": np.arange(ROWS) // 5})
    frame["at"] = NOW - pd.Timedelta(days=30)
    frame["times"] = generator.integers(1, 4, ROWS)
    label: Any
    if problem == "binary":
        label = generator.random(ROWS) < 1 / (1 + np.exp(1 - own))
        frame["score"] = 1 / (1 + np.exp(0.5 - own - 2 * label - generator.standard_normal(ROWS)))
        frame["said"] = frame["score"] >= THRESHOLD
    elif problem == "multiclass":
        codes = generator.choice(3, ROWS, p=[0.5, 0.3, 0.2])
        chances = np.exp(generator.standard_normal((ROWS, 3)) + 1.5 * np.eye(3)[codes])
        frame[list(CLASSES)] = chances / chances.sum(axis=1, keepdims=True)
        frame["said"] = np.array(CLASSES)[chances.argmax(axis=1)]
        label = np.array(CLASSES)[codes]
    else:
        label = 5 + generator.gamma(2.0, 2.0, ROWS)
        frame["said"] = label + own + generator.standard_t(5, ROWS)
    labels = pd.DataFrame({"id": np.arange(ROWS), "label": label, "arrived_at": frame["at"] + pd.Timedelta(days=1)})
    return frame, labels


@functools.cache
def judged(problem: str, **columns: str | float | None) -> dict[str, CheckResult]:
    predictions, labels = data(problem)
    given: dict[str, Any] = {
        "binary": {"threshold": THRESHOLD},
        "multiclass": {"scores": {name: name for name in CLASSES}},
        "regression": {"prediction": "said"},
    }[problem]
    scored = columns.get("score", "") is not None and columns.get("scores", "") is not None
    wanted = [AtLeast(name, -1e9) for its, name in EVERY if its == problem and (scored or name not in OF_SCORES)]
    terms: dict[str, Any] = {"on": "id", "problem": problem, "as_of": NOW, "expect": wanted} | given | columns
    report = evaluate_model(made(predictions), told(labels), **terms)
    return {one.check: one for one in report.results if one.limits.lower is not None}


def expected(problem: str, name: str, times: Any = None) -> float:
    """Return what scikit-learn says, of rows each there so many times."""
    predictions, labels = data(problem)
    rows = np.repeat(np.arange(ROWS), 1 if times is None else times)
    y, said = labels["label"].to_numpy()[rows], predictions["said"].to_numpy()[rows]
    if problem == "regression":
        return float(ORACLES[problem][name](y, said))
    if problem == "multiclass":
        codes = {each: code for code, each in enumerate(CLASSES)}
        y, said = (np.array([codes[each] for each in column]) for column in (y, said))
        return float(ORACLES[problem][name](y, predictions[list(CLASSES)].to_numpy()[rows], said))
    return float(ORACLES[problem][name](y.astype(float), predictions["score"].to_numpy()[rows], said.astype(float)))


@pytest.mark.parametrize(("problem", "name"), EVERY)
def test_a_value_is_scikit_learns(problem: str, name: str) -> None:
    assert judged(problem)[name].value == pytest.approx(expected(problem, name))


@pytest.mark.parametrize(("problem", "name"), [pair for pair in EVERY if pair[1] not in NOT_OF_COPIES])
def test_a_weighted_value_is_scikit_learns_of_so_many_rows(problem: str, name: str) -> None:
    found = judged(problem, weight="times")[name]
    assert found.value == pytest.approx(expected(problem, name, data(problem)[0]["times"].to_numpy()))
    assert "stretched for weights" in found.detail["interval_method"]


@pytest.mark.parametrize(("problem", "name"), EVERY)
def test_rows_of_a_customer_keep_the_value_and_change_the_interval(problem: str, name: str) -> None:
    alone, together = judged(problem)[name], judged(problem, cluster="customer")[name]
    assert together.value == alone.value
    assert together.detail["interval_method"].endswith("stretched for 200 clusters")
    assert together.interval is not None
    assert alone.interval is not None
    assert together.interval.upper - together.interval.lower >= alone.interval.upper - alone.interval.lower - 1e-12


@pytest.mark.parametrize(("problem", "name"), EVERY)
def test_customers_and_weights_go_together(problem: str, name: str) -> None:
    found = judged(problem, cluster="customer", weight="times")[name]
    assert found.value == judged(problem, weight="times")[name].value
    assert found.detail["interval_method"].endswith("weighted, stretched for 200 clusters")


@pytest.mark.parametrize(
    ("problem", "name"), [pair for pair in EVERY if pair[0] == "binary" and pair[1] not in OF_SCORES]
)
def test_classes_that_are_given_are_as_good_as_a_threshold(problem: str, name: str) -> None:
    by_class, by_score = judged(problem, score=None, prediction="said")[name], judged(problem)[name]
    assert (by_class.value, by_class.interval) == (by_score.value, by_score.interval)


@pytest.mark.parametrize(
    ("problem", "name"),
    [pair for pair in EVERY if pair[0] == "multiclass" and pair[1] not in OF_SCORES],
)
def test_classes_that_are_given_are_as_good_as_the_likeliest(problem: str, name: str) -> None:
    by_class, by_score = judged(problem, scores=None, prediction="said")[name], judged(problem)[name]
    assert by_class.value == pytest.approx(by_score.value)
    assert by_class.interval == pytest.approx(by_score.interval)
