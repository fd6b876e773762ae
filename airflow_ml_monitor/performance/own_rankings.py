"""Metrics of rankings of the user's own: a function of the labels and scores of a query, and its mean over queries."""

from __future__ import annotations

import numpy as np

from airflow_ml_monitor.performance.answers import Answers, Problem
from airflow_ml_monitor.performance.intervals.means import student
from airflow_ml_monitor.performance.metrics.losses import mean_influence, score_of
from airflow_ml_monitor.performance.metrics.queries import NO_QUERY, compare_queries, of_queries
from airflow_ml_monitor.performance.metrics.rankings import Rankings
from airflow_ml_monitor.performance.own_functions import Function, called
from airflow_ml_monitor.performance.registry import Better, Estimate, Metric


def own_ranking(name: str, function: Function, better: Better) -> Metric:
    """Return the mean over queries of a function of the labels and scores of one; where it refuses one, it is left out.

    Queries without a relevant row do not count, as for the package's own metrics of rankings.
    """

    def units(answers: Answers) -> Answers:
        rankings = Rankings.of(answers)
        queries = np.split(rankings.order, rankings.starts[1:])
        labels, scores = answers.y, score_of(answers)
        values = np.array([called(function, name, labels[rows], scores[rows]) for rows in queries])
        found = of_queries(rankings, answers, np.where(rankings.relevant > 0, values, np.nan))
        return found.take(~np.isnan(found.y))

    return Metric(
        name,
        Problem.RANKING,
        better,
        "score",
        _mean,
        compare_queries,
        rows=True,
        influence=mean_influence(lambda answers: answers.y),
        units=units,
    )


def _mean(answers: Answers, confidence: float) -> Estimate:
    if not len(answers):
        return Estimate(None, None, 0, reason=NO_QUERY)
    return Estimate(float(answers.y.mean()), student(answers.y, confidence), len(answers), "t over queries")
