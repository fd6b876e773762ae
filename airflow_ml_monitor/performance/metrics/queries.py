"""Metrics of rankings: each the mean over queries of how well the rows of one are ordered.

Of a query without a relevant row no order is better than another, so it does not count; one with fewer rows than ``k``
is as if it were filled up with rows that are not relevant. Queries are what is independent: intervals are of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance.answers import Answers, Numbers, Problem
from airflow_ml_monitor.performance.intervals.design import half_width
from airflow_ml_monitor.performance.intervals.proportions import effective_wilson, normal_quantile
from airflow_ml_monitor.performance.metrics.losses import mean_influence, paired
from airflow_ml_monitor.performance.metrics.rankings import Rankings, none_chosen
from airflow_ml_monitor.performance.registry import Difference, Estimate, Metric, register, register_family

NO_QUERY = "no query has a relevant row"
Measure = Callable[[Rankings, Answers], Numbers]
"""From rankings and their rows to a value of each query, shape (queries,)."""


def ranking_metric(name: str, measure: Measure) -> Metric:
    """Return the mean over queries of a measure between 0 and 1; higher is better."""

    def units(answers: Answers) -> Answers:
        rankings = Rankings.of(answers)
        return of_queries(rankings, answers, measure(rankings, answers))

    return Metric(
        name,
        Problem.RANKING,
        "higher",
        "score",
        mean_of_queries,
        compare_queries,
        influence=mean_influence(_values),
        scale="share",
        units=units,
    )


def of_queries(rankings: Rankings, answers: Answers, values: Numbers) -> Answers:
    """Return the queries with a relevant row as rows of their own, with what each is worth as ``y``.

    A query weighs the mean of its rows, and belongs where its first row does.
    """
    first, counts = rankings.order[rankings.starts], rankings.relevant > 0
    weight = None
    if answers.weight is not None:
        rows = np.diff(rankings.starts, append=len(rankings.order))
        weight = (rankings.over_queries(answers.weight[rankings.order]) / rows)[counts]
    cluster = None if answers.cluster is None else answers.cluster[first][counts]
    return replace(answers, y=values[counts], score=None, query=None, cluster=cluster, weight=weight)


def mean_of_queries(answers: Answers, confidence: float) -> Estimate:
    """Return the mean over queries; its interval is Wilson's of as many trials as its own error stands for.

    Where few queries make most of the variance, as where nearly all are ordered perfectly, the error is known as badly
    as from so few: without that it covers 0.76 of an nDCG of 0.993 by 100 queries, with it 0.92.
    """
    values, n = answers.y, len(answers)
    if n == 0:
        return Estimate(None, None, 0, reason=NO_QUERY)
    value = float(values.mean())
    if n == 1:
        return Estimate(value, None, 1, reason="one query does not tell how far others differ")
    error = half_width((values - value) / n, confidence) / normal_quantile(confidence)
    interval = effective_wilson(value, error**2, math.inf if error else n, confidence)
    return Estimate(value, interval, n, "Wilson over queries, effective sample size")


def compare_queries(champion: Answers, challenger: Answers, confidence: float) -> Difference:
    if not len(champion):
        return Difference(None, None, None, 0, reason=NO_QUERY)
    return paired(challenger.y - champion.y, confidence)


def _values(answers: Answers) -> Numbers:
    return answers.y


def ndcg(k: float = math.inf) -> Measure:
    """The discounted gain of the first k rows over that of the best order (Jarvelin and Kekalainen 2002).

    The gain of a row is its label, the discount of a place ``log2(place + 1)``, as in scikit-learn's ``ndcg_score``.
    """

    def measure(rankings: Rankings, answers: Answers) -> Numbers:
        discount = np.where(rankings.place < k, 1 / np.log2(rankings.place + 2.0), 0.0)
        gained = rankings.over_queries(rankings.by_row(rankings.ties.gain) * discount)
        assert answers.query is not None, "rankings have one"
        best = answers.y[np.lexsort((-answers.y, answers.query))]
        return _over(gained, rankings.over_queries(best * discount))

    return measure


def average_precision(rankings: Rankings, _answers: Answers) -> Numbers:
    """The mean, over the relevant rows, of the share of relevant ones down to each."""
    ties = rankings.ties
    others = (ties.relevant - 1) / np.maximum(ties.rows - 1, 1.0)  # of the rows before it in its tie, relevant ones
    hits = rankings.by_row(ties.relevant_before + 1) + (rankings.within - 1) * rankings.by_row(others)
    return _over(rankings.over_queries(rankings.share * hits / (rankings.place + 1.0)), rankings.relevant)


def reciprocal_rank(rankings: Rankings, _answers: Answers) -> Numbers:
    """One over the place of the first relevant row."""
    ties = rankings.ties
    first = rankings.by_row(((ties.relevant > 0) & (ties.relevant_before == 0)).astype(float)) > 0
    rows, relevant = (rankings.by_row(each)[first] for each in (ties.rows, ties.relevant))
    before = rankings.within[first] - 1
    here = none_chosen(rows, relevant, before) * relevant / np.maximum(rows - before, 1.0)
    found = np.zeros(len(first))
    found[first] = here / (rankings.place[first] + 1.0)
    return rankings.over_queries(found)


def hit_rate(k: float) -> Measure:
    """Whether a relevant row is among the first k."""

    def measure(rankings: Rankings, _answers: Answers) -> Numbers:
        ties = rankings.ties
        chosen = np.clip(k - ties.before, 0.0, ties.rows)
        missed: Numbers = np.multiply.reduceat(none_chosen(ties.rows, ties.relevant, chosen), rankings.first)
        return 1 - missed

    return measure


def precision(k: float) -> Measure:
    """The share of the first k rows that is relevant."""
    return lambda rankings, _answers: _hits(rankings, k) / k


def recall(k: float) -> Measure:
    """The share of the relevant rows that is among the first k."""
    return lambda rankings, _answers: _over(_hits(rankings, k), rankings.relevant)


def _hits(rankings: Rankings, k: float) -> Numbers:
    return rankings.over_queries(np.where(rankings.place < k, rankings.share, 0.0))


def _over(above: Numbers, below: Numbers) -> Numbers:
    return np.divide(above, below, out=np.zeros(len(above)), where=below > 0)


def _at(prefix: str, measure: Callable[[float], Measure]) -> Callable[..., Metric]:
    """Return what makes a metric of the first k rows."""

    def made(*numbers: float) -> Metric:
        said = ",".join(f"{number:g}" for number in numbers)
        if len(numbers) != 1 or numbers[0] < 1 or not numbers[0].is_integer():
            raise ConfigurationError(f"{prefix}{said}: k is a number of rows, 1 or more, as in {prefix}10")
        return ranking_metric(f"{prefix}{said}", measure(numbers[0]))

    return made


register(ranking_metric("ndcg", ndcg()))
register(ranking_metric("map", average_precision))
register(ranking_metric("mrr", reciprocal_rank))
for _prefix, _measure in (("ndcg@", ndcg), ("hit_rate@", hit_rate), ("precision@", precision), ("recall@", recall)):
    register_family(Problem.RANKING, _prefix, _at(_prefix, _measure))
