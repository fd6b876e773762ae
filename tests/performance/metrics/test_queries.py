"""Metrics of rankings: equal to scikit-learn's, to the mean over all orders of ties, and judged as others are."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, ndcg_score

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance.answers import Answers, Numbers, Problem
from airflow_ml_monitor.performance.registry import bounds, difference, estimate, find_metric
from tests.performance.made_answers import ranking


def discounts(places: int) -> Numbers:
    found: Numbers = 1 / np.log2(np.arange(places) + 2.0)
    return found


def dcg(label: Numbers, k: int) -> float:
    return float(label[:k] @ discounts(len(label[:k])))


def ndcg(label: Numbers, k: int = 99) -> float:
    return dcg(label, k) / dcg(np.sort(label)[::-1], k)


def average_precision(label: Numbers) -> float:
    relevant = label > 0
    return float((np.cumsum(relevant) / (np.arange(len(label)) + 1))[relevant].mean())


DEFINITIONS: dict[str, Callable[[Numbers], float]] = {
    "ndcg": ndcg,
    "ndcg@2": lambda label: ndcg(label, 2),
    "map": average_precision,
    "mrr": lambda label: 1 / (1 + int((label > 0).argmax())),
    "hit_rate@1": lambda label: float((label[:1] > 0).any()),
    "hit_rate@3": lambda label: float((label[:3] > 0).any()),
    "precision@2": lambda label: (label[:2] > 0).sum() / 2,
    "precision@9": lambda label: (label > 0).sum() / 9,
    "recall@2": lambda label: (label[:2] > 0).sum() / (label > 0).sum(),
}
"""Each by the labels of one query in the order of its rows."""


def of(name: str, answers: Answers) -> float | None:
    return estimate(find_metric(name, Problem.RANKING), answers).value


def by_query(answers: Answers) -> list[tuple[Numbers, Numbers]]:
    assert answers.query is not None
    assert answers.score is not None
    rows = [answers.query == query for query in np.unique(answers.query)]
    return [(answers.y[each], answers.score[each]) for each in rows if (answers.y[each] > 0).any()]


def over_all_orders(definition: Callable[[Numbers], float], label: Numbers, score: Numbers) -> float:
    """Return the mean of a metric over all orders of the rows in which no score rises."""
    orders = [list(order) for order in itertools.permutations(range(len(label)))]
    return float(np.mean([definition(label[order]) for order in orders if (np.diff(score[order]) <= 0).all()]))


@st.composite
def tied(draw: st.DrawFn) -> Answers:
    size = draw(st.integers(1, 12))
    label, score, query = (
        np.array(draw(st.lists(st.sampled_from(values), min_size=size, max_size=size)))
        for values in ((0.0, 0.0, 1.0, 3.0), (-1.5, 0.0, 2.0), (0, 1, 2))
    )
    keep = np.ones(size, bool)
    for each in range(3):
        keep[np.flatnonzero(query == each)[5:]] = False  # 120 orders of a query are enough to try
    return Answers(problem=Problem.RANKING, y=label, score=score, query=query).take(keep)


@pytest.mark.parametrize("name", DEFINITIONS)
@settings(max_examples=25)
@given(answers=tied())
def test_rows_of_equal_score_count_as_the_mean_over_all_their_orders(name: str, answers: Answers) -> None:
    queries = [over_all_orders(DEFINITIONS[name], *query) for query in by_query(answers)]
    found = of(name, answers)
    assert found == (pytest.approx(np.mean(queries)) if queries else None)


@pytest.mark.parametrize("k", [None, 1, 3])
def test_ndcg_is_scikit_learns_with_ties_too(k: int | None) -> None:
    answers = ranking(500)
    assert answers.score is not None
    answers = replace(answers, score=answers.score.round())
    theirs = [ndcg_score([label], [score], k=k) for label, score in by_query(answers)]
    assert of("ndcg" if k is None else f"ndcg@{k}", answers) == pytest.approx(np.mean(theirs))


def test_map_is_the_mean_of_scikit_learns_average_precisions() -> None:
    answers = ranking(500)
    theirs = [average_precision_score(label > 0, score) for label, score in by_query(answers)]
    assert of("map", answers) == pytest.approx(np.mean(theirs))


def test_without_a_relevant_row_no_order_is_better() -> None:
    answers = ranking(50)
    found = estimate(find_metric("ndcg", Problem.RANKING), answers.with_labels(np.zeros(50)))
    assert (found.value, found.n, found.reason) == (None, 0, "no query has a relevant row")


def test_a_query_counts_once_all_its_labels_are_known() -> None:
    answers = ranking(500)
    y = answers.y.copy()
    y[7] = np.nan
    whole = np.arange(500) // 5 != 1
    metric = find_metric("map", Problem.RANKING)
    assert estimate(metric, answers.with_labels(y)) == estimate(metric, answers.take(whole))
    assert bounds(metric, answers.with_labels(y)) is None


@pytest.mark.parametrize("name", DEFINITIONS)
def test_a_query_weighs_the_mean_of_its_rows(name: str) -> None:
    answers = ranking(500)
    weight = np.random.default_rng(3).uniform(0.5, 2.0, 500)
    assert answers.query is not None
    labels = answers.y.reshape(-1, 5)
    relevant = (labels > 0).any(axis=1)
    each = [of(name, answers.take(answers.query == query)) for query in np.flatnonzero(relevant)]
    expected = np.average(np.array(each, float), weights=weight.reshape(-1, 5).mean(axis=1)[relevant])
    found = estimate(find_metric(name, Problem.RANKING), replace(answers, weight=weight))
    assert found.value == pytest.approx(expected)
    assert "effective sample size" in found.method


def test_queries_of_one_asker_tell_as_much_as_one() -> None:
    once = ranking(500)
    assert once.query is not None
    again = np.tile(np.arange(500), 4)
    copies = replace(once.take(again), query=np.repeat(np.arange(4), 500) * 100 + once.query[again])
    metric = find_metric("ndcg", Problem.RANKING)
    together = estimate(metric, replace(copies, cluster=once.query[again])).interval
    alone, first = estimate(metric, copies).interval, estimate(metric, once).interval
    assert together is not None
    assert alone is not None
    assert first is not None
    assert together.upper - together.lower == pytest.approx(first.upper - first.lower, rel=0.1)
    assert alone.upper - alone.lower == pytest.approx((first.upper - first.lower) / 2, rel=0.1)


def test_two_models_are_compared_query_by_query() -> None:
    champion = ranking(2_000, skill=0.3)
    challenger = ranking(2_000, seed=1, skill=1.5, y=champion.y)
    assert challenger.query is not None
    challenger = replace(challenger, query=challenger.query[::-1])  # a code says which rows belong together, no more
    found = difference(find_metric("ndcg", Problem.RANKING), champion, challenger)
    assert found.interval is not None
    assert found.interval.lower > 0
    assert found.method == "paired t"


@pytest.mark.parametrize("name", ["ndcg", "map", "mrr", "hit_rate@2", "precision@2", "recall@2"])
@pytest.mark.parametrize("skill", [0.5, 2.0])
def test_intervals_hold_the_truth(name: str, skill: float) -> None:
    metric = find_metric(name, Problem.RANKING)
    truth = of(name, ranking(200_000, seed=99, skill=skill))
    assert truth is not None
    held = []
    for seed in range(200):
        interval = estimate(metric, ranking(500, seed=seed, skill=skill)).interval
        assert interval is not None
        held.append(interval.lower <= truth <= interval.upper)
    assert np.mean(held) >= 0.91  # of 0.95, less two and a half standard errors of a share of 200


@pytest.mark.parametrize("name", ["ndcg@0", "recall@1.5", "precision@1,2", "hit_rate@-1"])
def test_k_is_a_number_of_rows(name: str) -> None:
    with pytest.raises(ConfigurationError, match="k is a number of rows, 1 or more, as in"):
        find_metric(name, Problem.RANKING)
