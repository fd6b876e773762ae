"""Rankings from expectation to verdict: floors, dummies, windows before, segments, comparison, and what is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import ndcg_score

from airflow_ml_monitor.errors import ConfigurationError, DataError
from airflow_ml_monitor.performance import (
    AtLeast,
    BetterThanDummy,
    FindSegments,
    NoWorseThanPrevious,
    compare_models,
    evaluate_model,
)
from airflow_ml_monitor.results import CheckResult, Report, Status
from tests.performance.scored import NOW, START, made, told

ITEMS = 5


def searches(count: int = 200, *, seed: int = 0, skill: float = 1.0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows shown by some searches, one search an hour, and how relevant each was."""
    generator = np.random.default_rng(seed)
    rows = count * ITEMS
    relevance = generator.choice([0, 1, 3], rows, p=[0.6, 0.3, 0.1])
    search, item = np.arange(rows) // ITEMS, np.arange(rows) % ITEMS
    predictions = pd.DataFrame({"search": search, "item": item})
    predictions["score"] = skill * relevance + generator.standard_normal(rows)
    predictions["at"] = [START + timedelta(hours=int(hour)) for hour in search]
    predictions["country"] = np.where(search % 4 == 0, "NL", "US")
    predictions["weight"] = 1.0 + search % 3
    labels = pd.DataFrame({"search": search, "item": item, "label": relevance})
    labels["arrived_at"] = predictions["at"] + timedelta(days=1)
    return predictions, labels


def judged(predictions: pd.DataFrame, labels: pd.DataFrame, *expect: Any, **changed: Any) -> Report:
    terms: dict[str, Any] = {"on": ["search", "item"], "query": "search", "problem": "ranking", "as_of": NOW} | changed
    return evaluate_model(made(predictions), told(labels), expect=expect, **terms)


def check(report: Report, name: str, segment: str | None = None) -> CheckResult:
    (found,) = [one for one in report.results if (one.check, one.segment) == (name, segment)]
    return found


def test_a_floor_is_judged_by_queries() -> None:
    predictions, labels = searches()
    found = check(judged(predictions, labels, AtLeast("ndcg@3", 0.7)), "ndcg@3")
    shape = (200, ITEMS)
    truth, score = labels["label"].to_numpy().reshape(shape), predictions["score"].to_numpy().reshape(shape)
    assert found.value == pytest.approx(ndcg_score(truth[truth.any(axis=1)], score[truth.any(axis=1)], k=3))
    assert found.n_current == truth.any(axis=1).sum()
    assert found.status is Status.PASS
    assert found.message.endswith("from 189 queries is wholly within the limit")


def test_what_nobody_asked_for_is_told() -> None:
    report = judged(*searches(), AtLeast("mrr", 0.5))
    told_too = {one.check for one in report.results if one.metric in ("map", "ndcg")}
    assert told_too == {"map", "ndcg"}


@pytest.mark.parametrize(("skill", "status"), [(1.0, Status.PASS), (0.0, Status.WARN), (-1.0, Status.FAIL)])
def test_a_dummy_is_as_good_as_any_order(skill: float, status: Status) -> None:
    found = check(judged(*searches(skill=skill), BetterThanDummy("ndcg")), "ndcg")
    assert found.status is status


def test_a_ranking_may_fall_from_one_window_to_the_next() -> None:
    (before, known), (after, later) = searches(seed=1, skill=2.0), searches(seed=2, skill=0.0)
    after, later = (frame.assign(search=frame["search"] + 200) for frame in (after, later))
    after["at"] += timedelta(hours=200)
    later["arrived_at"] += timedelta(hours=200)
    window = START + timedelta(hours=200), START + timedelta(hours=400)
    rows = pd.concat([before, after]), pd.concat([known, later])
    assert check(judged(*rows, NoWorseThanPrevious("map", 0.05), window=window), "map").status is Status.FAIL


def test_segments_are_of_queries() -> None:
    predictions, labels = searches()
    report = judged(predictions, labels, AtLeast("recall@2", 0.4), segments=["country"])
    of_country = predictions["country"].to_numpy() == "NL"
    alone = judged(predictions[of_country], labels[of_country], AtLeast("recall@2", 0.4))
    found = check(report, "recall@2", "country=NL")
    assert (found.value, found.n_current) == (check(alone, "recall@2").value, check(alone, "recall@2").n_current)


def test_weights_and_clusters_are_of_queries() -> None:
    predictions, labels = searches()
    predictions["user"] = predictions["search"] // 4
    found = check(judged(predictions, labels, AtLeast("map", 0.5), weight="weight", cluster="user"), "map")
    assert found.detail["interval_method"].endswith("weighted, stretched for 50 clusters")
    assert found.value != check(judged(predictions, labels, AtLeast("map", 0.5)), "map").value


def test_a_label_that_is_missing_leaves_its_query_open() -> None:
    predictions, labels = searches()
    found = check(judged(predictions, labels[labels.index != 7], AtLeast("mrr", 0.5)), "mrr")
    assert found.status is Status.INSUFFICIENT
    assert "1 of 1,000 labels are missing, and mrr has no worst case" in found.message
    enough = judged(predictions, labels[labels.index != 7], AtLeast("mrr", 0.5), min_completeness=0.99)
    assert (check(enough, "mrr").status, check(enough, "mrr").n_current) == (Status.PASS, 188)


def test_what_cannot_be_ranked_is_said() -> None:
    predictions, labels = searches()
    predictions["search"] = predictions["search"].astype(float)
    predictions.loc[0, "score"] = np.inf
    labels["search"] = labels["search"].astype(float)
    labels["label"] = labels["label"].astype(float)
    labels.loc[10, "label"] = -1.0
    report = judged(predictions, labels, AtLeast("mrr", 0.5))
    assert "1 with score infinite" in check(report, "invalid_predictions").message
    assert "below zero" in check(report, "invalid_labels").message


def compared(predictions: pd.DataFrame, labels: pd.DataFrame, **changed: Any) -> CheckResult:
    """Return the check of a challenger that ranks twice as well."""
    better = predictions.assign(score=2 * labels["label"] + np.random.default_rng(4).standard_normal(len(labels)))
    terms = {"on": ["search", "item"], "query": "search", "problem": "ranking", "metric": "ndcg", "as_of": NOW}
    return check(compare_models(made(predictions), made(better), told(labels), **terms | changed), "ndcg")


def test_two_models_are_compared_by_queries() -> None:
    found = compared(*searches())
    assert found.status is Status.PASS
    assert found.n_current == 189
    assert "189 queries" in found.message


@pytest.mark.parametrize("cluster", [None, "country"])
def test_models_are_not_compared_by_queries_without_a_relevant_row(cluster: str | None) -> None:
    predictions, labels = searches()
    found = compared(predictions, labels.assign(label=0), cluster=cluster)
    assert found.status is Status.INSUFFICIENT
    assert found.message == "no query has a relevant row"


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"query": None}, "a ranking needs query="),
        ({"score": None}, "a ranking needs query="),
        ({"find_segments": FindSegments(columns=["country"])}, "find_segments= needs a loss of each row"),
    ],
)
def test_what_cannot_go_together_is_refused(changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        judged(*searches(20), AtLeast("ndcg", 0.5), **changed)


def test_a_query_is_of_one_cluster() -> None:
    with pytest.raises(DataError, match="cluster='item' differs within queries"):
        judged(*searches(20), AtLeast("ndcg", 0.5), cluster="item")
