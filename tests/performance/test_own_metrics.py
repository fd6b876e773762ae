"""Metrics of the user's own: found by name, judged, compared, resampled by clusters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, cohen_kappa_score, roc_auc_score

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance import evaluate_model, register_metric, registry
from airflow_ml_monitor.performance.answers import Problem
from airflow_ml_monitor.performance.expectations import AtLeast
from airflow_ml_monitor.performance.registry import difference, estimate, find_metric
from airflow_ml_monitor.results import Status
from tests.performance.made_answers import binary
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
