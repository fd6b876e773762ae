"""Metrics of the user's own: found by name, judged, compared, resampled by clusters."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, cohen_kappa_score, roc_auc_score

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance import evaluate_model, register_metric, registry
from airflow_ml_monitor.performance.answers import Problem
from airflow_ml_monitor.performance.expectations import AtLeast, AtMost, BetterThanDummy
from airflow_ml_monitor.performance.own_metrics import own_metric
from airflow_ml_monitor.performance.registry import difference, estimate, find_metric
from airflow_ml_monitor.results import Status
from tests.performance.made_answers import binary, ranking
from tests.performance.scored import asked, made, scored, told


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no other test see what these add."""
    find_metric("accuracy", Problem.BINARY)
    monkeypatch.setattr(registry, "_METRICS", dict(registry._METRICS))
    monkeypatch.setattr(registry, "_OWN", set())


def test_it_is_judged_by_its_name() -> None:
    register_metric("cohen_kappa", cohen_kappa_score, "binary", better="higher")
    predictions, labels = scored()
    report = evaluate_model(made(predictions), told(labels), **asked(expect=[AtLeast("cohen_kappa", 0.5)]))
    (found,) = [one for one in report.results if one.check == "cohen_kappa"]
    assert found.value == pytest.approx(cohen_kappa_score(labels["label"], predictions["score"] >= 0.5))
    assert found.status is Status.PASS
    assert found.detail["interval_method"] == "bootstrap (500 resamples, seed 0)"


def test_its_interval_is_about_that_of_the_same_metric_by_counts() -> None:
    register_metric("own_accuracy", accuracy_score, "binary", better="higher")
    own, ours = (estimate(find_metric(name, Problem.BINARY), binary()) for name in ("own_accuracy", "accuracy"))
    assert own.interval == pytest.approx(ours.interval, abs=0.01)


def test_rows_of_a_cluster_are_drawn_together() -> None:
    register_metric("own_auc", roc_auc_score, "binary", better="higher", needs="score")
    again, metric = np.tile(np.arange(400), 4), find_metric("own_auc", Problem.BINARY)
    found = estimate(metric, replace(binary().take(again), cluster=again))
    once = estimate(metric, binary())
    assert found.interval == pytest.approx(once.interval, abs=1e-6)
    assert found.method.endswith("of clusters")


def test_two_models_are_compared_in_pairs() -> None:
    register_metric("own_accuracy", accuracy_score, "binary", better="higher")
    champion = binary(2_000, skill=0.7)
    challenger = binary(2_000, seed=1, skill=2.0, y=champion.y)
    found = difference(find_metric("own_accuracy", Problem.BINARY), champion, challenger)
    assert found.interval is not None
    assert found.interval.lower > 0


def test_rows_that_the_function_refuses_have_no_value() -> None:
    def refuses(_y: object, _said: object) -> float:
        raise ValueError("only one class")

    register_metric("refuses", refuses, "binary", better="higher")
    found = estimate(find_metric("refuses", Problem.BINARY), binary())
    assert (found.value, found.reason) == (None, "refuses is not defined for these rows")


def test_weights_are_not_known_to_it() -> None:
    register_metric("own_accuracy", accuracy_score, "binary", better="higher")
    found = estimate(find_metric("own_accuracy", Problem.BINARY), replace(binary(), weight=np.arange(400) + 1.0))
    assert (found.value, found.reason) == (None, "own_accuracy is not known for rows with weight=")


def test_a_dag_file_that_is_read_again_replaces_it() -> None:
    for value in (0.25, 0.75):
        register_metric("constant", lambda _y, _said, value=value: value, "binary", better="neither")  # type: ignore[misc]
    assert estimate(find_metric("constant", Problem.BINARY), binary()).value == 0.75


def test_a_metric_of_the_package_stays() -> None:
    with pytest.raises(ConfigurationError, match="the package has a metric 'f1' for binary; give another name"):
        register_metric("f1", accuracy_score, "binary", better="higher")


@pytest.mark.parametrize(
    ("changed", "said"),
    [({"problem": "ranks"}, "problem='ranks'"), ({"better": "more"}, "better='more'"), ({"function": 3}, "a function")],
)
def test_what_cannot_be_one_is_refused(changed: dict[str, object], said: str) -> None:
    given = {"name": "own", "function": accuracy_score, "problem": "binary", "better": "higher"} | changed
    with pytest.raises(ConfigurationError, match=said):
        register_metric(**given)  # type: ignore[arg-type]


def share_right(labels: Any, answers: Any) -> float:
    return float(np.mean(labels == answers))


def own_area(labels: Any, y_score: Any) -> float:
    return float(roc_auc_score(labels, y_score))


def test_an_expectation_takes_the_function_itself() -> None:
    predictions, labels = scored()
    report = evaluate_model(made(predictions), told(labels), **asked(expect=[AtLeast(share_right, 0.7)]))
    (found,) = [one for one in report.results if one.check == "share_right"]
    assert found.value == pytest.approx(np.mean(labels["label"] == (predictions["score"] >= 0.5)))
    assert found.status is Status.PASS
    assert json.loads(json.dumps(report.config["expect"]))[0]["function"] == f"{__name__}.share_right"


def test_it_is_given_scores_where_its_argument_is_named_after_them() -> None:
    predictions, labels = scored()
    report = evaluate_model(made(predictions), told(labels), **asked(expect=[AtLeast(own_area, 0.7)]))
    own, ours = ([one.value for one in report.results if one.check == name] for name in ("own_area", "roc_auc"))
    assert own == pytest.approx(ours)


def test_a_registered_function_is_known_by_its_name() -> None:
    register_metric("share_right", share_right, "binary", better="higher")
    predictions, labels = scored()
    report = evaluate_model(made(predictions), told(labels), **asked(expect=[BetterThanDummy(share_right)]))
    assert [one.status for one in report.results if one.check == "share_right"] == [Status.PASS]


def test_a_function_is_resampled_by_clusters() -> None:
    predictions, labels = scored()
    predictions["customer"] = np.arange(len(predictions)) // 5
    terms = asked(expect=[AtLeast(share_right, 0.7)], cluster="customer")
    (found,) = [
        one for one in evaluate_model(made(predictions), told(labels), **terms).results if one.check == "share_right"
    ]
    assert found.detail["interval_method"].endswith("of clusters")


def test_a_function_of_a_query_is_averaged_over_queries() -> None:
    def best_first(labels: Any, scores: Any) -> float:
        return float(labels[scores.argmax()] == labels.max())

    answers = ranking(500)
    metric = own_metric("best_first", best_first, Problem.RANKING, "higher", "score")
    assert answers.query is not None
    assert answers.score is not None
    queries = [answers.query == query for query in np.unique(answers.query[answers.y > 0])]
    expected = np.mean([best_first(answers.y[rows], answers.score[rows]) for rows in queries])
    found = estimate(metric, answers)
    assert (found.value, found.n, found.method) == (pytest.approx(expected), len(queries), "t over queries")
    assert found.interval is not None


@pytest.mark.parametrize("returned", [None, "0.9", [0.9, 0.8], True, np.array([0.9])])
def test_what_is_no_number_is_said(returned: object) -> None:
    def mistaken(_labels: Any, _answers: Any) -> object:
        return returned

    predictions, labels = scored(50)
    with pytest.raises(ConfigurationError, match="metric 'mistaken' returned .* which is no number; let it return a f"):
        evaluate_model(made(predictions), told(labels), **asked(expect=[AtLeast(mistaken, 0.7)]))


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        (lambda labels, answers: 0.5, "has no name by which a report could tell it"),
        (partial(share_right), "has no name by which a report could tell it"),
        (np.random.default_rng, "must take two arguments, the labels and the answers"),
    ],
)
def test_a_function_that_cannot_be_one_is_refused_while_the_dag_is_parsed(function: Any, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        AtLeast(function, 0.5)


def accuracy(labels: Any, answers: Any) -> float:
    return share_right(labels, answers)


@pytest.mark.parametrize(
    ("expect", "sentence"),
    [
        ([AtLeast(accuracy, 0.5)], "the package has a metric 'accuracy' for binary; give the function another name"),
        ([BetterThanDummy(share_right)], "nobody knows which way share_right is better"),
        ([AtLeast(share_right, 0.5), AtMost("share_right", 0.9)], "two metrics of the name 'share_right'"),
        ([AtLeast(own_area, 0.5)], "own_area needs probabilities"),
    ],
)
def test_a_function_that_cannot_be_judged_is_refused(expect: list[Any], sentence: str) -> None:
    predictions, labels = scored(50)
    with pytest.raises(ConfigurationError, match=sentence):
        evaluate_model(
            made(predictions.assign(said=1)), told(labels), **asked(expect=expect, score=None, prediction="said")
        )
