"""Metrics by name, and what is asked of the answers that are given to them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance.answers import Problem
from airflow_ml_monitor.performance.registry import bounds, difference, estimate, find_metric, metric_names, register
from tests.performance.made_answers import binary, multiclass


def test_a_metric_is_found_by_name_and_problem() -> None:
    metric = find_metric("log_loss", Problem.MULTICLASS)
    assert (metric.name, metric.problem, metric.higher_is_better) == ("log_loss", Problem.MULTICLASS, False)


def test_an_unknown_name_is_told_the_nearest() -> None:
    with pytest.raises(ConfigurationError, match="no metric 'roc_acu' for a binary problem; did you mean 'roc_auc'"):
        find_metric("roc_acu", Problem.BINARY)


def test_a_name_like_none_is_told_all_there_are() -> None:
    with pytest.raises(ConfigurationError, match="there are bias, mae, mape, median_absolute_error, mse, r2, rmse"):
        find_metric("xyz", Problem.REGRESSION)


def test_a_metric_of_another_problem_is_not_found() -> None:
    with pytest.raises(ConfigurationError, match="no metric 'rmse' for a binary problem"):
        find_metric("rmse", Problem.BINARY)


def test_a_name_is_given_once() -> None:
    with pytest.raises(ConfigurationError, match="'f1' for binary exists already"):
        register(dataclasses.replace(find_metric("f1", Problem.BINARY)))


def test_names_without_a_problem_are_those_of_all() -> None:
    assert metric_names() == sorted({name for problem in Problem for name in metric_names(problem)})


def test_a_metric_of_scores_asks_for_scores() -> None:
    with pytest.raises(ConfigurationError, match="roc_auc needs the model's scores; .* score="):
        estimate(find_metric("roc_auc", Problem.BINARY), dataclasses.replace(binary(), score=None))


def test_bounds_ask_for_what_is_answered() -> None:
    with pytest.raises(ConfigurationError, match="f1 needs what the model answered; .* prediction="):
        bounds(find_metric("f1", Problem.BINARY), dataclasses.replace(binary(), predicted=None))


def test_answers_to_another_problem_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="accuracy is a metric for multiclass, the answers are binary"):
        estimate(find_metric("accuracy", Problem.MULTICLASS), binary())


def test_two_models_are_compared_on_the_same_rows_only() -> None:
    champion, challenger = binary(100), binary(100, seed=1)
    with pytest.raises(ConfigurationError, match="not to the same rows"):
        difference(find_metric("accuracy", Problem.BINARY), champion, challenger)


def test_a_comparison_without_labels_says_so() -> None:
    unknown = multiclass(40).with_labels(np.full(40, np.nan))
    found = difference(find_metric("accuracy", Problem.MULTICLASS), unknown, unknown)
    assert (found.value, found.n, found.reason) == (None, 0, "no label is known")
